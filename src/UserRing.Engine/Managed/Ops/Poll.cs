using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>POLL_ADD, one shot: the result is the mask of ready events.</summary>
internal static class Poll
{
    private const uint Unasked = Libc.EPOLLERR | Libc.EPOLLHUP;
    private const uint Behaviour = Libc.EPOLLONESHOT | Libc.EPOLLET | Libc.EPOLLEXCLUSIVE;

    internal static int PrepareAdd(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        // Multishot (len bit 0) is refused too: it is not implemented.
        if (sqe.BufIndex != 0 || sqe.Off != 0 || sqe.Addr != 0 || sqe.Len != 0)
            return -Errno.EINVAL;
        request.WaitEvents = BitConverter.IsLittleEndian ? sqe.Poll32Events : (sqe.Poll32Events << 16) | (sqe.Poll32Events >> 16);
        request.WaitEvents &= ~Behaviour;
        return 0;
    }

    internal static IssueOutcome Add(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode == IssueMode.Ready && request.WasReady)
            return Done(request, (uint)request.Result);

        // poll(2) understands the low bits only; they are all that a file reports besides what epoll adds.
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Done(request, error: -Errno.EBADF);
        int count = Libc.Poll(request.File, (short)request.WaitEvents, 0, out short ready);
        uint events = (ushort)ready & (request.WaitEvents | Unasked);
        if (count > 0 && events != 0)
            return Done(request, events);

        int error = Submission.HoldForParking(request);
        if (error == 0)
            error = request.Ring.GetPollWait().Park(request, request.WaitEvents);
        return error switch
        {
            0 => IssueOutcome.Parked,
            // Always ready, hence polled above: what it was asked for does not exist on it, and nothing would ever come.
            -Errno.EPERM => Done(request, error: -Errno.EINVAL),
            _ => Done(request, error),
        };
    }

    private static IssueOutcome Done(Request request, uint events) => Done(request, (int)(events & (request.WaitEvents | Unasked)));

    private static IssueOutcome Done(Request request, int error)
    {
        request.Result = error;
        return IssueOutcome.Done;
    }
}
