namespace UserRing.Abi;

/// <summary>The bit of <c>splice_flags</c> that only io_uring has; the others are those of splice(2).</summary>
[Flags]
public enum SpliceFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>SPLICE_F_FD_IN_FIXED</c> (5.7): splice_fd_in is a fixed file slot.</summary>
    FdInFixed = 0x80000000,
}
