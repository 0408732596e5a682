using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_params</c> (5.1): what the application asks of <c>io_uring_setup</c>, and where the call answers.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RingParams
{
    /// <summary><c>sq_entries</c>: out: slots of the SQ.</summary>
    public uint SqEntries;

    /// <summary><c>cq_entries</c>: slots of the CQ; in with CQSIZE, out always.</summary>
    public uint CqEntries;

    /// <summary><c>flags</c>: what kind of ring.</summary>
    public SetupFlags Flags;

    /// <summary><c>sq_thread_cpu</c>: CPU of the polling thread (SQ_AFF).</summary>
    public uint SqThreadCpu;

    /// <summary><c>sq_thread_idle</c>: milliseconds without work until the polling thread sleeps; 0 means 1000.</summary>
    public uint SqThreadIdle;

    /// <summary><c>features</c>: out: what the engine promises.</summary>
    public RingFeatures Features;

    /// <summary><c>wq_fd</c>: ring to share workers with (ATTACH_WQ).</summary>
    public uint WqFd;

    /// <summary><c>resv[0]</c>: reserved, zero.</summary>
    public uint Resv0;

    /// <summary><c>resv[1]</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>resv[2]</c>: reserved, zero.</summary>
    public uint Resv2;

    /// <summary><c>sq_off</c>: out: layout of the SQ ring.</summary>
    public SqRingOffsets SqOff;

    /// <summary><c>cq_off</c>: out: layout of the CQ ring.</summary>
    public CqRingOffsets CqOff;
}

/// <summary><c>io_sqring_offsets</c> (5.1): byte offsets into the mapping of the SQ ring.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SqRingOffsets
{
    /// <summary><c>head</c>: consumer index.</summary>
    public uint Head;

    /// <summary><c>tail</c>: producer index.</summary>
    public uint Tail;

    /// <summary><c>ring_mask</c>: mask that turns an index into a slot.</summary>
    public uint RingMask;

    /// <summary><c>ring_entries</c>: number of slots.</summary>
    public uint RingEntries;

    /// <summary><c>flags</c>: <see cref="SqRingFlags"/>.</summary>
    public uint Flags;

    /// <summary><c>dropped</c>: count of invalid array entries.</summary>
    public uint Dropped;

    /// <summary><c>array</c>: slot numbers; absent with NO_SQARRAY.</summary>
    public uint Array;

    /// <summary><c>resv1</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>user_addr</c>: in with NO_MMAP: where the application keeps the SQEs.</summary>
    public ulong UserAddr;
}

/// <summary><c>io_cqring_offsets</c> (5.1): byte offsets into the mapping of the CQ ring.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CqRingOffsets
{
    /// <summary><c>head</c>: consumer index.</summary>
    public uint Head;

    /// <summary><c>tail</c>: producer index.</summary>
    public uint Tail;

    /// <summary><c>ring_mask</c>: mask that turns an index into a slot.</summary>
    public uint RingMask;

    /// <summary><c>ring_entries</c>: number of slots.</summary>
    public uint RingEntries;

    /// <summary><c>overflow</c>: count of lost completions.</summary>
    public uint Overflow;

    /// <summary><c>cqes</c>: the completions.</summary>
    public uint Cqes;

    /// <summary><c>flags</c>: <see cref="CqRingFlags"/>.</summary>
    public uint Flags;

    /// <summary><c>resv1</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>user_addr</c>: in with NO_MMAP: where the application keeps both rings.</summary>
    public ulong UserAddr;
}
