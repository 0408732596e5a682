namespace UserRing.Abi;

/// <summary>Bits of <c>install_fd_flags</c> (FIXED_FD_INSTALL).</summary>
[Flags]
public enum InstallFdFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_FIXED_FD_NO_CLOEXEC</c> (6.8): the new fd does not get close-on-exec.</summary>
    NoCloexec = 0x1,
}
