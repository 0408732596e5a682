namespace UserRing.Abi;

/// <summary>Bits of <c>fsync_flags</c>.</summary>
[Flags]
public enum FsyncFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_FSYNC_DATASYNC</c> (5.1): data only, like fdatasync.</summary>
    DataSync = 0x1,
}
