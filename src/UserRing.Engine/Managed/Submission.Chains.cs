using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>Requests that are more than lone ones: how they are taken, put together and started.</summary>
internal sealed partial class Submission
{
    /// <summary>A member of a chain, or a request that is drained, silent or takes a provided buffer. As <see cref="Start"/>.</summary>
    private bool StartMarked(Request request)
    {
        SqeFlags flags = request.Sqe.Flags;
        request.Marks = MarksOf(flags);
        if (_chainHead is not null | Drain.IsActive)
            request.Marks |= Marks.Waits;
        _batch.RunGathered();
        int error = Prepare(request);
        if (Drain.IsActive)
            SendToWorker(request);
        bool links = (flags & Linking) != 0, stops = error < 0 && !links;
        if (error < 0)
        {
            // A chain with a bad member is taken to its end, so that a polling thread cannot cut it, and then not started.
            (request.Marks, request.Result) = (request.Marks | Marks.Failed, error);
            if (_chainHead is { } head && (head.Marks & Marks.Failed) == 0)
                (head.Marks, head.Result) = (head.Marks | Marks.Failed, -Errno.ECANCELED);
        }

        if (_chainHead is null)
            (_chainHead, _isChainFirst) = (request, _isFirst);
        else
            ChainLast!.Link = request;
        ChainLast = request;
        if (!links)
            QueueChain();
        return !stops;
    }

    /// <summary>What was drained in the middle of a chain drains the first good one behind it, too.</summary>
    private void DrainNext(Request request)
    {
        Drain.IsNextDrained = false;
        Drain.IsActive = true;
        request.Marks |= Marks.Drain;
    }

    /// <summary>
    /// What is taken while the ring drains is not tried by the submitter when its turn comes, as if the program had asked for that
    /// (io_uring/io_uring.c, io_init_req). Only a file shows the difference, or what follows.
    /// </summary>
    private static void SendToWorker(Request request)
    {
        request.ByWorker = true;
        if ((OpTable.Of(request.Sqe.Opcode).Needs & Needs.File) != 0)
            request.Sqe.Flags |= SqeFlags.Async;
    }

    private static Marks MarksOf(SqeFlags flags)
    {
        Marks marks = Marks.None;
        if ((flags & SqeFlags.IoHardlink) != 0)
            marks |= Marks.Link | Marks.HardLink;
        else if ((flags & SqeFlags.IoLink) != 0)
            marks |= Marks.Link;
        if ((flags & SqeFlags.CqeSkipSuccess) != 0)
            marks |= Marks.Skip;
        if ((flags & SqeFlags.BufferSelect) != 0)
            marks |= Marks.SelectsBuffer;
        return marks;
    }

    /// <summary>
    /// The chain (or the lone request) that was taken is complete: it starts, or fails as a whole, or waits for its drain.
    /// </summary>
    private void QueueChain()
    {
        Request head = _chainHead!;
        (_chainHead, ChainLast) = (null, null);
        if ((head.Marks & Marks.Failed) != 0)
        {
            head.Marks &= ~Marks.HardLink;
            _batch.Complete(head, head.Result);
        }
        else if (Drain.IsActive)
        {
            Drain.Add(head, _isChainFirst);
        }
        else
        {
            Launch(head);
        }
    }

    /// <summary>Issues a prepared request with marks, or one that comes from <see cref="Later"/>.</summary>
    private void Launch(Request request)
    {
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        if ((row.Needs & Needs.File) != 0 && FindFile(request) is < 0 and var error)
        {
            request.ByWorker = false; // as what fails in a worker for want of a file (io_uring/io_uring.c, io_wq_submit_work)
            _batch.Complete(request, error);
            return;
        }

        Chain.Pair(request, ++_tickets);
        bool goesToWorker = (request.Sqe.Flags & SqeFlags.Async) != 0;
        if (request.MayBlock)
        {
            // What is asked for by flag tries to wait for readiness first. Without a file only what follows shows it.
            request.MayBlock = !goesToWorker && row.ReadyOn != Ready.Never;
            goesToWorker |= (row.Needs & Needs.File) != 0;
            request.ByWorker = true;
        }

        if (goesToWorker)
        {
            Park(request, _batch, straightToWorker: true);
            return;
        }

        LinkedTimeout timeout = Chain.TimeoutOf(request);
        switch (OpTable.Issue(row, request, _batch, IssueMode.Inline))
        {
            case IssueOutcome.Done or IssueOutcome.Refused:
                _batch.Complete(request, request.Result);
                break;
            case IssueOutcome.WouldBlock or IssueOutcome.Again:
                Park(request, _batch, straightToWorker: false);
                break;
            default:
                Chain.Arm(timeout);
                break;
        }
    }
}
