using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SOCKET, BIND, LISTEN, SHUTDOWN: none of them waits for a peer, so the system call is made on the submitter. Only a name of AF_UNIX is
/// made in a file system, on a worker (the kernel makes it where it is submitted, and blocks there with its file system).
/// </summary>
internal static class Socket
{
    private const int SlotlessFlags = Libc.SOCK_CLOEXEC;

    internal static int PrepareSocket(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr != 0 || sqe.RwFlags != 0 || sqe.BufIndex != 0)
            return -Errno.EINVAL;
        int flags = (int)sqe.Off & ~0xF; // above the type proper
        if (sqe.FileIndex != 0 && (flags & SlotlessFlags) != 0)
            return -Errno.EINVAL;
        return (flags & ~(Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK)) != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Open(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        int type = (int)sqe.Off;
        bool closeOnExec = (type & Libc.SOCK_CLOEXEC) != 0;
        int made = Libc.Socket(sqe.Fd, type, (int)sqe.Len);
        request.Result = made < 0 ? made : NewDescriptor.Give(request, batch, made, closeOnExec);
        return IssueOutcome.Done;
    }

    internal static int PrepareBind(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len != 0 || sqe.BufIndex != 0 || sqe.RwFlags != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        return SocketAddress.Take(request, sqe.Addr, sqe.Off);
    }

    internal static IssueOutcome Bind(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker && SocketAddress.IsPath(request))
            return WorkerOnly.IfOpen(request, batch);
        do
            request.Result = Libc.Bind(request.File, request.Copied, (uint)request.Sqe.Off);
        while (request.MustRepeat(request.Result));
        return IssueOutcome.Done;
    }

    internal static int PrepareListen(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Addr != 0 || sqe.BufIndex != 0 || sqe.RwFlags != 0 || sqe.SpliceFdIn != 0 || sqe.Off != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Listen(Request request, IssueBatch batch, IssueMode mode)
    {
        request.Result = Libc.Listen(request.File, (int)request.Sqe.Len);
        return IssueOutcome.Done;
    }

    internal static int PrepareShutdown(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Off != 0 || sqe.Addr != 0 || sqe.RwFlags != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Shutdown(Request request, IssueBatch batch, IssueMode mode)
    {
        request.Result = Libc.Shutdown(request.File, (int)request.Sqe.Len);
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }
}
