using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// FALLOCATE and FTRUNCATE: always on a worker, as in the kernel; there, too, they do not take turns with buffered writes to the file.
/// </summary>
internal static class Size
{
    internal static int PrepareAllocate(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.BufIndex != 0 || sqe.RwFlags != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Allocate(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return WorkerOnly.IfOpen(request, batch);
        ref Sqe sqe = ref request.Sqe;
        do
            request.Result = Libc.Fallocate(request.File, (int)sqe.Len, (long)sqe.Off, (long)sqe.Addr);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static int PrepareTruncate(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        bool isBad = sqe.RwFlags != 0 || sqe.Addr != 0 || sqe.Len != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 || sqe.Addr3 != 0;
        return isBad ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Truncate(Request request, IssueBatch batch, IssueMode mode)
    {
        long length = (long)request.Sqe.Off;
        // The system call looks at the length before it looks whether there is a file.
        if (mode != IssueMode.Worker || length < 0 && batch.FactsOf(request.File).OpenFlags < 0)
            return WorkerOnly.IfOpen(request, batch);
        do
            request.Result = Libc.Ftruncate(request.File, length);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }
}
