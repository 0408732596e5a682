using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Requests of one ring that a thread must run because they cannot wait in any other way. Two classes, as in the kernel: work on
/// files that end by themselves, by default at most min(SQ entries, 4 x CPUs) at a time, and work that may wait for ever (terminals and
/// the like); see <see cref="WorkerSettings"/>.
/// Buffered writes to one file never run against each other: they queue up behind the one that runs, and its worker goes on with
/// them, so that a batch of them costs one wake-up. The threads are the process's (<see cref="WorkerThreads"/>).
/// A request that is executed can no longer be taken out, but a cancel interrupts its system call (<see cref="Interruption"/>).
/// </summary>
internal sealed class Workers : ParkingPlace, IInterruptible
{
    private const int OrderBuckets = 64;

    private readonly Lock _lock = new();
    private readonly WorkClass _bounded, _unbounded;
    private readonly RequestList[] _behind = new RequestList[OrderBuckets];
    private readonly bool[] _busy = new bool[OrderBuckets];
    private readonly List<Request> _executing = [];
    private bool _asked;

    internal Workers(RingContext ring)
        : base(ring)
    {
        _bounded = new WorkClass(ring.WorkerSettings, isBounded: true);
        _unbounded = new WorkClass(ring.WorkerSettings, isBounded: false);
    }

    /// <summary>Queues a request that holds what it needs. Threads are asked for once per batch, by <see cref="Dispatch"/>.</summary>
    internal void Park(Request request)
    {
        lock (_lock)
        {
            request.Place = this;
            if (request.FileKey != 0)
            {
                int bucket = Bucket(request.FileKey);
                if (_busy[bucket])
                {
                    _behind[bucket].Append(request);
                    return;
                }

                _busy[bucket] = true;
            }

            ClassOf(request).Ready.Append(request);
        }
    }

    /// <summary>End of a batch: one thread is asked for; a thread that finds more than it can take asks for the next.</summary>
    internal void Dispatch()
    {
        lock (_lock)
        {
            if (_asked || !(_bounded.CanRun || _unbounded.CanRun))
                return;
            _asked = true;
        }

        WorkerThreads.Run(this);
    }

    /// <summary>
    /// There is not one worker in the process and none can be started: what waits is cancelled (io_uring/io-wq.c, io_wq_enqueue).
    /// </summary>
    internal void Refuse()
    {
        lock (_lock)
            _asked = false;
        if (!Ring.TryAddReference())
            return;
        var batch = new IssueBatch();
        batch.Begin(Ring, SelfCaller.Instance, onSubmitter: false);
        Cancel(CancelMatch.Everything, batch);
        batch.End();
        Ring.DropReference();
    }

    /// <summary>On a worker thread: runs requests until none is left that may run. The ring is held by what it was asked for.</summary>
    internal void Work(IssueBatch batch, int task)
    {
        bool arrived = true;
        ProcessorBinding.Bind(Ring.WorkerSettings.Affinity);
        while (TakeNext(arrived, task, out WorkClass? workClass) is { } request)
        {
            arrived = false;
            Ring.AddReference(); // the request's own reference goes with it; the batch needs the ring until it has ended
            for (Request? next = request; next is not null;)
            {
                ulong key = next.FileKey;
                batch.Begin(Ring, next.Caller, onSubmitter: false);
                Execute(next, batch);
                batch.End();
                next = Leave(key, task, workClass!);
            }

            Ring.CancelIfClosed();
            Ring.DropReference();
        }
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default, fromReady = default;
        var result = default(CancelResult);
        int queued;
        bool interrupted = false;
        lock (_lock)
        {
            if (match.All)
                TakeBehind(match, ref taken);
            _bounded.Ready.TakeMatching(match, ref fromReady);
            if (match.All || fromReady.Count == 0)
                _unbounded.Ready.TakeMatching(match, ref fromReady);
            while (fromReady.TakeFirst() is { } request)
            {
                taken.Append(request);
                if (request.FileKey != 0)
                    FreeBucket(request.FileKey);
            }

            if (!match.All && taken.Count == 0)
                TakeBehind(match, ref taken);
            for (Request? request = taken.First; request is not null; request = request.Next)
            {
                request.Place = null;
                result.TakeOut(request, match);
            }

            queued = result.Cancelled;
            if (match.All || taken.Count == 0)
                interrupted = InterruptMatching(match, ref result);
        }

        if (interrupted)
            Interruption.Repeat(this);
        if (match.All)
        {
            // What is counted (io_uring/cancel.c, io_try_cancel): those that wait here as one, and none if one was running; but each that
            // the kernel would have waiting for its file.
            int forReadiness = result.Cancelled - queued;
            result.Cancelled = forReadiness + (result.Running > 0 ? 0 : Math.Min(1, queued));
            result.Running = 0;
        }

        while (taken.TakeFirst() is { } request)
            Ring.Later.Cancel(request);
        return result;
    }

    /// <summary>Sends once more to the workers whose requests are to be interrupted; false if there are none left.</summary>
    bool IInterruptible.InterruptAgain()
    {
        bool any = false;
        lock (_lock)
        {
            foreach (Request request in _executing)
            {
                if (!request.IsInterrupted)
                    continue;
                any = true;
                Interruption.Send(request.WorkerTask);
            }
        }

        return any;
    }

    private static int Bucket(ulong fileKey) => (int)(fileKey % OrderBuckets);

    private WorkClass ClassOf(Request request) => request.MayWaitLong ? _unbounded : _bounded;

    /// <summary>Lock held: which also keeps the worker from leaving its request, and its thread from ending, while it is sent to.</summary>
    private bool InterruptMatching(in CancelMatch match, ref CancelResult result)
    {
        bool any = false;
        foreach (Request request in _executing)
        {
            if (!match.Matches(request) || request.WaitsInCall && request.IsInterrupted) // another cancel has taken that one out
                continue;
            if (request.WaitsInCall)
                result.TakeOut(request, match);
            else
                result.Running++;
            request.IsInterrupted = any = true;
            Interruption.Send(request.WorkerTask);
            if (!match.All)
                break;
        }

        return any;
    }

    /// <summary>Lock held: from here on a cancel interrupts it.</summary>
    private void Seat(Request request, int task)
    {
        request.Place = null;
        request.IsInterrupted = false;
        request.WorkerTask = task;
        _executing.Add(request);
    }

    private void TakeBehind(in CancelMatch match, ref RequestList taken)
    {
        for (int i = 0; i < OrderBuckets && (match.All || taken.Count == 0); i++)
            _behind[i].TakeMatching(match, ref taken);
    }

    /// <summary>Lock held. The next in a file's queue becomes ready, or the queue is free.</summary>
    private void FreeBucket(ulong fileKey)
    {
        int bucket = Bucket(fileKey);
        if (_behind[bucket].TakeFirst() is { } next)
            ClassOf(next).Ready.Append(next);
        else
            _busy[bucket] = false;
    }

    private Request? TakeNext(bool arrived, int task, out WorkClass? workClass)
    {
        bool more;
        Request request;
        lock (_lock)
        {
            if (arrived)
                _asked = false;
            workClass = _bounded.CanRun ? _bounded : _unbounded.CanRun ? _unbounded : null;
            if (workClass is null)
                return null;
            request = workClass.Ready.TakeFirst()!;
            Seat(request, task);
            workClass.Running++;
            more = !_asked && (_bounded.CanRun || _unbounded.CanRun);
            _asked |= more;
        }

        if (more)
            WorkerThreads.Run(this);
        return request;
    }

    private void Execute(Request request, IssueBatch batch)
    {
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        // Asked for by IOSQE_ASYNC and able to wait for readiness: that is tried before a thread is given up to it.
        bool hasReadiness = request.MayWaitLong && row.ReadyOn != Ready.Never && !request.MayBlock;
        bool mayPoll = hasReadiness && !request.CannotTry;
        IssueOutcome outcome;
        LinkedTimeout timeout = Chain.TimeoutOf(request);
        request.ByWorker = !request.WaitsInCall;
        if (request.WaitsInCall)
            Chain.Arm(timeout); // the kernel would have it wait for readiness
        if (hasReadiness && !mayPoll && Poll(request, row, 0) <= 0)
        {
            // Another took what it was woken for. Here it would hold a thread, and a cancel could only interrupt it.
            request.WasReady = false;
            outcome = IssueOutcome.WouldBlock;
        }
        else
        {
            outcome = Issue(request, row, batch, mayPoll ? IssueMode.Ready : IssueMode.Worker);
        }

        if (outcome == IssueOutcome.WouldBlock && request.MayBlock)
            outcome = Insist(request, row, batch);
        if (outcome is IssueOutcome.WouldBlock or IssueOutcome.Again)
        {
            int place = Move(request, batch);
            if (place < 0)
                batch.Complete(request, place);
            else if (place == Submission.WaitsForReadiness)
                Chain.Arm(timeout);
            return;
        }

        lock (_lock)
            _executing.Remove(request); // before it is completed: a cancel must not look at a request that is used again
        if (outcome == IssueOutcome.Done)
            batch.Complete(request, request.Result == -Errno.EINTR && request.WaitsInCall ? -Errno.ECANCELED : request.Result);
        else
            Chain.Arm(timeout);
    }

    private static IssueOutcome Issue(Request request, in OpRow row, IssueBatch batch, IssueMode mode) =>
        request.Personality is { } personality
            ? personality.Issue(row, request, batch, mode)
            : OpTable.Issue(row, request, batch, mode);

    /// <summary>
    /// What would block is to block here. Operations on sockets wait whatever O_NONBLOCK says, the others honour it; and a multishot one
    /// waits for readiness after all (io_uring/io_uring.c, io_wq_submit_work).
    /// </summary>
    private static IssueOutcome Insist(Request request, in OpRow row, IssueBatch batch)
    {
        if ((request.Marks & Marks.Multishot) != 0)
            return IssueOutcome.WouldBlock;
        IssueOutcome outcome;
        do
        {
            request.Result = (row.Needs & Needs.Insists) == 0 ? -Errno.EAGAIN : Poll(request, row, Timeout.Infinite);
            if (request.Result < 0)
                return IssueOutcome.Done;
            outcome = Issue(request, row, batch, IssueMode.Worker);
        }
        while (outcome == IssueOutcome.WouldBlock);

        return outcome;
    }

    /// <summary>To where it can wait, under the move lock, so that a cancel finds it here or there: as Submission.TryPark.</summary>
    private int Move(Request request, IssueBatch batch)
    {
        lock (Ring.MoveLock)
        {
            lock (_lock)
                _executing.Remove(request);
            // Told that it runs, the canceller counts on its end.
            return request.IsInterrupted ? request.EndCancelled() : Submission.TryPark(request, batch, straightToWorker: false);
        }
    }

    /// <summary>poll(2) for what the operation waits for: it reports the signal of a cancel even without a wait.</summary>
    private static int Poll(Request request, in OpRow row, int milliseconds)
    {
        int ready;
        do
            ready = Libc.Poll(request.File, (short)row.ReadyOn, milliseconds, out _);
        while (request.MustRepeat(ready));
        return ready;
    }

    /// <summary>After a request: the next one of the same file for this worker, or its seat is free.</summary>
    private Request? Leave(ulong fileKey, int task, WorkClass workClass)
    {
        lock (_lock)
        {
            if (fileKey != 0)
            {
                int bucket = Bucket(fileKey);
                if (_behind[bucket].First is { } behind && ClassOf(behind) == workClass)
                {
                    _behind[bucket].Remove(behind);
                    Seat(behind, task);
                    return behind;
                }

                FreeBucket(fileKey);
            }

            workClass.Running--;
            return null;
        }
    }

    private sealed class WorkClass(WorkerSettings settings, bool isBounded)
    {
        internal RequestList Ready;
        internal int Running;

        internal bool CanRun => Ready.Count > 0 && Running < (isBounded ? settings.Bounded : settings.Unbounded);
    }
}
