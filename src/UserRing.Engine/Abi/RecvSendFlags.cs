namespace UserRing.Abi;

/// <summary>Bits that sends and receives take in <c>ioprio</c>.</summary>
[Flags]
public enum RecvSendFlags : ushort
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_RECVSEND_POLL_FIRST</c> (5.19): arm poll before the first attempt.</summary>
    PollFirst = 0x1,

    /// <summary><c>IORING_RECV_MULTISHOT</c> (6.0): keep receiving; needs BUFFER_SELECT.</summary>
    Multishot = 0x2,

    /// <summary><c>IORING_RECVSEND_FIXED_BUF</c> (6.0): use registered buffer buf_index (zero-copy sends).</summary>
    FixedBuf = 0x4,

    /// <summary><c>IORING_SEND_ZC_REPORT_USAGE</c> (6.2): the F_NOTIF CQE tells whether data was copied.</summary>
    ReportUsage = 0x8,

    /// <summary><c>IORING_RECVSEND_BUNDLE</c> (6.10): use several provided buffers in one go.</summary>
    Bundle = 0x10,

    /// <summary><c>IORING_SEND_VECTORIZED</c> (6.17): addr is an iovec array, len its count.</summary>
    Vectorized = 0x20,
}
