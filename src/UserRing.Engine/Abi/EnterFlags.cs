namespace UserRing.Abi;

/// <summary>Bits of the <c>flags</c> argument of <c>io_uring_enter</c>.</summary>
[Flags]
public enum EnterFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary>
    /// <c>IORING_ENTER_GETEVENTS</c> (5.1): wait for min_complete CQEs, run deferred work and flush the overflow backlog.
    /// </summary>
    GetEvents = 0x1,

    /// <summary><c>IORING_ENTER_SQ_WAKEUP</c> (5.1): wake the SQPOLL thread; no effect on other rings.</summary>
    SqWakeup = 0x2,

    /// <summary><c>IORING_ENTER_SQ_WAIT</c> (5.10): SQPOLL: wait until the SQ has room; no effect on other rings.</summary>
    SqWait = 0x4,

    /// <summary>
    /// <c>IORING_ENTER_EXT_ARG</c> (5.11): arg is io_uring_getevents_arg (24 bytes); only read together with GETEVENTS.
    /// </summary>
    ExtArg = 0x8,

    /// <summary><c>IORING_ENTER_REGISTERED_RING</c> (5.18): fd is an index made by RING_FDS, valid for the calling thread only.</summary>
    RegisteredRing = 0x10,

    /// <summary><c>IORING_ENTER_ABS_TIMER</c> (6.12): the EXT_ARG timeout is an absolute time of the registered clock.</summary>
    AbsTimer = 0x20,

    /// <summary>
    /// <c>IORING_ENTER_EXT_ARG_REG</c> (6.13): with EXT_ARG: arg is a byte offset into the registered wait region, argsz 64.
    /// </summary>
    ExtArgReg = 0x40,

    /// <summary><c>IORING_ENTER_NO_IOWAIT</c> (6.15): do not count the waiting task as waiting for I/O.</summary>
    NoIowait = 0x80,
}
