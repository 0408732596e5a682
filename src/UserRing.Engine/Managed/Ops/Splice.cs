using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SPLICE and TEE. The kernel runs them on a worker that waits (io_uring/splice.c); from one pipe to another they are tried here first. The
/// input is looked up when the call is made, as it is there.
/// </summary>
internal static class Splice
{
    private const uint Known = (uint)SpliceFlags.FdInFixed
        | Libc.SPLICE_F_MOVE | Libc.SPLICE_F_NONBLOCK | Libc.SPLICE_F_MORE | Libc.SPLICE_F_GIFT;

    internal static int Prepare(Request request) => ((uint)request.Sqe.SpliceFlags & ~Known) != 0 ? -Errno.EINVAL : 0;

    internal static int PrepareTee(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.SpliceOffIn != 0 || sqe.Off != 0 ? -Errno.EINVAL : Prepare(request);
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        ref Sqe sqe = ref request.Sqe;
        RegisteredFile? slot = null;
        int from;
        if ((sqe.SpliceFlags & SpliceFlags.FdInFixed) != 0)
        {
            slot = FindSlot(request);
            from = slot?.Descriptor ?? -1;
        }
        else
        {
            from = request.Caller.Borrow(sqe.SpliceFdIn, batch);
        }

        int result = from < 0 || batch.FactsOf(from).OpenFlags < 0 ? -Errno.EBADF
            : sqe.Len == 0 ? 0
            // The system call would first look whether a pipe was given an offset.
            : !batch.FactsOf(from).IsOpenFor(write: false) || !batch.FactsOf(request.File).IsOpenFor(write: true) ? -Errno.EBADF
            : mode != IssueMode.Worker ? Attempt(request, batch, from)
            : Call(request, from, (uint)sqe.SpliceFlags);
        slot?.Release(batch);
        return result == -Errno.EAGAIN && mode != IssueMode.Worker ? IssueOutcome.WouldBlock : Done(request, result);
    }

    /// <summary>Without waiting: -EAGAIN leaves it to a worker, who waits if he may and says so if not.</summary>
    private static int Attempt(Request request, IssueBatch batch, int from) =>
        batch.FactsOf(from).IsPipe && batch.FactsOf(request.File).IsPipe
            ? Call(request, from, (uint)request.Sqe.SpliceFlags | Libc.SPLICE_F_NONBLOCK)
            : -Errno.EAGAIN;

    private static int Call(Request request, int from, uint flags)
    {
        ref Sqe sqe = ref request.Sqe;
        flags &= ~(uint)SpliceFlags.FdInFixed;
        int result;
        do
        {
            result = sqe.Opcode == Opcode.Tee
                ? Libc.Tee(from, request.File, sqe.Len, flags)
                : Libc.Splice(from, (long)sqe.SpliceOffIn, request.File, (long)sqe.Off, sqe.Len, flags);
        }
        while (request.MustRepeat(result));

        // The kernel's own waits for a pipe end with its internal code.
        return result == -Errno.EINTR ? WorkerOnly.Restarted : result;
    }

    /// <summary>The input's slot, with a reference: a worker holds no lock that would keep it.</summary>
    private static RegisteredFile? FindSlot(Request request)
    {
        using (request.Ring.Submission.Hold()) // held already unless on a worker
        {
            RegisteredFile? slot = request.Ring.Files.Find(request.Sqe.SpliceFdIn);
            slot?.AddReference();
            return slot;
        }
    }

    private static IssueOutcome Done(Request request, int result)
    {
        if (request.Marks != Marks.None && (uint)result < request.Sqe.Len)
            request.Marks |= Marks.Short;
        request.Result = result;
        return IssueOutcome.Done;
    }
}
