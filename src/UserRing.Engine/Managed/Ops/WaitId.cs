using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// WAITID: tried on the submitter without waiting. The exit of one child is then waited for as the readiness of a pidfd; any other change
/// of state, and any child of several, only on a worker, where a cancel interrupts the call (io_uring/waitid.c).
/// </summary>
internal static class WaitId
{
    private const int PidType = 1, PidFdType = 3;
    private const int NoHang = 1, Exited = 4;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr != 0 || sqe.BufIndex != 0 || sqe.Addr3 != 0 || sqe.WaitidFlags != 0)
            return -Errno.EINVAL;
        request.Sweep = Sweeps.Children;
        request.WaitsInCall = true; // on a worker, if one runs it; the kernel's waits elsewhere
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        if (!request.Caller.IsThisProcess)
            return Done(request, -Errno.EOPNOTSUPP); // only a parent may wait
        int options = (int)sqe.FileIndex;
        Span<byte> info = stackalloc byte[Libc.SiginfoBytes];
        bool waits = mode == IssueMode.Worker;
        int result;
        do
            result = Libc.Waitid((int)sqe.Len, sqe.Fd, info, waits ? options : options | NoHang);
        while (request.MustRepeat(result));
        bool isThere = result < 0 || Libc.HasSiginfo(info) || (options & NoHang) != 0 || IsNonBlocking(sqe);
        if (!isThere)
            return waits ? Done(request, -Errno.EAGAIN) : Wait(request);
        if (result == -Errno.EINTR)
            return Done(request, -Errno.ECANCELED); // the kernel's would be retried if it were for anything but the cancel
        if (result == 0 && sqe.Addr2 != 0)
            result = request.Caller.CopyOut((nuint)sqe.Addr2, info);
        return Done(request, result);
    }

    internal static void Cleanup(Request request) => Poll.Cleanup(request);

    private static bool IsOneExit(in Sqe sqe) =>
        ((int)sqe.FileIndex & ~(NoHang | Libc.WNOWAIT)) == Exited && (int)sqe.Len is PidType or PidFdType;

    /// <summary>A pidfd that is not to wait does not, and to the kernel's engine that is no error.</summary>
    private static bool IsNonBlocking(in Sqe sqe) =>
        (int)sqe.Len == PidFdType && Libc.Fcntl(sqe.Fd, Libc.F_GETFL, 0) is >= 0 and var flags && (flags & Libc.O_NONBLOCK) != 0;

    private static IssueOutcome Wait(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (!IsOneExit(sqe))
            return IssueOutcome.WouldBlock;
        if (request.Watch < 0)
        {
            int watch = (int)sqe.Len == PidFdType ? SelfCaller.Instance.Duplicate(sqe.Fd) : Libc.PidfdOpen(sqe.Fd);
            if (watch < 0)
                return IssueOutcome.WouldBlock; // a kernel without pidfds: on a worker
            (request.Watch, request.NeedsCleanup) = (watch, true);
        }

        if (request.WasReady)
            return IssueOutcome.Parked; // woken for nothing: it is still there
        int error = Submission.HoldForParking(request);
        if (error == 0)
            error = request.Ring.GetPollWait().Park(request, Libc.EPOLLIN);
        return error < 0 ? Done(request, error) : IssueOutcome.Parked;
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
