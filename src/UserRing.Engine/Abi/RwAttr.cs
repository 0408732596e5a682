using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>attr_type_mask</c>: what <c>attr_ptr</c> of a read or write points to.</summary>
[Flags]
public enum RwAttrFlags : ulong
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_RW_ATTR_FLAG_PI</c> (6.14): attr_ptr points to io_uring_attr_pi.</summary>
    Pi = 0x1,
}

/// <summary>
/// <c>io_uring_attr_pi</c> (6.14): protection information of a read or write, where <c>attr_ptr</c> points with <see
/// cref="RwAttrFlags.Pi"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct AttrPi
{
    /// <summary><c>flags</c>: what to check.</summary>
    public ushort Flags;

    /// <summary><c>app_tag</c>: application tag.</summary>
    public ushort AppTag;

    /// <summary><c>len</c>: bytes of protection information.</summary>
    public uint Len;

    /// <summary><c>addr</c>: where they are.</summary>
    public ulong Addr;

    /// <summary><c>seed</c>: start of the reference tag.</summary>
    public ulong Seed;

    /// <summary><c>rsvd</c>: reserved, zero.</summary>
    public ulong Rsvd;
}
