namespace UserRing.Abi;

/// <summary>Values with a meaning of their own where a slot or a descriptor is expected.</summary>
public static class FileSlots
{
    /// <summary><c>IORING_FILE_INDEX_ALLOC</c> (5.19): file_index value: let the kernel pick a free slot.</summary>
    public const uint Alloc = 0xFFFF_FFFF;

    /// <summary><c>IORING_REGISTER_FILES_SKIP</c> (5.12): fd value in file updates: leave that slot alone.</summary>
    public const int Skip = -2;
}
