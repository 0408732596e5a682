namespace UserRing.Abi;

/// <summary>The bounds of Linux 6.18. Programs rely on some of them, so both engines keep them.</summary>
public static class RingLimits
{
    /// <summary><c>IORING_MAX_ENTRIES</c>: slots of an SQ; 4096 before 5.4.</summary>
    public const uint MaxEntries = 32768;

    /// <summary><c>IORING_MAX_CQ_ENTRIES</c>: slots of a CQ.</summary>
    public const uint MaxCqEntries = 65536;

    /// <summary><c>IORING_MAX_REG_BUFFERS</c>: slots of a buffer table; 1024 before 5.14.</summary>
    public const int MaxRegisteredBuffers = 16384;

    /// <summary>Bytes of one registered buffer.</summary>
    public const long MaxRegisteredBufferBytes = 1L << 30;

    /// <summary>Slots of a file table, where RLIMIT_NOFILE allows as many.</summary>
    public const int MaxFixedFiles = 1 << 20;

    /// <summary>Iovecs of one request (<c>UIO_MAXIOV</c>).</summary>
    public const int MaxIovecs = 1024;

    /// <summary>Bytes of one read or write (<c>MAX_RW_COUNT</c>); more is cut, not refused.</summary>
    public const int MaxTransferBytes = 0x7FFF_F000;

    /// <summary>Entries of a probe.</summary>
    public const int MaxProbeOps = 256;

    /// <summary>Entries of a buffer ring.</summary>
    public const int MaxBufRingEntries = 32768;

    /// <summary>Buffers one PROVIDE_BUFFERS or REMOVE_BUFFERS handles; 65535 before 6.7.</summary>
    public const int MaxProvidedBuffers = 65536;

    /// <summary>Highest buffer group id.</summary>
    public const int MaxBufferGroup = 65535;

    /// <summary>Highest buffer id.</summary>
    public const int MaxBufferId = 65535;

    /// <summary>Highest personality id; the lowest is 1.</summary>
    public const int MaxPersonality = 65535;

    /// <summary>Ring descriptors a task can register.</summary>
    public const int MaxRegisteredRings = 16;

    /// <summary>Futexes of one FUTEX_WAITV.</summary>
    public const int MaxFutexes = 128;

    /// <summary>A worker count of IOWQ_MAX_WORKERS.</summary>
    public const int MaxWorkers = int.MaxValue;

    /// <summary>Entries of a restriction list: 4 + 36 register operations + 63 opcodes.</summary>
    public const int MaxRestrictions = 103;

    /// <summary>Bytes of one entry of a wait region.</summary>
    public const int RegWaitBytes = 64;

    /// <summary>Bytes of a signal mask given to enter.</summary>
    public const int SignalMaskBytes = 8;

    /// <summary>What an sq_thread_idle of 0 means, in milliseconds.</summary>
    public const uint DefaultSqThreadIdleMs = 1000;
}
