using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed;

/// <summary>
/// The requests that one thread issues in one go on one ring: their completions are collected here and posted together, so that
/// the completion lock, the wake-up decision and the write-back of loans are paid once per batch. Belongs to one thread at a time:
/// a ring's own batch to the holder of its submit lock, a worker's or the poller's to that thread.
/// </summary>
internal sealed class IssueBatch
{
    private const int Capacity = 64;

    private readonly Cqe[] _done = new Cqe[Capacity];
    private CqeExtra[] _extras = [];
    private readonly FileFacts _facts = new();
    private List<(int Index, Loan Loan)>? _loans;
    private ReadRun? _reads;
    private SharedFile? _shared;
    private int _sharedDescriptor;
    private int _count, _timeouts, _doneInFlight;
    private RequestList _behind;
    private RingContext _ring = null!;

    internal Caller Caller { get; private set; } = SelfCaller.Instance;

    /// <summary>True on the thread that submits: its completions count as inline.</summary>
    internal bool OnSubmitter { get; private set; }

    /// <summary>Descriptors that the caller lent for this batch; its own business.</summary>
    internal Dictionary<int, int>? Borrowed { get; set; }

    /// <summary>Loans to end before the completions are posted, each with the index of its completion.</summary>
    internal List<(int Index, Loan Loan)>? Loans => _loans;

    internal void Begin(RingContext ring, Caller caller, bool onSubmitter)
    {
        (_ring, Caller, OnSubmitter) = (ring, caller, onSubmitter);
        if (ring.HasBigCqes && _extras.Length == 0)
            _extras = new CqeExtra[Capacity]; // zero between batches
        _facts.Forget();
    }

    /// <summary>What is known of a local descriptor in this batch.</summary>
    internal ref FileFacts.Entry FactsOf(int descriptor) => ref _facts.Of(descriptor);

    /// <summary>A reference to this batch's duplicate of a local descriptor: 0 or -errno.</summary>
    internal int Share(int descriptor, out SharedFile? file)
    {
        file = null;
        if (_shared is null || _sharedDescriptor != descriptor)
        {
            int duplicate = SelfCaller.Instance.Duplicate(descriptor);
            if (duplicate < 0)
                return duplicate;
            _shared?.Release();
            (_shared, _sharedDescriptor) = (_ring.SharedFiles.Rent(duplicate), descriptor);
        }

        file = _shared;
        file.AddReference();
        return 0;
    }

    /// <summary>A number of the caller's is another file's from now on, or nobody's: what was known of it is no longer true.</summary>
    internal void Forget(int descriptor)
    {
        if (!Caller.LendsInPlace)
        {
            Caller.GiveBack(descriptor, this);
            return;
        }

        ForgetLocal(descriptor);
    }

    /// <summary>Numbers that are not known changed hands.</summary>
    internal void ForgetAll()
    {
        _facts.Forget();
        _shared?.Release();
        _shared = null;
    }

    internal bool HasSizeLimit => _facts.HasSizeLimit;

    internal bool MayWaitToClose(int descriptor) => _facts.MayWaitToClose(descriptor);

    /// <summary>As <see cref="Forget"/>, of a local number.</summary>
    internal void ForgetLocal(int descriptor)
    {
        _facts.Forget(descriptor);
        if (_shared is null || _sharedDescriptor != descriptor)
            return;
        _shared.Release();
        _shared = null;
    }

    /// <summary>Takes a read that is to be attempted together with those that follow it at once.</summary>
    internal void Gather(Request request)
    {
        _reads ??= new ReadRun();
        _reads.Add(request);
        if (_reads.IsFull)
            _reads.Run(this);
    }

    /// <summary>Attempts the reads gathered so far: before anything else is issued, and at the end of the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void RunGathered()
    {
        if (_reads is { IsEmpty: false } reads)
            reads.Run(this);
    }

    /// <summary>A file in memory was met: the next batch need not try what it refuses.</summary>
    internal void HintMemoryFile(int descriptor) => _facts.HintMemoryFile(descriptor);

    /// <summary>Finishes a request with <paramref name="result"/> as its res. The request must not be touched afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Complete(Request request, int result)
    {
        if (request.Marks != Marks.None)
        {
            CompleteMarked(request, result);
            return;
        }

        _done[_count++] = new Cqe { UserData = request.Sqe.UserData, Res = result, Flags = request.CqeFlags };
        Finish(request);
    }

    /// <summary>
    /// As <see cref="Complete"/> on the submitter, who goes on with the same object for its next SQE; for requests without marks. One that
    /// found no file and holds nothing has changed nothing that a reset undoes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CompleteAndKeep(Request request, int result)
    {
        ref Cqe cqe = ref _done[_count++];
        cqe.UserData = request.Sqe.UserData;
        cqe.Res = result;
        cqe.Flags = request.CqeFlags;
        bool holds = request.NeedsCleanup | request.HoldsRing;
        if (holds)
            LetGo(request);
        if (holds | request.File >= 0) // a vector that was refused in preparation is freed by now, with no file found yet
            request.Reset();
        if (_count >= Capacity)
            Flush();
    }

    /// <summary>
    /// Posts one of several completions of a request that goes on, at once and behind what was collected. False if the CQ is full: the
    /// request then ends, and its last completion is held back (io_uring/io_uring.c, io_req_post_cqe).
    /// </summary>
    internal bool TryPostMore(Request request, int result, CqeFlags flags)
    {
        Flush();
        var cqe = new Cqe { UserData = request.Sqe.UserData, Res = result, Flags = flags | CqeFlags.More };
        bool posted = _ring.Completions.TryPostMore(cqe, _timeouts, OnSubmitter);
        _timeouts = 0;
        _ring.Timers?.CompleteSatisfied(this);
        return posted;
    }

    /// <summary>The completion that is next counts as a timeout's: it ends every wait, and counting timeouts do not count it.</summary>
    internal void CountTimeout() => _timeouts++;

    /// <summary>As <see cref="Complete"/>, for a timeout.</summary>
    internal void CompleteTimeout(Request request, int result)
    {
        CountTimeout();
        Complete(request, result);
    }

    /// <summary>A completion without a request (the tag of a registered file or buffer that is no longer used).</summary>
    internal void Post(ulong userData, int result)
    {
        if (_count >= Capacity)
            Flush();
        _done[_count++] = new Cqe { UserData = userData, Res = result };
    }

    /// <summary>
    /// The next of a chain is to be issued when this batch is posted, not before: another thread may be waiting for just such work, and its
    /// completion would overtake the one that it follows.
    /// </summary>
    /// <param name="request">The next.</param>
    /// <param name="byWorker">
    /// The one before it was executed by a worker: then the kernel's goes on with this one (io_uring/io_uring.c, io_wq_free_work), unless
    /// completing is left to the ring's owner.
    /// </param>
    internal void StartBehind(Request request, bool byWorker)
    {
        request.MayBlock = byWorker && !_ring.Defers;
        _ring.HoldFor(request);
        Later.MarkStart(request);
        _behind.Append(request);
    }

    /// <summary>As <see cref="StartBehind"/>, to be completed.</summary>
    internal void CompleteBehind(Request request, int result)
    {
        _ring.HoldFor(request);
        Later.MarkCompletion(request, result);
        _behind.Append(request);
    }

    /// <summary>Writes loans back, then posts what was collected; what was to come behind it now may.</summary>
    internal void Flush()
    {
        while (_count > 0 || _timeouts > 0) // a timeout's end counts, even if it is silent
        {
            if (!Caller.LendsInPlace || _loans is { Count: > 0 })
            {
                Caller.EndBatch(this, _done.AsSpan(0, _count)); // a loan of another caller's, when a released ring cancels everything
                _loans?.Clear();
            }

            (int count, int timeouts) = (_count, _timeouts);
            (_count, _timeouts) = (0, 0);
            Span<CqeExtra> extras = _extras.Length == 0 ? default : _extras.AsSpan(0, count);
            _ring.Completions.Post(_done.AsSpan(0, count), extras, timeouts, OnSubmitter);
            extras.Clear();
            _ring.Timers?.CompleteSatisfied(this); // may collect again: a timeout that waited for these
        }

        if (_behind.First is not null)
            _ring.Later.TakeOver(ref _behind);
        if (_doneInFlight > 0)
        {
            _ring.CountDone(_doneInFlight);
            _doneInFlight = 0;
        }
    }

    /// <summary>
    /// Ends the batch: everything posted, borrowed descriptors given back, workers asked for, and what the completions gave rise to is
    /// done.
    /// </summary>
    internal void End()
    {
        RunGathered();
        if (OnSubmitter)
            _ring.DirectWait?.Start(this);
        Flush();
        if (OnSubmitter && _ring.Timers is { } timers)
        {
            timers.CompleteSatisfied(this); // by what others posted while a timeout of this batch was being parked
            Flush();
        }

        if (!Caller.LendsInPlace)
            Caller.EndBatch(this, []);
        _shared?.Release();
        _shared = null;
        _ring.Workers?.Dispatch();
        if (!_ring.Later.IsEmpty || _ring.Submission.Drain.HasWaiting)
            _ring.Submission.RunLaterSoon();
    }

    private void Finish(Request request)
    {
        if (request.NeedsCleanup | request.HoldsRing)
            LetGo(request);
        if (OnSubmitter)
            _ring.Pool.Return(request);
        else
            _ring.Pool.ReturnFromElsewhere(request);
        if (_count >= Capacity)
            Flush();
    }

    /// <summary>A member of a chain, one whose success is silent, or one with a big CQE.</summary>
    private void CompleteMarked(Request request, int result)
    {
        if (request.Loan is { } loan)
        {
            // What follows in the chain depends on whether the data arrives.
            int error = loan.End(result);
            request.Loan = null;
            result = error < 0 ? error : result;
        }

        if (Chain.Conclude(request, result, this))
        {
            if ((request.Marks & Marks.BigCqe) != 0 && _extras.Length > 0)
                _extras[_count] = request.Extra;
            _done[_count++] = new Cqe { UserData = request.Sqe.UserData, Res = result, Flags = request.CqeFlags };
        }

        if ((request.Marks & Marks.Notifies) != 0)
            Notify(request);

        Finish(request);
    }

    /// <summary>The second completion of a zero-copy send, which here always is a copy.</summary>
    private void Notify(Request request)
    {
        int usage = (request.Marks & Marks.ReportsUsage) != 0 ? unchecked((int)CqeBits.NotifUsageZcCopied) : 0;
        if (_count >= Capacity)
            Flush();
        _done[_count++] = new Cqe { UserData = request.Sqe.UserData, Res = usage, Flags = CqeFlags.Notif };
    }

    /// <summary>The rare part of finishing: what a request owned, held or borrowed.</summary>
    private void LetGo(Request request)
    {
        if (request.NeedsCleanup)
        {
            if (request.Loan is { } loan)
                (_loans ??= []).Add((_count - 1, loan));
            OpTable.Cleanup(request);
        }

        if (request.HoldsFile)
        {
            _facts.Forget(request.File);
            Libc.Close(request.File);
        }

        request.Shared?.Release();
        if (request.HoldsFixedFile)
            request.FixedFile!.Release(this);
        if (request.HoldsFixedBuffer)
            request.FixedBuffer!.Release(this);

        if (request.HoldsRing)
        {
            _doneInFlight++; // it is in flight until its completion is posted
            _ring.LetGoOf(request); // never the last reference: whoever runs a batch holds another
        }
    }
}
