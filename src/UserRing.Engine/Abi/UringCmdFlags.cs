namespace UserRing.Abi;

/// <summary>Bits of <c>uring_cmd_flags</c>.</summary>
[Flags]
public enum UringCmdFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_URING_CMD_FIXED</c> (6.1): use registered buffer buf_index.</summary>
    Fixed = 0x1,

    /// <summary><c>IORING_URING_CMD_MULTISHOT</c> (6.18): multishot command; needs BUFFER_SELECT.</summary>
    Multishot = 0x2,

    /// <summary><c>IORING_URING_CMD_MASK</c> (6.1): the flags the header admits to; it leaves out <see cref="Multishot"/>.</summary>
    Mask = Fixed,
}
