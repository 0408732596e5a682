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

    /// <summary>Local descriptor for system calls; ours to close if <see cref="HoldsFile"/>.</summary>
    internal int File = -1;

    /// <summary>The registered file or buffer in use, with a reference of its own once parked.</summary>
    internal RegisteredFile? FixedFile;
    internal RegisteredBuffer? FixedBuffer;

    /// <summary>The duplicate it shares with others of its batch, if it went to a worker.</summary>
    internal SharedFile? Shared;

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
    internal long Deadline;
    internal uint TargetCount;
    internal int Clock;

    /// <summary>Requests with the same key do not run against each other on workers; 0: no such order.</summary>
    internal ulong FileKey;

    /// <summary>A worker that runs it may be gone for long: its file is neither regular nor a directory or block device.</summary>
    internal bool MayWaitLong;

    internal Request(RingContext ring) => Ring = ring;

    /// <summary>Makes it as new, for the next SQE. Only fields that a request may have set; the SQE is overwritten anyway.</summary>
    internal void Reset()
    {
        File = -1;
        Shared = null;
        FixedFile = null;
        FixedBuffer = null;
        HoldsFile = HoldsRing = HoldsFixedFile = HoldsFixedBuffer = OwnsVector = NeedsCleanup = false;
        CannotTry = WasReady = IsStream = WasGathered = false;
        Progress = Advanced = 0;
        Vector = Copied = 0;
        VectorCount = 0;
        Loan = null;
        Place = null;
        Previous = Next = null;
    }
}
