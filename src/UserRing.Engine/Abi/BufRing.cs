using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_buf_reg.flags</c>.</summary>
[Flags]
public enum PbufRingFlags : ushort
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IOU_PBUF_RING_MMAP</c> (6.4): kernel allocates the ring, application maps it.</summary>
    Mmap = 0x1,

    /// <summary><c>IOU_PBUF_RING_INC</c> (6.12): buffers are used up piece by piece.</summary>
    Inc = 0x2,
}

/// <summary><c>io_uring_buf</c> (5.19): one buffer offered through a buffer ring.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Buf
{
    /// <summary><c>addr</c>: where it is.</summary>
    public ulong Addr;

    /// <summary><c>len</c>: its bytes.</summary>
    public uint Len;

    /// <summary><c>bid</c>: its id, told in the CQE that used it.</summary>
    public ushort Bid;

    /// <summary><c>resv</c>: reserved, but in the first entry the tail of the ring lies here.</summary>
    public ushort Resv;
}

/// <summary><c>io_uring_buf_ring</c> (5.19): a buffer ring: entries of <see cref="Buf"/> whose first one also holds the tail.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct BufRing
{
    /// <summary><c>resv1</c>: reserved, zero.</summary>
    [FieldOffset(0)]
    public ulong Resv1;

    /// <summary><c>resv2</c>: reserved, zero.</summary>
    [FieldOffset(8)]
    public uint Resv2;

    /// <summary><c>resv3</c>: reserved, zero.</summary>
    [FieldOffset(12)]
    public ushort Resv3;

    /// <summary><c>tail</c>: producer index, written by the application.</summary>
    [FieldOffset(14)]
    public ushort Tail;

    /// <summary>Where <c>bufs</c> begins.</summary>
    public const int BufsOffset = 0;
}

/// <summary><c>io_uring_buf_reg</c> (5.19): argument of REGISTER_PBUF_RING.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufReg
{
    /// <summary><c>ring_addr</c>: address of the ring memory.</summary>
    public ulong RingAddr;

    /// <summary><c>ring_entries</c>: number of entries, a power of two.</summary>
    public uint RingEntries;

    /// <summary><c>bgid</c>: group id.</summary>
    public ushort Bgid;

    /// <summary><c>flags</c>: who allocates, how buffers are used up.</summary>
    public PbufRingFlags Flags;

    /// <summary><c>min_left</c>: INC rings: bytes below which a buffer counts as used up.</summary>
    public uint MinLeft;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public Uints5 Resv;
}

/// <summary><c>io_uring_buf_status</c> (6.8): argument of REGISTER_PBUF_STATUS.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BufStatus
{
    /// <summary><c>buf_group</c>: in: group id.</summary>
    public uint BufGroup;

    /// <summary><c>head</c>: out: consumer index of its ring.</summary>
    public uint Head;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public Uints8 Resv;
}
