using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// FADVISE and MADVISE (io_uring/advise.c). Advice that only changes how a file is read ahead runs here, any other on a worker.
/// </summary>
internal static class Advice
{
    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome OnFile(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        bool isQuick = sqe.FadviseAdvice is Libc.POSIX_FADV_NORMAL or Libc.POSIX_FADV_RANDOM or Libc.POSIX_FADV_SEQUENTIAL;
        if (mode != IssueMode.Worker && !isQuick)
            return WorkerOnly.IfOpen(request, batch);
        ulong length = sqe.Addr != 0 ? sqe.Addr : sqe.Len;
        do
            request.Result = Libc.Fadvise(request.File, (long)sqe.Off, (long)length, (int)sqe.FadviseAdvice);
        while (request.MustRepeat(request.Result));
        return IssueOutcome.Done;
    }

    internal static IssueOutcome OnMemory(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        ref Sqe sqe = ref request.Sqe;
        ulong length = sqe.Off != 0 ? sqe.Off : sqe.Len;
        do
            request.Result = request.Caller.Advise((nuint)sqe.Addr, (nuint)length, (int)sqe.FadviseAdvice);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }
}
