using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Requests of one ring that wait for their file to become ready. The waiting itself is done by the process's <see cref="Poller"/>;
/// this place owns the list, hence the right to complete. A request stays in the list while an event of it is being delivered: a cancel
/// that comes meanwhile finds it, and whoever delivers ends it, unless it has just ended by itself.
/// </summary>
internal sealed class PollWait(RingContext ring) : ParkingPlace(ring), IPollTarget
{
    private readonly Lock _lock = new();
    private RequestList _waiting;

    /// <summary>
    /// Waits for <paramref name="events"/> on the request's file, once or for as long as it is multishot: 0, or -EPERM where the file has
    /// no readiness, or -errno. On success the request may be finished by the poller before this returns.
    /// </summary>
    internal int Park(Request request, uint events)
    {
        request.ByWorker = false; // if one had it, it is out of its hands
        if (!request.HoldsFile && request.Watch < 0)
        {
            // A registered file, or one that a worker shares: epoll wants a number of its own for each wait.
            int duplicate = SelfCaller.Instance.Duplicate(request.File);
            if (duplicate < 0)
                return duplicate;
            request.File = duplicate;
            request.HoldsFile = true;
        }

        if (request.Watch < 0)
            request.WaitEvents = events; // with a watch of its own they are what that one watches for
        return Poller.Instance.Add(this, request, Watched(request), events | ModeOf(request), out request.WaitSlot);
    }

    /// <summary>
    /// Takes one matching request out, the latest: 0, -ENOENT, or -EALREADY if an event of it is being delivered. Under the move lock if
    /// it is to come back.
    /// </summary>
    internal int TryTake(in CancelMatch match, out Request? taken)
    {
        lock (_lock)
        {
            taken = _waiting.Last;
            while (taken is not null && (taken.IsStopped || !match.Matches(taken)))
                taken = taken.Previous;
            if (taken is null)
                return -Errno.ENOENT;
            if (taken.IsDelivering)
                return -Errno.EALREADY;
            Unlist(taken);
        }

        Poller.Instance.Remove(taken.WaitSlot, Watched(taken));
        return 0;
    }

    void IPollTarget.Enlist(Request? request)
    {
        lock (_lock)
        {
            request!.Place = this;
            _waiting.Append(request);
        }
    }

    bool IPollTarget.TryClaim(Request? request)
    {
        lock (_lock)
        {
            if (request!.Place != this || request.IsDelivering)
                return false;
            request.IsDelivering = true;
            return true;
        }
    }

    void IPollTarget.OnReady(Request? request, uint events, PollerBatch batches)
    {
        IssueBatch batch = batches.For(Ring, request!.Caller);
        (request.Result, request.WasReady) = ((int)events, true);
        // Ready, but not to be tried without blocking: a worker's turn.
        IssueOutcome outcome = IsForWorker(request)
            ? IssueOutcome.WouldBlock
            : OpTable.Issue(OpTable.Of(request.Sqe.Opcode), request, batch, IssueMode.Ready);
        if (outcome == IssueOutcome.Done)
        {
            End(request);
            batch.Complete(request, request.Result);
        }
        else if (IsForWorker(request))
        {
            MoveToWorker(request, batch);
        }
        else
        {
            GoOn(request, outcome);
        }
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default;
        var result = default(CancelResult);
        lock (_lock)
        {
            // The latest first: the kernel's are in a hash table, each at the head of its bucket.
            Request? next;
            for (Request? request = _waiting.Last; request is not null; request = next)
            {
                next = request.Previous;
                if (request.IsStopped || request.HasEnded || !match.Matches(request))
                    continue;
                if (!request.IsDelivering)
                {
                    result.TakeOut(request, match);
                    Unlist(request);
                    taken.Append(request);
                }
                else
                {
                    // Whoever delivers ends it. One that waits for a single event most likely ends by itself in this very moment.
                    request.IsStopped = true;
                    if ((request.Marks & Marks.Multishot) != 0)
                        result.Cancelled++;
                    else
                        result.Running++;
                }

                if (!match.All)
                    break;
            }
        }

        while (taken.TakeFirst() is { } request)
        {
            // Waits for the poller if it is looking at this very request, and only then may the request be used again.
            Poller.Instance.Remove(request.WaitSlot, Watched(request));
            if (request.Sweep == Sweeps.None)
                request.Marks |= Marks.StillFound;
            Ring.Later.Cancel(request);
        }

        return result;
    }

    private static int Watched(Request request) => request.Watch >= 0 ? request.Watch : request.File;

    private static uint WatchedFor(Request request) => request.Watch >= 0 ? Libc.EPOLLIN : request.WaitEvents;

    private static bool IsForWorker(Request request) => request.CannotTry && OpTable.Of(request.Sqe.Opcode).ReadyOn != Ready.Never;

    private static uint ModeOf(Request request) =>
        request.Watch >= 0 ? 0 : (request.Marks & Marks.Multishot) != 0 ? Libc.EPOLLET : Libc.EPOLLONESHOT;

    /// <summary>
    /// It waits for the next event, unless it was cancelled meanwhile. A watch that was one-shot, or has more to report already, is set
    /// again first: its event can only come to this thread.
    /// </summary>
    private void GoOn(Request request, IssueOutcome outcome)
    {
        bool isMultishot = (request.Marks & Marks.Multishot) != 0;
        if (outcome == IssueOutcome.Again || !isMultishot)
            Poller.Instance.Rearm(request.WaitSlot, Watched(request), WatchedFor(request) | ModeOf(request));
        lock (_lock)
        {
            request.IsDelivering = false;
            if (!request.IsStopped)
                return;
            Unlist(request);
        }

        Poller.Instance.Remove(request.WaitSlot, Watched(request));
        Ring.Later.Cancel(request);
    }

    /// <summary>Under the move lock, so that a cancel finds it in one place or the other.</summary>
    private void MoveToWorker(Request request, IssueBatch batch)
    {
        bool isStopped;
        int error = 0;
        lock (Ring.MoveLock)
        {
            isStopped = request.IsStopped;
            End(request);
            if (!isStopped)
                error = Submission.TryPark(request, batch, straightToWorker: false);
        }

        if (isStopped)
            Ring.Later.Cancel(request);
        else if (error < 0)
            batch.Complete(request, error);
    }

    private void End(Request request)
    {
        lock (_lock)
            Unlist(request);
        Poller.Instance.Remove(request.WaitSlot, Watched(request));
    }

    private void Unlist(Request request)
    {
        _waiting.Remove(request);
        request.Place = null;
        request.IsDelivering = request.IsStopped = false;
    }
}
