using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_rsrc_register.flags</c>.</summary>
[Flags]
public enum RsrcRegisterFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_RSRC_REGISTER_SPARSE</c> (5.19): make an empty table; data must be 0.</summary>
    Sparse = 0x1,
}

/// <summary><c>io_uring_files_update</c> (5.5): the older name of <see cref="RsrcUpdate"/>, for files only.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FilesUpdate
{
    /// <summary><c>offset</c>: first slot.</summary>
    public uint Offset;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public uint Resv;

    /// <summary><c>fds</c>: address of the descriptors.</summary>
    public ulong Fds;
}

/// <summary><c>io_uring_rsrc_register</c> (5.13): argument of REGISTER_FILES2 and REGISTER_BUFFERS2.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RsrcRegister
{
    /// <summary><c>nr</c>: number of slots.</summary>
    public uint Nr;

    /// <summary><c>flags</c>: how to make the table.</summary>
    public RsrcRegisterFlags Flags;

    /// <summary><c>resv2</c>: reserved, zero.</summary>
    public ulong Resv2;

    /// <summary><c>data</c>: address of the descriptors or iovecs.</summary>
    public ulong Data;

    /// <summary>
    /// <c>tags</c>: address of one tag for each slot, or 0; a tag that is not 0 is posted as a CQE when its slot is free again.
    /// </summary>
    public ulong Tags;
}

/// <summary><c>io_uring_rsrc_update</c> (5.13): argument of REGISTER_FILES_UPDATE and of the RING_FDS pair.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RsrcUpdate
{
    /// <summary><c>offset</c>: first slot.</summary>
    public uint Offset;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public uint Resv;

    /// <summary><c>data</c>: address of the descriptors; for RING_FDS the descriptor itself.</summary>
    public ulong Data;
}

/// <summary><c>io_uring_rsrc_update2</c> (5.13): argument of REGISTER_FILES_UPDATE2 and REGISTER_BUFFERS_UPDATE.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RsrcUpdate2
{
    /// <summary><c>offset</c>: first slot.</summary>
    public uint Offset;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public uint Resv;

    /// <summary><c>data</c>: address of the new descriptors or iovecs.</summary>
    public ulong Data;

    /// <summary><c>tags</c>: address of the new tags, or 0.</summary>
    public ulong Tags;

    /// <summary><c>nr</c>: number of slots.</summary>
    public uint Nr;

    /// <summary><c>resv2</c>: reserved, zero.</summary>
    public uint Resv2;
}
