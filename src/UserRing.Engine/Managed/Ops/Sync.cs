using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>FSYNC and SYNC_FILE_RANGE. They always may block, so they never run on the submitter.</summary>
internal static class Sync
{
    internal static int PrepareFsync(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 || (sqe.FsyncFlags & ~FsyncFlags.DataSync) != 0)
            return -Errno.EINVAL;
        return (long)sqe.Off < 0 ? -Errno.EINVAL : 0;
    }

    internal static int PrepareRange(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Addr != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Range(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return WorkerOnly.IfOpen(request, batch);
        ref Sqe sqe = ref request.Sqe;
        do
            request.Result = Libc.SyncFileRange(request.File, (long)sqe.Off, sqe.Len, sqe.SyncRangeFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Fsync(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return WorkerOnly.IfOpen(request, batch);
        // A range (off, len) reaches the file system in the kernel; from user space the whole file is synced, which is never less.
        bool dataOnly = (request.Sqe.FsyncFlags & FsyncFlags.DataSync) != 0;
        int result;
        do
            result = dataOnly ? Libc.Fdatasync(request.File) : Libc.Fsync(request.File);
        while (request.MustRepeat(result));
        request.FinishForgiven(result);
        return IssueOutcome.Done;
    }
}
