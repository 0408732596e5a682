namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_params.features</c>: what the engine promises for this ring.</summary>
[Flags]
public enum RingFeatures : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_FEAT_SINGLE_MMAP</c> (5.4): one mapping covers SQ and CQ ring; only the SQEs need a second.</summary>
    SingleMmap = 0x1,

    /// <summary><c>IORING_FEAT_NODROP</c> (5.5): CQEs that do not fit go to a backlog instead of being lost.</summary>
    NoDrop = 0x2,

    /// <summary><c>IORING_FEAT_SUBMIT_STABLE</c> (5.5): data an SQE points to may be reused once the SQE was taken.</summary>
    SubmitStable = 0x4,

    /// <summary><c>IORING_FEAT_RW_CUR_POS</c> (5.6): off = -1 means the current file position.</summary>
    RwCurPos = 0x8,

    /// <summary><c>IORING_FEAT_CUR_PERSONALITY</c> (5.6): requests run with the credentials of the submitting task.</summary>
    CurPersonality = 0x10,

    /// <summary><c>IORING_FEAT_FAST_POLL</c> (5.7): would-block requests are armed on poll instead of using a worker.</summary>
    FastPoll = 0x20,

    /// <summary><c>IORING_FEAT_POLL_32BITS</c> (5.9): POLL_ADD takes a 32-bit mask.</summary>
    Poll32Bits = 0x40,

    /// <summary><c>IORING_FEAT_SQPOLL_NONFIXED</c> (5.11): SQPOLL works with ordinary fds.</summary>
    SqPollNonFixed = 0x80,

    /// <summary><c>IORING_FEAT_EXT_ARG</c> (5.11): enter understands IORING_ENTER_EXT_ARG.</summary>
    ExtArg = 0x100,

    /// <summary><c>IORING_FEAT_NATIVE_WORKERS</c> (5.12): workers are threads of the submitting process.</summary>
    NativeWorkers = 0x200,

    /// <summary><c>IORING_FEAT_RSRC_TAGS</c> (5.13): tagged registration and buffer updates exist.</summary>
    RsrcTags = 0x400,

    /// <summary><c>IORING_FEAT_CQE_SKIP</c> (5.17): IOSQE_CQE_SKIP_SUCCESS exists.</summary>
    CqeSkip = 0x800,

    /// <summary><c>IORING_FEAT_LINKED_FILE</c> (5.18): the file of a linked SQE is looked up when it starts.</summary>
    LinkedFile = 0x1000,

    /// <summary><c>IORING_FEAT_REG_REG_RING</c> (6.3): register accepts USE_REGISTERED_RING.</summary>
    RegRegRing = 0x2000,

    /// <summary><c>IORING_FEAT_RECVSEND_BUNDLE</c> (6.10): bundled send/recv and provided buffers for send.</summary>
    RecvSendBundle = 0x4000,

    /// <summary><c>IORING_FEAT_MIN_TIMEOUT</c> (6.12): min_wait_usec in the EXT_ARG argument is used.</summary>
    MinTimeout = 0x8000,

    /// <summary><c>IORING_FEAT_RW_ATTR</c> (6.14): read/write accept attribute pointers (PI).</summary>
    RwAttr = 0x10000,

    /// <summary><c>IORING_FEAT_NO_IOWAIT</c> (6.15): IORING_ENTER_NO_IOWAIT exists.</summary>
    NoIowait = 0x20000,
}
