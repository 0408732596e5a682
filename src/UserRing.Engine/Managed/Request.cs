using UserRing.Abi;
using UserRing.Engine.Managed.Parking;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>What an operation's issue says; the caller of issue, never the operation, decides what happens next.</summary>
internal enum IssueOutcome
{
    /// <summary>Finished: <see cref="Request.Result"/> is the CQE's res.</summary>
    Done,

    /// <summary>It would block: to be parked on readiness or handed to a worker, then issued again.</summary>
    WouldBlock,

    /// <summary>It waits in a parking place of its own choice, which finishes it.</summary>
    Parked,

    /// <summary>As <see cref="WouldBlock"/>, of a multishot request that has had its turn: there may be more at once.</summary>
    Again,

    /// <summary>
    /// As <see cref="Done"/>, with an error that preparation would have found had it looked: it ends the batch. Inline only.
    /// </summary>
    Refused,
}

/// <summary>Where issue runs, hence whether it may block.</summary>
internal enum IssueMode
{
    /// <summary>On the submitter (or the polling thread): must not block.</summary>
    Inline,

    /// <summary>After its file was reported ready: must not block either.</summary>
    Ready,

    /// <summary>On a worker: may block.</summary>
    Worker,
}

/// <summary>What makes a request more than a lone one that completes once; none of it on the hot path.</summary>
[Flags]
internal enum Marks
{
    None = 0,

    /// <summary>IO_LINK: the next request of the chain starts when this one has succeeded.</summary>
    Link = 1 << 0,

    /// <summary>IO_HARDLINK: it starts in any case, unless the chain was never started.</summary>
    HardLink = 1 << 1,

    /// <summary>Behind something, in a chain or a drain: it may be issued after enter has returned.</summary>
    Waits = 1 << 2,

    /// <summary>CQE_SKIP_SUCCESS: no CQE if it succeeds.</summary>
    Skip = 1 << 3,

    /// <summary>It had <see cref="Skip"/> and failed: the rest of its chain is silent in its place.</summary>
    SkipRest = 1 << 4,

    /// <summary>It has failed; in preparation, if it has not completed: then <see cref="Request.Result"/> says how.</summary>
    Failed = 1 << 5,

    /// <summary>A result that is no error but ends a chain: less was transferred than asked for.</summary>
    Short = 1 << 6,

    /// <summary>A negative result that is no failure: with ETIME_SUCCESS, or as <see cref="Request.FinishForgiven"/> says.</summary>
    Forgiven = 1 << 7,

    Drain = 1 << 8,

    /// <summary>In <see cref="Later"/>: it is to be issued, not completed.</summary>
    Starts = 1 << 9,

    /// <summary>Its CQE has a second half of its own.</summary>
    BigCqe = 1 << 10,

    /// <summary>BUFFER_SELECT: it takes a buffer of a group when it is issued.</summary>
    SelectsBuffer = 1 << 11,

    /// <summary>It may post any number of completions before its last.</summary>
    Multishot = 1 << 12,

    /// <summary>It has a <see cref="Request.Personality"/>.</summary>
    ActsAsOther = 1 << 20,

    /// <summary>A zero-copy send that is to tell whether its data was copied, even if it fails.</summary>
    ReportsUsage = 1 << 16,

    /// <summary>A zero-copy send: a second completion says that its buffer is free.</summary>
    Notifies = 1 << 13,

    /// <summary>A transfer with protection information, which no file here has.</summary>
    HasMetadata = 1 << 14,

    /// <summary>A cancel has taken it out of <see cref="PollWait"/>; until that is reported, others find it as if it were there.</summary>
    StillFound = 1 << 15,
}

/// <summary>Whether the next of a chain is a LINK_TIMEOUT.</summary>
internal enum LinkTimeoutState : byte
{
    /// <summary>It is not, or no longer: it has expired.</summary>
    None,

    /// <summary>It is, and runs once the request waits somewhere.</summary>
    Prepared,

    /// <summary>It runs.</summary>
    Armed,
}

/// <summary>
/// One SQE in flight: its private copy, what it holds (file, buffer, loan) and where it waits. Pooled per ring; owned by exactly one
/// party at a time: the submitting thread, then whoever takes it out of its parking place, which is what makes it complete once.
/// </summary>
internal sealed class Request
{
    /// <summary>The SQE as read once from shared memory: what was checked is what is used.</summary>
    internal Sqe Sqe;

    internal readonly RingContext Ring;
    internal Caller Caller = SelfCaller.Instance;

    internal int Result;

    internal Marks Marks;

    /// <summary>The next of its chain, which it owns.</summary>
    internal Request? Link;

    /// <summary>Of an armed LINK_TIMEOUT: whom it ends. Guarded by the ring's chain lock once the request is issued.</summary>
    internal Request? Target;

    /// <summary>Which pair the two are; guarded likewise, and not reset.</summary>
    internal uint Ticket;

    /// <summary>Guarded likewise: no mark, because marks belong to whoever has the request in hand.</summary>
    internal LinkTimeoutState LinkTimeout;

    /// <summary>Flags and second half of its CQE.</summary>
    internal CqeFlags CqeFlags;
    internal CqeExtra Extra;

    /// <summary>Whose credentials it is to be executed with; null: those of the thread.</summary>
    internal Personality? Personality;

    /// <summary>Local descriptor for system calls; ours to close if <see cref="HoldsFile"/>.</summary>
    internal int File = -1;

    /// <summary>The registered file or buffer in use, with a reference of its own once parked.</summary>
    internal RegisteredFile? FixedFile;
    internal RegisteredBuffer? FixedBuffer;

    /// <summary>The duplicate it shares with others of its batch, if it went to a worker.</summary>
    internal SharedFile? Shared;

    /// <summary>Provided buffers in use, and how much was asked for: each attempt may take others.</summary>
    internal BufferSelection Selection;
    internal uint SelectionLength;

    internal bool HoldsFile, HoldsRing, HoldsFixedFile, HoldsFixedBuffer;

    /// <summary>The operation owns something that its row's cleanup must free.</summary>
    internal bool NeedsCleanup;

    /// <summary>RWF_NOWAIT is refused by this file: only a worker can run it (after readiness, if the file has that).</summary>
    internal bool CannotTry;

    /// <summary>Readiness was waited for: the next wait is a worker's, since trying again would spin.</summary>
    internal bool WasReady;

    /// <summary>Its file has no positions (ESPIPE): whatever offset was given is ignored.</summary>
    internal bool IsStream;

    /// <summary>The RWF flags of a gathered attempt.</summary>
    internal int TryFlags;

    /// <summary>Its gathered attempt was made: the next is its own.</summary>
    internal bool WasGathered;

    /// <summary>Bytes done by earlier attempts, for files whose rest is retried.</summary>
    internal int Progress;

    /// <summary>How many of those bytes the local iovecs have been moved past.</summary>
    internal int Advanced;

    /// <summary>Of a marked transfer: bytes asked for. Less is success, and ends a chain.</summary>
    internal long Asked;

    /// <summary>Of a receive into provided buffers.</summary>
    internal ReceiveState Receiving;

    /// <summary>Of a CONNECT: it was begun, and its socket becomes ready when it has ended.</summary>
    internal bool IsUnderWay;

    /// <summary>Local iovecs of a vectored transfer or a loan, and how many; native memory of ours if <see cref="OwnsVector"/>.</summary>
    internal nuint Vector;
    internal int VectorCount;
    internal bool OwnsVector;
    internal Loan? Loan;

    /// <summary>
    /// Native memory of ours with what the operation copied from the caller in preparation (paths, names, a value), 0 if none; where
    /// its second part begins, if it has one.
    /// </summary>
    internal nuint Copied;
    internal int CopiedSecond;

    // Parking. A place links its requests through these and may keep two words of its own.
    internal ParkingPlace? Place;
    internal Request? Previous, Next;
    internal uint WaitEvents;
    internal int WaitSlot;
    internal long Deadline, Interval;
    internal uint TargetCount;

    /// <summary>The epoll that watches the file for this request alone, or -1: what is waited on in the file's place.</summary>
    internal int Watch = -1;

    /// <summary>A multishot request between two events: one is being delivered, and it has been cancelled meanwhile.</summary>
    internal bool IsDelivering, IsStopped;

    /// <summary>A request whose end is decided, though it is still listed where it waited: a cancel does not find it any more.</summary>
    internal bool HasEnded;

    internal int Clock;

    /// <summary>Requests with the same key do not run against each other on workers; 0: no such order.</summary>
    internal ulong FileKey;

    /// <summary>
    /// A cancel has come while a worker executes it. Every call that an operation makes on a worker and that may block is repeated
    /// while <see cref="MustRepeat"/> says so; an -EINTR that remains is the operation's result.
    /// </summary>
    internal volatile bool IsInterrupted;

    /// <summary>
    /// On a worker it makes a call that waits where the kernel would wait for readiness, or in another place of its own: a cancel that
    /// interrupts it has taken it out. Set by the operation before it goes to the worker.
    /// </summary>
    internal bool WaitsInCall;

    /// <summary>The sweep that cancels it, if one does.</summary>
    internal Sweeps Sweep;

    /// <summary>The thread that executes it; means something only while one does.</summary>
    internal int WorkerTask;

    /// <summary>Of a wait for futexes: which, and who sleeps for it.</summary>
    internal FutexWaitv[]? Futexes;
    internal FutexSleepers.Sleeper? Sleeper;

    /// <summary>A worker executes it in a call that blocks, whether or not it could wait for readiness.</summary>
    internal bool MayBlock;

    /// <summary>A worker has executed it, or the kernel's would have: that is visible in how the next of its chain is executed.</summary>
    internal bool ByWorker;

    /// <summary>A worker that runs it may be gone for long: its file is neither regular nor a directory or block device.</summary>
    internal bool MayWaitLong;

    internal Request(RingContext ring) => Ring = ring;

    /// <summary>
    /// The result of an operation that has been carried out, for those whose errors end no chain: the kernel does not call them failures
    /// (FSYNC, SYNC_FILE_RANGE, FALLOCATE, FTRUNCATE, MADVISE, STATX, those that change paths, those on extended attributes).
    /// </summary>
    internal void FinishForgiven(int result)
    {
        Result = result;
        if (result < 0)
            Marks |= Marks.Forgiven;
    }

    /// <summary>
    /// What a request that is not carried on completes with: what it has moved so far, which ends its chain all the same, or -ECANCELED
    /// (io_uring/rw.c, io_rw_fail; io_uring/net.c, io_sendrecv_fail). A buffer that it has begun to fill is told.
    /// </summary>
    internal int EndCancelled()
    {
        if (Selection.IsMade)
            CqeFlags |= BufferGroups.Finish(ref Selection, Progress);
        if (Progress == 0)
            return -Errno.ECANCELED;
        Marks |= Marks.Short;
        return Progress;
    }

    /// <summary>Whether it has not waited for readiness yet: on the submitter, or by IOSQE_ASYNC on a worker.</summary>
    internal bool IsFirstAttempt(IssueMode mode) => mode == IssueMode.Inline || mode == IssueMode.Ready && !WasReady;

    /// <summary>IOSQE_ASYNC was asked for by the program: every attempt is a worker's on the kernel, even after readiness.</summary>
    internal bool IsForKernelsWorker => (Sqe.Flags & SqeFlags.Async) != 0 && Personality is null;

    /// <summary>Whether a call was ended by a signal that is none of the request's business: the runtime sends some, too.</summary>
    internal bool MustRepeat(nint result) => result == -Errno.EINTR && !IsInterrupted;

    /// <summary>Makes it as new, for the next SQE. Only fields that a request may have set; the SQE is overwritten anyway.</summary>
    internal void Reset()
    {
        File = -1;
        Shared = null;
        FixedFile = null;
        FixedBuffer = null;
        HoldsFile = HoldsRing = HoldsFixedFile = HoldsFixedBuffer = OwnsVector = NeedsCleanup = false;
        CannotTry = WasReady = IsStream = WasGathered = IsInterrupted = false;
        Progress = Advanced = 0;
        WaitEvents = 0;
        Watch = -1;
        Sweep = Sweeps.None;
        IsDelivering = IsStopped = HasEnded = IsUnderWay = WaitsInCall = MayBlock = ByWorker = false;
        Receiving = default;
        Vector = Copied = 0;
        VectorCount = 0;
        Loan = null;
        Personality = null;
        Marks = Marks.None;
        Link = Target = null;
        LinkTimeout = LinkTimeoutState.None;
        CqeFlags = CqeFlags.None;
        Selection = default;
        Place = null;
        Previous = Next = null;
    }
}
