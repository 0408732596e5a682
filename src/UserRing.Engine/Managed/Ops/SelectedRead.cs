using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// Reads into provided buffers, and READ_MULTISHOT, which is nothing else. A buffer is taken for each attempt, under the submit lock, and
/// put back if the attempt would block: while a request waits for its file it has none (io_uring/rw.c).
/// </summary>
internal static class SelectedRead
{
    private const int MostInARow = 32;

    internal static int PrepareMany(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((request.Marks & Marks.SelectsBuffer) == 0)
            return -Errno.EINVAL;
        int error = ReadWrite.Prepare(request);
        if (error < 0)
            return error;
        if (sqe.Addr != 0 || sqe.Len != 0)
            return -Errno.EINVAL;
        request.Marks |= Marks.Multishot;
        return 0;
    }

    /// <summary>READV with BUFFER_SELECT: one iovec, of which the length counts.</summary>
    internal static int PrepareVector(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len != 1)
            return -Errno.EINVAL;
        var vector = default(IoVec);
        int error = request.Caller.CopyIn((nuint)sqe.Addr, MemoryMarshal.AsBytes(new Span<IoVec>(ref vector)));
        if (error < 0)
            return error;
        if ((nint)vector.Len < 0)
            return -Errno.EINVAL;
        sqe.Len = (uint)Math.Min(vector.Len, RingLimits.MaxTransferBytes);
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref FileFacts.Entry facts = ref batch.FactsOf(request.File);
        if (facts.OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        bool mayRetry = mode != IssueMode.Worker && !facts.HasNoReadiness;
        if (request.Selection.IsMade) // paid for at an earlier attempt
            return Attempt(request, batch, mode);
        if (!mayRetry)
        {
            int error;
            using (request.Ring.Submission.Hold())
                error = Select(request, mayRetry: false);
            return error < 0 ? Done(request, error) : Attempt(request, batch, mode);
        }

        using (request.Ring.Submission.Hold())
        {
            int error = Select(request, mayRetry: true);
            return error < 0 ? Done(request, error) : Attempt(request, batch, mode);
        }
    }

    internal static IssueOutcome IssueMany(Request request, IssueBatch batch, IssueMode mode)
    {
        ref FileFacts.Entry facts = ref batch.FactsOf(request.File);
        if (facts.OpenFlags < 0 || facts.HasNoReadiness)
            return Done(request, facts.OpenFlags < 0 ? -Errno.EBADF : -Errno.EBADFD);
        for (int read = 0; read < MostInARow; read++)
        {
            IssueOutcome outcome = Issue(request, batch, mode);
            if (outcome != IssueOutcome.Done || request.Result <= 0)
                return outcome;
            if (!batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            (request.Progress, request.CqeFlags) = (0, CqeFlags.None);
        }

        return IssueOutcome.Again;
    }

    private static int Select(Request request, bool mayRetry)
    {
        ref Sqe sqe = ref request.Sqe;
        request.SelectionLength = sqe.Len;
        uint length = sqe.Len;
        int error = request.Ring.BufferGroups.Select(sqe.BufGroup, mayRetry, ref length, ref request.Selection);
        if (error < 0)
            return error;
        (sqe.Addr, sqe.Len) = (request.Selection.Address, length);
        if (!mayRetry)
            request.CqeFlags = request.Selection.Flags(request.Selection.HasMore);
        return 0;
    }

    private static IssueOutcome Attempt(Request request, IssueBatch batch, IssueMode mode)
    {
        IssueOutcome outcome = ReadWrite.Transfer(request, batch, mode, write: false, vector: false);
        if (outcome == IssueOutcome.Parked)
            return outcome; // the device has it
        bool failed = outcome == IssueOutcome.Done && (request.Result < 0 || request.Result == 0 && IsMultishot(request));
        bool gives = outcome == IssueOutcome.Done && !(failed && !request.Selection.IsFromList);
        using (request.Ring.Submission.Hold())
        {
            if (!gives && request.Ring.BufferGroups.Recycle(ref request.Selection))
            {
                request.Sqe.Len = request.SelectionLength;
                request.CqeFlags = CqeFlags.None;
            }
            else if (outcome == IssueOutcome.Done)
            {
                request.CqeFlags = BufferGroups.Finish(ref request.Selection, request.Result);
                request.Sqe.Len = request.SelectionLength;
            }
        }

        return outcome;
    }

    private static bool IsMultishot(Request request) => (request.Marks & Marks.Multishot) != 0;

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
