using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>FSYNC. It always may block, so it never runs on the submitter.</summary>
internal static class Sync
{
    internal static int PrepareFsync(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 || (sqe.FsyncFlags & ~FsyncFlags.DataSync) != 0)
            return -Errno.EINVAL;
        return (long)sqe.Off < 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Fsync(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
        {
            if (batch.FactsOf(request.File).OpenFlags >= 0)
                return IssueOutcome.WouldBlock;
            request.Result = -Errno.EBADF;
            return IssueOutcome.Done;
        }

        // A range (off, len) reaches the file system in the kernel; from user space the whole file is synced, which is never less.
        ref Sqe sqe = ref request.Sqe;
        int result;
        do
        {
            result = (sqe.FsyncFlags & FsyncFlags.DataSync) != 0 ? Libc.Fdatasync(request.File) : Libc.Fsync(request.File);
        }
        while (request.MustRepeat(result));

        request.FinishForgiven(result);
        return IssueOutcome.Done;
    }
}
