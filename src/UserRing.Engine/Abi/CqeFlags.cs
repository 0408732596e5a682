namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_cqe.flags</c>. The upper half is no flag: it carries a buffer id, see <see cref="CqeBits"/>.</summary>
[Flags]
public enum CqeFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_CQE_F_BUFFER</c> (5.7): a provided buffer was used; its id is in bits 16..31.</summary>
    Buffer = 0x1,

    /// <summary><c>IORING_CQE_F_MORE</c> (5.13): more CQEs will come for the same SQE.</summary>
    More = 0x2,

    /// <summary><c>IORING_CQE_F_SOCK_NONEMPTY</c> (5.19): socket still had data after this receive.</summary>
    SockNonEmpty = 0x4,

    /// <summary><c>IORING_CQE_F_NOTIF</c> (6.0): second CQE of a zero-copy send: the buffer is free now.</summary>
    Notif = 0x8,

    /// <summary><c>IORING_CQE_F_BUF_MORE</c> (6.12): buffer of an INC ring is only partly used and stays with the kernel.</summary>
    BufMore = 0x10,

    /// <summary><c>IORING_CQE_F_SKIP</c> (6.18): filler in a CQE_MIXED ring; ignore it.</summary>
    Skip = 0x20,

    /// <summary><c>IORING_CQE_F_32</c> (6.18): this CQE takes 32 bytes (CQE_MIXED ring).</summary>
    Cqe32 = 0x8000,

    /// <summary><c>IORING_CQE_F_TSTAMP_HW</c> (6.17): TX_TIMESTAMP command: the stamp came from hardware.</summary>
    TstampHw = 0x10000,
}

/// <summary>Places in a completion that are no flags.</summary>
public static class CqeBits
{
    /// <summary><c>IORING_CQE_BUFFER_SHIFT</c> (5.7): shift that gives the buffer id.</summary>
    public const int BufferShift = 16;

    /// <summary><c>IORING_TIMESTAMP_HW_SHIFT</c> (6.17): bit number of <see cref="CqeFlags.TstampHw"/>.</summary>
    public const int TimestampHwShift = 16;

    /// <summary><c>IORING_TIMESTAMP_TYPE_SHIFT</c> (6.17): shift that gives the timestamp type.</summary>
    public const int TimestampTypeShift = 17;

    /// <summary>
    /// <c>IORING_NOTIF_USAGE_ZC_COPIED</c> (6.2): in res of a <see cref="CqeFlags.Notif"/> completion: data was copied after all.
    /// </summary>
    public const uint NotifUsageZcCopied = 0x8000_0000;
}
