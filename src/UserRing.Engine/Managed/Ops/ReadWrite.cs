using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// The read and write family: one attempt that cannot block (RWF_NOWAIT, which also starts the read of an uncached page), then whatever the
/// answer calls for. Buffers and iovec arrays go to the system call as they are; it says EFAULT where we could not look. On files
/// the rest of a short transfer is retried, as io_uring/rw.c does; streams are taken as they come.
/// </summary>
internal static class ReadWrite
{
    private const long CurrentPosition = -1;
    private const int MostIovecs = RingLimits.MaxIovecs;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int error = IoPriority.Check(request);
        return error < 0 || sqe.AttrTypeMask == RwAttrFlags.None ? error : Metadata.Prepare(request);
    }

    internal static int PrepareVector(Request request)
    {
        int error = Prepare(request);
        if (error < 0)
            return error;
        if ((request.Marks & Marks.SelectsBuffer) != 0)
            return SelectedRead.PrepareVector(request);
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len > MostIovecs)
            return -Errno.EINVAL;
        // Otherwise the system call, made before enter returns, reads the array itself, which saves a copy.
        bool isReadNow = !request.Caller.LendsInPlace || sqe.Fd < 0 || (sqe.Flags & SqeFlags.Async) != 0 || request.Marks != Marks.None
            || sqe.Opcode is Opcode.ReadvFixed or Opcode.WritevFixed;
        return isReadNow ? IoVector.Take(request) : 0;
    }

    internal static IssueOutcome Read(Request request, IssueBatch batch, IssueMode mode)
    {
        if ((request.Marks & Marks.SelectsBuffer) != 0)
            return SelectedRead.Issue(request, batch, mode);
        bool vector = request.Sqe.Opcode == Opcode.Readv;
        IssueOutcome outcome = Transfer(request, batch, mode, write: false, vector);
        return vector && outcome == IssueOutcome.Done ? Examined(request, mode) : outcome;
    }

    internal static IssueOutcome Write(Request request, IssueBatch batch, IssueMode mode)
    {
        bool vector = request.Sqe.Opcode == Opcode.Writev;
        IssueOutcome outcome = Transfer(request, batch, mode, write: true, vector);
        return vector && outcome == IssueOutcome.Done ? Examined(request, mode) : outcome;
    }

    internal static IssueOutcome ReadFixed(Request request, IssueBatch batch, IssueMode mode) =>
        Fixed(request, batch, mode, write: false, vector: false);

    internal static IssueOutcome WriteFixed(Request request, IssueBatch batch, IssueMode mode) =>
        Fixed(request, batch, mode, write: true, vector: false);

    internal static IssueOutcome ReadvFixed(Request request, IssueBatch batch, IssueMode mode) =>
        Fixed(request, batch, mode, write: false, vector: true);

    internal static IssueOutcome WritevFixed(Request request, IssueBatch batch, IssueMode mode) =>
        Fixed(request, batch, mode, write: true, vector: true);

    internal static void Cleanup(Request request) => IoVector.Free(request);

    /// <summary>
    /// A failed attempt with the program's own iovec array: if that is bad, it counts as found in preparation, before all else.
    /// </summary>
    private static IssueOutcome Examined(Request request, IssueMode mode)
    {
        if (request.Result >= 0 || request.Vector != 0 || mode != IssueMode.Inline || IoVector.Take(request) is not (< 0 and var error))
            return IssueOutcome.Done;
        request.Result = error;
        return IssueOutcome.Refused;
    }

    private static IssueOutcome Fixed(Request request, IssueBatch batch, IssueMode mode, bool write, bool vector)
    {
        if (request.FixedBuffer is null)
        {
            ref Sqe sqe = ref request.Sqe;
            if (batch.FactsOf(request.File).OpenFlags < 0)
                return Done(request, -Errno.EBADF);
            request.FixedBuffer = request.Ring.Buffers.Find(sqe.BufIndex);
            if (mode != IssueMode.Inline && request.FixedBuffer is { } found)
            {
                // Off the submitter the table's own reference may go at any moment.
                request.HoldsFixedBuffer = found.TryAddReference();
                if (!request.HoldsFixedBuffer)
                    request.FixedBuffer = null;
            }

            int error = request.FixedBuffer is not { } buffer ? -Errno.EFAULT
                : vector ? IoVector.CheckWithin(request, buffer)
                : buffer.Contains((nuint)sqe.Addr, sqe.Len) ? 0 : -Errno.EFAULT;
            if (error < 0)
                return Done(request, error);
        }

        return Transfer(request, batch, mode, write, vector);
    }

    internal static IssueOutcome Transfer(Request request, IssueBatch batch, IssueMode mode, bool write, bool vector)
    {
        ref FileFacts.Entry facts = ref batch.FactsOf(request.File);
        int flags = (int)request.Sqe.RwFlags;
        if (!write && !vector && flags == 0 && mode == IssueMode.Inline && MayGather(request, batch, ref facts))
        {
            request.TryFlags = facts.MayTry(write) ? Libc.RWF_NOWAIT : 0;
            batch.Gather(request);
            return IssueOutcome.Parked;
        }

        if (facts.OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        if ((request.Marks & Marks.HasMetadata) != 0)
            return Done(request, -Errno.EINVAL); // as of any file that keeps none
        if (flags != 0 && TransferFlags.Check(ref facts, write, flags) is < 0 and var refusal)
            return Done(request, refusal);
        if (write && mode != IssueMode.Worker && TransferFlags.ForbidsWrite(flags, ref facts))
            return Done(request, -Errno.EAGAIN);
        if (request.Ring.PollsDevices && !PolledTransfer.IsServed(request, ref facts, write))
            return Done(request, -Errno.EOPNOTSUPP);
        if (!batch.Caller.LendsInPlace && request.Loan is null)
        {
            int error = Borrow(request, write, vector);
            if (error < 0)
                return Done(request, error);
        }

        if (request.Marks != Marks.None && request.Progress == 0)
        {
            request.Asked = (long)Total(request, vector);
            request.ByWorker |= facts.IsMemoryFile || write && facts.WritesBlock; // where the kernel cannot try
        }

        if (request.Progress > 0 && !RestIsOwed(request, ref facts, vector))
            return Finish(request);
        bool ownNoWait = mode != IssueMode.Worker && (flags & Libc.RWF_NOWAIT) == 0;
        if (ownNoWait && !request.CannotTry && mode == IssueMode.Inline && facts.IsDirect && facts.HasNoReadiness)
        {
            if (StartDirect(request, write, vector, flags))
                return IssueOutcome.Parked;
            request.CannotTry = request.WasReady = true;
            return Wait(request, vector);
        }

        if (ownNoWait && (write ? facts.WriteNeedsWorker : facts.ReadNeedsWorker))
        {
            if (!MayRunHere(request, batch, ref facts, write))
            {
                request.CannotTry = true;
                return Wait(request, vector);
            }

            ownNoWait = false; // in memory: a plain call does not block
        }

        return Attempt(request, batch, ref facts, mode, write, vector, flags, ownNoWait);
    }

    /// <summary>Whether a plain read may be tried together with others of its batch.</summary>
    private static bool MayGather(Request request, IssueBatch batch, ref FileFacts.Entry facts) =>
        !request.WasGathered && request.Marks == Marks.None && batch.Caller.LendsInPlace && !request.Ring.PollsDevices
        && (facts.MayTry(write: false) || facts.Tryable && facts.IsMemoryFile && (long)request.Sqe.Off != CurrentPosition);

    /// <summary>Whether a call that cannot be told not to block does not block all the same.</summary>
    private static bool MayRunHere(Request request, IssueBatch batch, ref FileFacts.Entry facts, bool write) =>
        facts.IsMemoryFile && (long)request.Sqe.Off != CurrentPosition && !(write && batch.HasSizeLimit);

    /// <summary>
    /// The system call does not even look when nothing is to be transferred. Nothing to a socket is an empty message, or an error.
    /// </summary>
    private static nint WriteNothing(Request request, ref FileFacts.Entry facts) =>
        facts.IsSocket ? Libc.Send(request.File, 0, 0, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL) : 0;

    private static IssueOutcome Attempt(
        Request request, IssueBatch batch, ref FileFacts.Entry facts, IssueMode mode, bool write, bool vector, int flags, bool ownNoWait)
    {
        long offset = request.IsStream ? CurrentPosition : (long)request.Sqe.Off;
        request.ByWorker &= IsWorkers(request, ref facts, mode, write, vector, offset);
        while (true)
        {
            nint done = Call(request, write, vector, offset, flags | (ownNoWait ? Libc.RWF_NOWAIT : 0));
            if (done == 0 && write)
                done = WriteNothing(request, ref facts);
            if (done >= 0)
            {
                request.Progress += (int)done;
                if (done == 0 || !RestIsOwed(request, ref facts, vector))
                    return Finish(request);
                continue;
            }

            switch ((int)done)
            {
                case -Errno.ESPIPE when offset != CurrentPosition && (long)request.Sqe.Off >= 0:
                    // A stream: whatever offset was given is ignored, once it has been checked as a file's is.
                    if (offset > long.MaxValue - (long)Total(request, vector))
                        return Done(request, facts.IsOpenFor(write) ? -Errno.EINVAL : -Errno.EBADF);
                    (request.IsStream, offset) = (true, CurrentPosition);
                    continue;
                case -Errno.EAGAIN or -Errno.EOPNOTSUPP when TransferFlags.WouldWait(flags, (int)done, ref facts):
                    if (mode != IssueMode.Worker)
                        return request.Progress > 0 ? Finish(request) : Done(request, -Errno.EAGAIN);
                    flags &= ~Libc.RWF_NOWAIT; // nobody waits for a worker (io_uring/rw.c drops it there)
                    continue;
                case -Errno.EOPNOTSUPP when ownNoWait:
                    (write ? ref facts.WriteNeedsWorker : ref facts.ReadNeedsWorker) = true;
                    if (MayRunHere(request, batch, ref facts, write))
                    {
                        batch.HintMemoryFile(request.File);
                        ownNoWait = false;
                        continue;
                    }

                    request.CannotTry = true;
                    return Wait(request, vector);
                case -Errno.EAGAIN when (flags & Libc.RWF_NOWAIT) == 0 && !ownNoWait && facts.HasNoReadiness:
                    return WaitOnAFile(request, vector);
                case -Errno.EAGAIN when (flags & Libc.RWF_NOWAIT) == 0:
                    request.WasReady &= ownNoWait; // O_NONBLOCK is not honoured on what can be polled: the request waits
                    request.CannotTry |= facts.HasNoReadiness;
                    return Wait(request, vector);
                case -Errno.EINTR when request.MustRepeat(done):
                    continue; // nothing was transferred
                case -Errno.EINVAL when ownNoWait && !request.WasReady && !facts.HasNoReadiness && HasNoCall(request, write):
                    return Wait(request, vector);
                case -Errno.EINVAL when offset < CurrentPosition && !facts.IsOpenFor(write):
                    return Done(request, -Errno.EBADF); // the system call looks at the offset first, the kernel's engine at the direction
                default:
                    return request.Progress > 0 ? Finish(request) : Done(request, (int)done);
            }
        }
    }

    /// <summary>
    /// Whether the kernel's worker, if one has it, ends it as well. A direct transfer is ended by the device, unless it makes the file
    /// longer; and no worker is needed to wait for pages of a file system that can call back (FOP_BUFFER_RASYNC).
    /// </summary>
    private static bool IsWorkers(Request request, ref FileFacts.Entry facts, IssueMode mode, bool write, bool vector, long offset)
    {
        if (mode != IssueMode.Worker || request.Marks == Marks.None || !facts.IsDirect)
            return write || (request.Sqe.Flags & SqeFlags.Async) != 0 || !facts.TakesNoWait;
        return write && (offset == CurrentPosition || Libc.StatFd(request.File, out FileIdentity file) < 0
            || offset + (long)Total(request, vector) > file.Size);
    }

    /// <summary>
    /// A file that can be polled and has no call of this kind (an epoll, say): it refuses even nothing at all. The kernel waits until it
    /// is ready before it says so.
    /// </summary>
    private static bool HasNoCall(Request request, bool write) =>
        -Errno.EINVAL == (write
            ? Libc.Pwritev2(request.File, default, CurrentPosition, 0)
            : Libc.Preadv2(request.File, default, CurrentPosition, 0));

    /// <summary>One system call for what is left: bytes or -errno.</summary>
    internal static nint Call(Request request, bool write, bool vector, long offset, int flags)
    {
        if (offset != CurrentPosition)
            offset += request.Progress;
        ref Sqe sqe = ref request.Sqe;
        if (vector || request.Vector != 0)
        {
            (nuint iovecs, int count) = request.Vector != 0 ? (request.Vector, request.VectorCount) : ((nuint)sqe.Addr, (int)sqe.Len);
            return write
                ? Libc.Pwritev2(request.File, iovecs, count, offset, flags)
                : Libc.Preadv2(request.File, iovecs, count, offset, flags);
        }

        nuint progress = (nuint)request.Progress;
        var rest = new IoVec { Base = (nuint)sqe.Addr + progress, Len = Math.Min(sqe.Len, RingLimits.MaxTransferBytes) - progress };
        return write ? Libc.Pwritev2(request.File, rest, offset, flags) : Libc.Preadv2(request.File, rest, offset, flags);
    }

    /// <summary>After a transfer that moved something: whether more was asked for and the file is one whose rest is retried.</summary>
    private static bool RestIsOwed(Request request, ref FileFacts.Entry facts, bool vector)
    {
        if (request.IsStream)
            return false;
        if (!vector && request.Vector == 0)
            return (uint)request.Progress < Math.Min(request.Sqe.Len, RingLimits.MaxTransferBytes) && facts.HasNoReadiness;
        if (!facts.HasNoReadiness || request.Vector == 0 && IoVector.Take(request) < 0)
            return false;
        IoVector.Advance(request);
        return request.VectorCount > 0;
    }

    /// <summary>Bytes that are asked for.</summary>
    private static nuint Total(Request request, bool vector)
    {
        if (!vector)
            return Math.Min(request.Sqe.Len, RingLimits.MaxTransferBytes);
        nuint total = 0;
        if (request.Vector == 0 && IoVector.Take(request) < 0)
            return 0;
        foreach (IoVec part in Libc.VectorAt(request.Vector, request.VectorCount))
            total += part.Len;
        return total;
    }

    /// <summary>It would block: what the program may change once enter returns is copied first.</summary>
    private static IssueOutcome Wait(Request request, bool vector)
    {
        if (vector && request.Vector == 0 && request.Sqe.Len > 0)
        {
            int error = IoVector.Take(request);
            if (error < 0)
                return Done(request, error);
        }

        return IssueOutcome.WouldBlock;
    }

    /// <summary>
    /// A plain call on what is a file by its kind would block: O_NONBLOCK on something like /proc/kmsg. If epoll can watch it after all, it
    /// is waited for; if not, the answer stands. Trying again would spin.
    /// </summary>
    private static IssueOutcome WaitOnAFile(Request request, bool vector)
    {
        if (Wait(request, vector) == IssueOutcome.Done)
            return IssueOutcome.Done;
        request.CannotTry = true;
        int error = Submission.HoldForParking(request);
        if (error == 0)
            error = request.Ring.GetPollWait().Park(request, (uint)OpTable.Of(request.Sqe.Opcode).ReadyOn);
        return error == 0 ? IssueOutcome.Parked : Done(request, error == -Errno.EPERM ? -Errno.EAGAIN : error);
    }

    /// <summary>Local memory in place of a foreign caller's.</summary>
    private static int Borrow(Request request, bool write, bool vector)
    {
        if (vector && request.Vector == 0)
        {
            int error = IoVector.Take(request);
            if (error < 0)
                return error;
        }

        var single = new IoVec { Base = (nuint)request.Sqe.Addr, Len = Math.Min(request.Sqe.Len, RingLimits.MaxTransferBytes) };
        ReadOnlySpan<IoVec> theirs = vector ? Libc.VectorAt(request.Vector, request.VectorCount) : new ReadOnlySpan<IoVec>(in single);
        return IoVector.Lend(request, theirs, write ? LoanDirection.FromCaller : LoanDirection.ToCaller);
    }

    /// <summary>A transfer that moved what could be moved: less than asked for ends a chain, though it is no error.</summary>
    private static IssueOutcome Finish(Request request)
    {
        if (request.Marks != Marks.None && request.Progress < request.Asked)
            request.Marks |= Marks.Short;
        return Done(request, request.Progress);
    }

    private static bool StartDirect(Request request, bool write, bool vector, int flags)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((long)sqe.Off == CurrentPosition || vector && request.Vector == 0 && IoVector.Take(request) < 0)
            return false;
        IoVec? buffer = request.Vector == 0
            ? new IoVec { Base = (nuint)sqe.Addr, Len = Math.Min(sqe.Len, RingLimits.MaxTransferBytes) }
            : request.VectorCount == 1 ? Libc.VectorAt(request.Vector, 1)[0] : null;
        if (buffer is null && request.VectorCount == 0)
            return false;
        long total = (long)(buffer?.Len ?? Total(request, vector: true));
        return request.Ring.GetDirectWait().TryPark(request, write, buffer, total, flags);
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.ByWorker &= result >= 0; // a worker leaves a transfer that fails to the task (io_uring/rw.c, io_rw_done)
        request.Result = result;
        return IssueOutcome.Done;
    }
}
