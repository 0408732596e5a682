using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SEND and SENDMSG from provided buffers: one, or (a bundle) all that the group holds, with a completion for each call that sent some.
/// What a send takes is used up, whatever becomes of it (io_uring/net.c, io_send_select_buffer).
/// </summary>
internal static class SelectedSend
{
    private const int MostInBundle = 64;

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
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
            if (!IsBundle(request) || request.Result <= 0 || emptied || !batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            (request.Progress, request.Advanced, request.CqeFlags) = (0, 0, CqeFlags.None);
        }
    }

    private static bool IsBundle(Request request) => (request.Marks & Marks.Multishot) != 0;

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
        if (request.Vector == 0)
        {
            request.Vector = Libc.AllocateVector(MostInBundle);
            (request.OwnsVector, request.NeedsCleanup) = (true, true);
        }

        Span<IoVec> vectors = Libc.VectorAt(request.Vector, MostInBundle);
        Span<IoVec> room = IsBundle(request) ? vectors : vectors[..1];
        int count = request.Ring.BufferGroups.SelectMany(sqe.BufGroup, mayRetry: false, sqe.Len, room, ref request.Selection);
        if (count < 0)
            return count == -Errno.ENOENT && !IsBundle(request) ? -Errno.ENOBUFS : count;
        request.VectorCount = count;
        request.Asked = 0;
        foreach (ref readonly IoVec vector in vectors[..count])
            request.Asked += (long)vector.Len;
        return 0;
    }
}
