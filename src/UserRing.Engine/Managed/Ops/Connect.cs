using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// CONNECT. A non-blocking socket is connected on the submitter and waited for until it can be written to. On a blocking one the call
/// itself waits, and there is no flag against that; its mode is the program's and is not touched, so a worker makes the call. A cancel
/// interrupts it there and leaves the attempt to go on by itself, as the kernel's engine does, which waits for readiness in both cases.
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
        int flags = batch.FactsOf(request.File).OpenFlags;
        if (flags < 0)
            return Done(request, flags);
        if (request.IsUnderWay && Libc.Poll(request.File, 0, 0, out short ready) > 0 && (ready & Libc.POLLERR) != 0)
            return Done(request, Libc.TakeSocketError(request.File));
        if ((flags & Libc.O_NONBLOCK) == 0 && mode != IssueMode.Worker)
            return WithWorker(request);

        int result;
        do
            result = Libc.Connect(request.File, request.Copied, (uint)request.Sqe.Off);
        while (request.MustRepeat(result));
        if (result == -Errno.EINPROGRESS)
        {
            request.IsUnderWay = true;
            return IssueOutcome.WouldBlock;
        }

        // The call that finds it connected is what makes the socket know: a later connect(2) is then refused.
        if (request.IsUnderWay && result is -Errno.EISCONN or -Errno.EBADFD)
            result = Libc.TakeSocketError(request.File);
        return Done(request, result);
    }

    private static IssueOutcome WithWorker(Request request)
    {
        int type = Libc.SocketType(request.File);
        if (type < 0)
            return Done(request, type);
        bool isInternet = Libc.SocketDomain(request.File) is Libc.AF_INET or Libc.AF_INET6;
        if (isInternet && type == Libc.SOCK_STREAM && Libc.IsConnecting(request.File))
            return Done(request, -Errno.EALREADY); // the call would wait for the other's end
        request.CannotTry = request.WasReady = true; // readiness means nothing before the call
        // The queue of a listener of AF_UNIX has no readiness: there the kernel blocks in a worker, too.
        request.WaitsInCall = isInternet;
        return IssueOutcome.WouldBlock;
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
