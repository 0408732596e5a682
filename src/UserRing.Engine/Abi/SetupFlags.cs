namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_params.flags</c>: what kind of ring <c>io_uring_setup</c> makes.</summary>
[Flags]
public enum SetupFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary>
    /// <c>IORING_SETUP_IOPOLL</c> (5.1): completions are found by polling the device in enter; only some opcodes allowed.
    /// </summary>
    IoPoll = 0x1,

    /// <summary>
    /// <c>IORING_SETUP_SQPOLL</c> (5.1): a kernel thread takes SQEs; enter is only needed to wake it. Unprivileged since 5.13.
    /// </summary>
    SqPoll = 0x2,

    /// <summary><c>IORING_SETUP_SQ_AFF</c> (5.1): pin the SQPOLL thread to sq_thread_cpu; EINVAL without SQPOLL.</summary>
    SqAff = 0x4,

    /// <summary><c>IORING_SETUP_CQSIZE</c> (5.5): cq_entries chooses the CQ size (rounded up, must not end below the SQ size).</summary>
    CqSize = 0x8,

    /// <summary><c>IORING_SETUP_CLAMP</c> (5.6): too large sizes are lowered to the maximum instead of being refused.</summary>
    Clamp = 0x10,

    /// <summary><c>IORING_SETUP_ATTACH_WQ</c> (5.6): share worker pool (and SQPOLL thread) with the ring in wq_fd.</summary>
    AttachWq = 0x20,

    /// <summary><c>IORING_SETUP_R_DISABLED</c> (5.10): ring starts disabled; enter gives EBADFD until ENABLE_RINGS.</summary>
    RDisabled = 0x40,

    /// <summary><c>IORING_SETUP_SUBMIT_ALL</c> (5.18): keep taking SQEs after one fails in preparation.</summary>
    SubmitAll = 0x80,

    /// <summary><c>IORING_SETUP_COOP_TASKRUN</c> (5.19): no interrupt to run completion work; it runs at the next kernel entry.</summary>
    CoopTaskrun = 0x100,

    /// <summary>
    /// <c>IORING_SETUP_TASKRUN_FLAG</c> (5.19): SQ flag TASKRUN tells that work is waiting; needs COOP_ or DEFER_TASKRUN.
    /// </summary>
    TaskrunFlag = 0x200,

    /// <summary><c>IORING_SETUP_SQE128</c> (5.19): SQEs are 128 bytes apart.</summary>
    Sqe128 = 0x400,

    /// <summary><c>IORING_SETUP_CQE32</c> (5.19): CQEs are 32 bytes apart.</summary>
    Cqe32 = 0x800,

    /// <summary><c>IORING_SETUP_SINGLE_ISSUER</c> (6.0): only one task may submit or register; others get EEXIST.</summary>
    SingleIssuer = 0x1000,

    /// <summary>
    /// <c>IORING_SETUP_DEFER_TASKRUN</c> (6.1): completion work runs only in enter with GETEVENTS; needs SINGLE_ISSUER.
    /// </summary>
    DeferTaskrun = 0x2000,

    /// <summary><c>IORING_SETUP_NO_MMAP</c> (6.5): ring memory comes from the caller through the user_addr fields.</summary>
    NoMmap = 0x4000,

    /// <summary><c>IORING_SETUP_REGISTERED_FD_ONLY</c> (6.5): returns a registered ring index, no fd is made; needs NO_MMAP.</summary>
    RegisteredFdOnly = 0x8000,

    /// <summary><c>IORING_SETUP_NO_SQARRAY</c> (6.6): no index array: slot = tail &amp; mask; sq_off.array is 0.</summary>
    NoSqArray = 0x10000,

    /// <summary><c>IORING_SETUP_HYBRID_IOPOLL</c> (6.13): sleep a little before polling; needs IOPOLL.</summary>
    HybridIoPoll = 0x20000,

    /// <summary><c>IORING_SETUP_CQE_MIXED</c> (6.18): 16- and 32-byte CQEs in one ring; excludes CQE32.</summary>
    CqeMixed = 0x40000,

    /// <summary><c>IORING_SETUP_SQE_MIXED</c> (6.19): 64- and 128-byte SQEs in one ring; excludes SQE128. EINVAL on 6.18.</summary>
    SqeMixed = 0x80000,

    /// <summary>
    /// <c>IORING_SETUP_SQ_REWIND</c> (7.0): every enter reads SQEs from slot 0; needs NO_SQARRAY, excludes SQPOLL. EINVAL on 6.18.
    /// </summary>
    SqRewind = 0x100000,
}
