using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SEND from provided buffers: one, or (a bundle) all that the group holds, with a completion for each call, as long as none had to wait.
/// What a send takes is used up, whatever becomes of it (io_uring/net.c, io_send_select_buffer and io_send_finish).
/// </summary>
internal static class SelectedSend
{
    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (IsBundle(request) && request.IsForKernelsWorker)
            return FromWorker(request);
        while (true)
        {
            if (!request.Selection.IsMade)
            {
                using (request.Ring.Submission.Hold())
                {
                    int error = Select(request);
                    if (error < 0)
                        return Exchange.Done(request, error);
                }
            }

            bool emptied = request.Selection.EmptiedGroup;
            IssueOutcome outcome = Attempt(request);
            if (outcome != IssueOutcome.Done)
                return outcome;
            using (request.Ring.Submission.Hold())
                request.CqeFlags = BufferGroups.Finish(ref request.Selection, Math.Max(0, request.Result), request.VectorCount);
            bool isFull = request.WasReady || (request.Marks & Marks.Short) != 0;
            bool goesOn = IsBundle(request) && request.Result > 0 && !emptied && !isFull;
            if (!goesOn || !batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            (request.Progress, request.Advanced, request.CqeFlags, request.Receiving.Length) = (0, 0, CqeFlags.None, 0);
        }
    }

    private static bool IsBundle(Request request) => (request.Marks & Marks.Multishot) != 0;

    /// <summary>
    /// By IOSQE_ASYNC. The kernel has a worker arm the poll before each attempt, and takes it for a failure if there is room
    /// (io_uring/io_uring.c, io_wq_submit_work): such a send waits, and then never sends.
    /// </summary>
    private static IssueOutcome FromWorker(Request request)
    {
        int ready = Libc.Poll(request.File, Libc.POLLOUT | Libc.POLLPRI | Libc.POLLRDHUP, 0, out _);
        return ready > 0 ? Exchange.Done(request, -Errno.ECANCELED) : IssueOutcome.WouldBlock;
    }

    private static IssueOutcome Attempt(Request request)
    {
        if (request.Caller.LendsInPlace || request.Loan is not null)
            return Send.Attempt(request);
        int error = IoVector.Lend(request, Libc.VectorAt(request.Vector, request.VectorCount), LoanDirection.FromCaller);
        if (error < 0)
            return Exchange.Done(request, error);
        IssueOutcome outcome = Send.Attempt(request);
        if (outcome == IssueOutcome.Done)
        {
            request.Loan!.End(0); // nothing comes back
            request.Loan = null;
        }

        return outcome;
    }

    private static int Select(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int room = IsBundle(request) ? BufferRing.MostAtATime : 1;
        if (request.Vector == 0)
        {
            request.Vector = Libc.AllocateVector(room);
            (request.OwnsVector, request.NeedsCleanup) = (true, true);
        }

        uint most = request.Receiving.Length == 0 ? int.MaxValue : Math.Min(request.Receiving.Length, int.MaxValue);
        Span<IoVec> vectors = Libc.VectorAt(request.Vector, room);
        int count = request.Ring.BufferGroups.SelectMany(sqe.BufGroup, mayRetry: false, most, vectors, ref request.Selection);
        if (count < 0)
            return count;
        request.VectorCount = count;
        request.Asked = 0;
        foreach (ref readonly IoVec vector in vectors[..count])
            request.Asked += (long)vector.Len;
        return 0;
    }
}
