namespace UserRing.Abi;

/// <summary>Which part of a ring an mmap of its descriptor gives, chosen by the offset.</summary>
public static class MmapOffsets
{
    /// <summary><c>IORING_OFF_SQ_RING</c> (5.1): the SQ ring, and with SINGLE_MMAP the CQ ring too.</summary>
    public const ulong SqRing = 0;

    /// <summary><c>IORING_OFF_CQ_RING</c> (5.1): the CQ ring; since 5.4 the same memory as the SQ ring.</summary>
    public const ulong CqRing = 0x0800_0000;

    /// <summary><c>IORING_OFF_SQES</c> (5.1): the SQEs.</summary>
    public const ulong Sqes = 0x1000_0000;

    /// <summary>
    /// <c>IORING_OFF_PBUF_RING</c> (6.4): a buffer ring the kernel allocated; its group id is added, shifted by <see cref="PbufShift"/>.
    /// </summary>
    public const ulong PbufRing = 0x8000_0000;

    /// <summary><c>IORING_OFF_PBUF_SHIFT</c> (6.4): shift for the group id.</summary>
    public const int PbufShift = 16;

    /// <summary><c>IORING_OFF_MMAP_MASK</c> (6.4): bits of the offset that choose the region.</summary>
    public const ulong Mask = 0xF800_0000;

    /// <summary>A MEM_REGION the kernel allocated (6.13; the kernel keeps its name to itself).</summary>
    public const ulong ParamRegion = 0x2000_0000;

    /// <summary>A zero-copy receive refill queue (6.15; the kernel keeps its name to itself).</summary>
    public const ulong ZcrxRegion = 0x3000_0000;
}
