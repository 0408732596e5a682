using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>EPOLL_CTL, which does not wait, and EPOLL_WAIT, which waits for the epoll's own readiness.</summary>
internal static class Epoll
{
    private const int MostEvents = int.MaxValue / 12;

    internal static int PrepareControl(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Control(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        int epoll = request.Caller.Borrow(sqe.Fd, batch), file = request.Caller.Borrow((int)sqe.Off, batch);
        if (epoll < 0 || file < 0)
            return Done(request, -Errno.EBADF);
        if (request.Caller.LendsInPlace || (int)sqe.Len == Libc.EPOLL_CTL_DEL)
            return Done(request, Libc.EpollCtl(epoll, (int)sqe.Len, file, (nuint)sqe.Addr));
        Span<byte> @event = stackalloc byte[EpollEvents.Bytes];
        int error = request.Caller.CopyIn((nuint)sqe.Addr, @event);
        return Done(request, error < 0 ? error : Libc.EpollCtl(epoll, (int)sqe.Len, file, @event));
    }

    internal static int PrepareWait(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Off != 0 || sqe.RwFlags != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Wait(Request request, IssueBatch batch, IssueMode mode)
    {
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        int most = (int)request.Sqe.Len;
        if (most is <= 0 or > MostEvents)
            return Done(request, -Errno.EINVAL);
        int count = request.Caller.LendsInPlace
            ? Libc.EpollTake(request.File, (nuint)request.Sqe.Addr, most)
            : WaitForeign(request, Math.Min(most, 256));
        return count == 0 ? IssueOutcome.WouldBlock : Done(request, count);
    }

    private static int WaitForeign(Request request, int most)
    {
        Span<byte> events = stackalloc byte[most * EpollEvents.Bytes];
        int count = Libc.EpollTake(request.File, events, most);
        int error = count <= 0 ? 0 : request.Caller.CopyOut((nuint)request.Sqe.Addr, events[..(count * EpollEvents.Bytes)]);
        return error < 0 ? error : count;
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
