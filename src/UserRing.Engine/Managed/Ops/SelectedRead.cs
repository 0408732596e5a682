using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;
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
        if (request.Selection.IsMade) // paid for at an earlier attempt
            return Attempt(request, batch, mode);
        bool onWorker = mode == IssueMode.Worker || request.IsForKernelsWorker && !IsMultishot(request);
        if (onWorker || facts.HasNoReadiness)
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
        if (facts.OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        if (!request.WasReady && !CanBePolled(request.File, ref facts))
            return Done(request, -Errno.EBADFD);
        bool onWorker = request.IsForKernelsWorker || request.MayBlock;
        request.CannotTry = onWorker && BlocksWhenTried(request.File, ref facts);
        if (request.CannotTry)
            return IssueOnce(request, batch, mode);
        if (onWorker && !request.WasReady)
            return IssueOutcome.WouldBlock; // it waits before it is attempted (io_uring/io_uring.c, io_wq_submit_work)
        if (mode == IssueMode.Worker)
            mode = IssueMode.Ready; // it never blocks
        for (int read = 0; read < MostInARow; read++)
        {
            IssueOutcome outcome;
            using (request.Ring.Submission.Hold())
            {
                // A cancel that comes through the ring holds this lock: one that found the request alive is the last word.
                outcome = request.IsStopped ? IssueOutcome.WouldBlock : Issue(request, batch, mode);
                // A buffer is asked for when there is something to put into it; and once it waits, it goes on waiting even if told not to.
                if (outcome == IssueOutcome.Done
                    && (request.Result == -Errno.ENOBUFS && read > 0 && !IsReadable(request.File)
                        || request.Result == -Errno.EAGAIN && mode != IssueMode.Inline))
                    outcome = IssueOutcome.WouldBlock;
                request.HasEnded = outcome == IssueOutcome.Done && request.Result <= 0;
            }

            request.Marks &= ~Marks.Short; // however little it was, and nothing as well: only an error ends a chain
            if (outcome != IssueOutcome.Done || request.Result <= 0)
                return outcome;
            if (!batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            (request.Progress, request.CqeFlags) = (0, CqeFlags.None);
            // From here on it waits, which it was told not to.
            if (mode == IssueMode.Inline && (request.Sqe.RwFlags & (uint)Libc.RWF_NOWAIT) != 0)
                return Done(request, -Errno.EAGAIN);
        }

        return IssueOutcome.Again;
    }

    /// <summary>
    /// One whose file can only be read by blocking, on a worker, is no multishot any more: it waits until there is something, and ends with
    /// that (io_uring/io_uring.c, io_wq_submit_work).
    /// </summary>
    private static IssueOutcome IssueOnce(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode == IssueMode.Worker)
        {
            IssueOutcome outcome = Issue(request, batch, mode);
            request.Marks &= ~Marks.Short;
            return outcome;
        }

        using (request.Ring.Submission.Hold())
        {
            // The attempt that finds nothing uses up a ring's buffer, which is then the request's; one of a list is put back.
            int error = request.Selection.IsMade ? 0 : Select(request, mayRetry: false);
            if (error < 0)
                return Done(request, error);
            if (request.Ring.BufferGroups.Recycle(ref request.Selection))
                (request.Sqe.Len, request.CqeFlags) = (request.SelectionLength, CqeFlags.None);
        }

        return IssueOutcome.WouldBlock;
    }

    /// <summary>A device may have no readiness either: epoll says so, whatever it is asked to do.</summary>
    private static bool CanBePolled(int file, ref FileFacts.Entry facts) =>
        !facts.HasNoReadiness && (facts.IsPipe || facts.IsSocket || Poller.Instance.CanWatch(file));

    /// <summary>
    /// Whether a file may block a read that is not to block (no FMODE_NOWAIT, and no O_NONBLOCK either). Of a file without read_iter the
    /// call refuses all flags before it looks at them, elsewhere two that contradict each other; terminals have one, and block.
    /// </summary>
    private static bool BlocksWhenTried(int file, ref FileFacts.Entry facts)
    {
        const int Contradiction = Libc.RWF_APPEND | Libc.RWF_NOAPPEND;
        if ((facts.OpenFlags & Libc.O_NONBLOCK) != 0 || facts.IsPipe || facts.IsSocket)
            return false;
        return facts.IsRegular || Libc.BytesToSend(file) >= 0
            || Libc.Preadv2(file, new IoVec { Len = 1 }, -1, Contradiction) == -Errno.EOPNOTSUPP;
    }

    /// <summary>
    /// The attempt on a file that takes no RWF_NOWAIT: once poll says that there is something, a plain call is made, as on the kernel; but
    /// never on one without read_iter that may block: only a flag tells those, and RWF_DSYNC means nothing to a read. Such a request waits
    /// until it is cancelled (io_uring/rw.c, io_file_supports_nowait and loop_rw_iter).
    /// </summary>
    private static IssueOutcome TryWhenReadable(Request request, ref FileFacts.Entry facts)
    {
        request.CannotTry = false;
        if (!IsReadable(request.File))
            return IssueOutcome.WouldBlock;
        bool mayBlock = (facts.OpenFlags & Libc.O_NONBLOCK) == 0;
        long offset = request.IsStream ? -1 : (long)request.Sqe.Off;
        int flags = (int)request.Sqe.RwFlags | (mayBlock ? Libc.RWF_DSYNC : 0);
        nint read = ReadWrite.Call(request, write: false, vector: false, offset, flags);
        return read is -Errno.EAGAIN or -Errno.EOPNOTSUPP or -Errno.EINTR ? IssueOutcome.WouldBlock : Done(request, (int)read);
    }

    private static bool IsReadable(int file) => Libc.Poll(file, Libc.POLLIN | Libc.POLLPRI | Libc.POLLRDHUP, 0, out _) > 0;

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
        if (outcome == IssueOutcome.WouldBlock && request.CannotTry && IsMultishot(request))
            outcome = TryWhenReadable(request, ref batch.FactsOf(request.File));
        bool isDone = outcome == IssueOutcome.Done;
        if (isDone)
            EndLoan(request, request.Result);
        bool moved = isDone && (request.Result > 0 || request.Result == 0 && !IsMultishot(request));
        // A single read keeps a buffer of a list, even while it waits (io_uring/rw.c, io_read).
        bool givesBack = !moved && (IsMultishot(request) || !request.Selection.IsFromList);
        using (request.Ring.Submission.Hold())
        {
            if (givesBack && request.Ring.BufferGroups.Recycle(ref request.Selection))
            {
                EndLoan(request, 0); // the next attempt may take another buffer
                request.Sqe.Len = request.SelectionLength;
                request.CqeFlags = CqeFlags.None;
            }
            else if (isDone)
            {
                request.CqeFlags = BufferGroups.Finish(ref request.Selection, request.Result);
                request.Sqe.Len = request.SelectionLength;
            }
        }

        return outcome;
    }

    /// <summary>Local memory stands for one buffer.</summary>
    private static void EndLoan(Request request, int bytes)
    {
        if (request.Loan is not { } loan)
            return;
        int error = loan.End(bytes);
        if (error < 0)
            request.Result = error;
        request.Loan = null;
        IoVector.Free(request);
        request.Vector = 0;
    }

    private static bool IsMultishot(Request request) => (request.Marks & Marks.Multishot) != 0;

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
