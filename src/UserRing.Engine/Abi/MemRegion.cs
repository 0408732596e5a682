using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_region_desc.flags</c>.</summary>
[Flags]
public enum RegionDescFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_MEM_REGION_TYPE_USER</c> (6.13): region lies at user_addr.</summary>
    TypeUser = 0x1,
}

/// <summary>Bits of <c>io_uring_mem_region_reg.flags</c>.</summary>
[Flags]
public enum MemRegionFlags : ulong
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_MEM_REGION_REG_WAIT_ARG</c> (6.13): region holds wait arguments; only while the ring is disabled.</summary>
    RegWaitArg = 0x1,
}

/// <summary><c>io_uring_region_desc</c> (6.13): memory shared between application and engine.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RegionDesc
{
    /// <summary><c>user_addr</c>: where the application has it (TYPE_USER).</summary>
    public ulong UserAddr;

    /// <summary><c>size</c>: bytes, whole pages.</summary>
    public ulong Size;

    /// <summary><c>flags</c>: who owns the memory.</summary>
    public RegionDescFlags Flags;

    /// <summary><c>id</c>: reserved for an id; zero.</summary>
    public uint Id;

    /// <summary><c>mmap_offset</c>: out: where to map memory the kernel allocated.</summary>
    public ulong MmapOffset;

    /// <summary><c>__resv</c>: reserved, zero.</summary>
    public Ulongs4 Resv;
}

/// <summary><c>io_uring_mem_region_reg</c> (6.13): argument of REGISTER_MEM_REGION.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemRegionReg
{
    /// <summary><c>region_uptr</c>: address of an <c>io_uring_region_desc</c>.</summary>
    public ulong RegionUptr;

    /// <summary><c>flags</c>: what the region is for.</summary>
    public MemRegionFlags Flags;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    public ulong Resv0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    public ulong Resv1;
}
