namespace UserRing.Abi;

/// <summary>The <c>flags</c> word of the SQ ring: written by the engine, read by the application before it decides to enter.</summary>
[Flags]
public enum SqRingFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_SQ_NEED_WAKEUP</c> (5.1): SQPOLL thread sleeps; call enter with SQ_WAKEUP.</summary>
    NeedWakeup = 0x1,

    /// <summary><c>IORING_SQ_CQ_OVERFLOW</c> (5.8): CQEs wait in the backlog; call enter with GETEVENTS.</summary>
    CqOverflow = 0x2,

    /// <summary><c>IORING_SQ_TASKRUN</c> (5.19): completion work waits (TASKRUN_FLAG rings); call enter with GETEVENTS.</summary>
    Taskrun = 0x4,
}
