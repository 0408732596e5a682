using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// CLOSE of a descriptor or of a slot. Here if closing cannot wait, else on a worker, which is what io_uring/openclose.c does for files
/// that flush when they are closed; the number is looked up there.
/// </summary>
internal static class Close
{
    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Off != 0 || sqe.Addr != 0 || sqe.Len != 0 || sqe.RwFlags != 0 || sqe.BufIndex != 0)
            return -Errno.EINVAL;
        if ((sqe.Flags & SqeFlags.FixedFile) != 0)
            return -Errno.EBADF;
        return sqe.FileIndex != 0 && sqe.Fd != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.FileIndex != 0)
        {
            request.Result = request.Ring.Files.RemoveFixed(sqe.FileIndex - 1, batch);
            return IssueOutcome.Done;
        }

        if (ManagedEngine.IsRing(sqe.Fd))
        {
            request.Result = -Errno.EBADF;
            return IssueOutcome.Done;
        }

        // Not looked at where it would have to be borrowed for that: what is lent keeps the file open until the batch ends.
        if (mode != IssueMode.Worker && (!request.Caller.LendsInPlace || batch.MayWaitToClose(sqe.Fd)))
            return IssueOutcome.WouldBlock;
        request.Result = request.Caller.Close(sqe.Fd); // gone even on EINTR: never repeated
        batch.Forget(sqe.Fd);
        return IssueOutcome.Done;
    }
}
