using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Requests of one ring that wait for their file to become ready. The waiting itself is done by the process's <see cref="Poller"/>;
/// this place owns the list, hence the right to complete.
/// </summary>
internal sealed class PollWait(RingContext ring) : ParkingPlace(ring), IPollTarget
{
    private readonly Lock _lock = new();
    private RequestList _waiting;

    /// <summary>
    /// Waits for <paramref name="events"/> on the request's file, once: 0, or -EPERM where the file has no readiness, or -errno.
    /// On success the request may be finished by the poller before this returns.
    /// </summary>
    internal int Park(Request request, uint events)
    {
        if (!request.HoldsFile)
        {
            // A registered file: epoll wants a number of its own for each wait.
            int duplicate = SelfCaller.Instance.Duplicate(request.File);
            if (duplicate < 0)
                return duplicate;
            request.File = duplicate;
            request.HoldsFile = true;
        }

        return Poller.Instance.Add(this, request, request.File, events | Libc.EPOLLONESHOT, out request.WaitSlot);
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
            _waiting.Remove(request);
            request.Place = null;
            return true;
        }
    }

    void IPollTarget.OnReady(Request? request, uint events, PollerBatch batches)
    {
        IssueBatch batch = batches.For(Ring, request!.Caller);
        Poller.Instance.Remove(request.WaitSlot, request.File);
        request.Result = (int)events;
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
        lock (_lock)
        {
            _waiting.TakeMatching(match, ref taken);
            for (Request? request = taken.First; request is not null; request = request.Next)
                request.Place = null;
        }

        var result = new CancelResult { Cancelled = taken.Count };
        while (taken.TakeFirst() is { } request)
        {
            // Waits for the poller if it is looking at this very request, and only then may the request be used again.
            Poller.Instance.Remove(request.WaitSlot, request.File);
            Ring.Later.Complete(request, -Errno.ECANCELED);
        }

        return result;
    }
}
