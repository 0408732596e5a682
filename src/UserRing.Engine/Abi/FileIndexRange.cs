using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>
/// <c>io_uring_file_index_range</c> (6.0): argument of REGISTER_FILE_ALLOC_RANGE: the slots FILE_INDEX_ALLOC may pick from.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileIndexRange
{
    /// <summary><c>off</c>: first slot.</summary>
    public uint Off;

    /// <summary><c>len</c>: how many.</summary>
    public uint Len;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public ulong Resv;
}
