using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// CONNECT. A non-blocking socket is connected on the submitter and waited for until it can be written to. On a blocking one the call itself
/// waits, and there is no flag against that; its mode is the program's and is not touched, so a worker makes the call, where a cancel
/// interrupts it.
/// </summary>
internal static class Connect
{
    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len != 0 || sqe.BufIndex != 0 || sqe.RwFlags != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        return SocketAddress.Take(request, sqe.Addr, sqe.Off);
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (request.Progress > 0) // under way, and now ready
            return Done(request, Libc.TakeSocketError(request.File));
        ref FileFacts.Entry facts = ref batch.FactsOf(request.File);
        if (facts.OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        bool blocks = (facts.OpenFlags & Libc.O_NONBLOCK) == 0;
        if (blocks && mode != IssueMode.Worker)
        {
            int type = Libc.SocketType(request.File);
            if (type < 0)
                return Done(request, type);
            request.CannotTry = request.WasReady = true; // readiness means nothing before the call
            return IssueOutcome.WouldBlock;
        }

        int result;
        do
            result = Libc.Connect(request.File, request.Copied, (uint)request.Sqe.Off);
        while (request.MustRepeat(result));
        switch (result)
        {
            case -Errno.EINPROGRESS:
                request.Progress = 1;
                return IssueOutcome.WouldBlock;
            case -Errno.EALREADY when blocks: // the repeated call of one that a signal of the runtime's interrupted
            case -Errno.EAGAIN: // a Unix listener's queue is full
                return IssueOutcome.WouldBlock;
            case -Errno.EINTR:
                return Done(request, -Errno.ECANCELED); // goes on in the background, as the kernel's does
            default:
                return Done(request, result);
        }
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
