using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Requests of one ring that wait for their file to become ready. The waiting itself is done by the process's <see cref="Poller"/>;
/// this place owns the list, hence the right to complete. A multishot request stays in the list from its first event to its end, so that
/// a cancel finds it also while one is being delivered.
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
        if (!request.HoldsFile)
        {
            // A registered file, or one that a worker shares: epoll wants a number of its own for each wait.
            int duplicate = SelfCaller.Instance.Duplicate(request.File);
            if (duplicate < 0)
                return duplicate;
            request.File = duplicate;
            request.HoldsFile = true;
        }

        uint mode = request.Watch >= 0 ? 0 : (request.Marks & Marks.Multishot) != 0 ? Libc.EPOLLET : Libc.EPOLLONESHOT;
        return Poller.Instance.Add(this, request, Watched(request), events | mode, out request.WaitSlot);
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
            if (request!.Place != this)
                return false;
            if ((request.Marks & Marks.Multishot) != 0)
            {
                request.IsDelivering = true;
                return true;
            }

            Unlist(request);
            return true;
        }
    }

    void IPollTarget.OnReady(Request? request, uint events, PollerBatch batches)
    {
        IssueBatch batch = batches.For(Ring, request!.Caller);
        request.Result = (int)events;
        if ((request.Marks & Marks.Multishot) != 0)
        {
            Deliver(request, batch);
            return;
        }

        Poller.Instance.Remove(request.WaitSlot, Watched(request));
        if (request.CannotTry && OpTable.Of(request.Sqe.Opcode).ReadyOn != Ready.Never)
        {
            // Ready, but not to be tried without blocking: a worker's turn.
            request.WasReady = true;
            Submission.Park(request, batch, straightToWorker: false);
        }
        else
        {
            Submission.Resume(request, batch);
        }
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default;
        var result = default(CancelResult);
        lock (_lock)
        {
            Request? next;
            for (Request? request = _waiting.First; request is not null; request = next)
            {
                next = request.Next;
                if (request.IsStopped || !match.Matches(request))
                    continue;
                result.Cancelled++;
                if (request.IsDelivering)
                {
                    request.IsStopped = true; // whoever delivers ends it
                }
                else
                {
                    Unlist(request);
                    taken.Append(request);
                }

                if (!match.All)
                    break;
            }
        }

        while (taken.TakeFirst() is { } request)
        {
            // Waits for the poller if it is looking at this very request, and only then may the request be used again.
            Poller.Instance.Remove(request.WaitSlot, Watched(request));
            Ring.Later.Complete(request, -Errno.ECANCELED);
        }

        return result;
    }

    private static int Watched(Request request) => request.Watch >= 0 ? request.Watch : request.File;

    /// <summary>On the poller: a multishot request posts what there is, and goes on waiting unless it ended or was cancelled.</summary>
    private void Deliver(Request request, IssueBatch batch)
    {
        request.WasReady = true;
        IssueOutcome outcome = OpTable.Issue(OpTable.Of(request.Sqe.Opcode), request, batch, IssueMode.Ready);
        lock (_lock)
        {
            request.IsDelivering = false;
            if (outcome != IssueOutcome.Done && !request.IsStopped)
                return;
            Unlist(request);
        }

        Poller.Instance.Remove(request.WaitSlot, Watched(request));
        if (outcome == IssueOutcome.Done)
            batch.Complete(request, request.Result);
        else
            Ring.Later.Complete(request, -Errno.ECANCELED);
    }

    private void Unlist(Request request)
    {
        _waiting.Remove(request);
        request.Place = null;
    }
}
