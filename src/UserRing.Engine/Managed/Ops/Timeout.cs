using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>TIMEOUT: -ETIME when the time is up, 0 when as many completions as asked were posted before.</summary>
internal static class Timeout
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const TimeoutFlags Honoured = TimeoutFlags.Abs | TimeoutFlags.Boottime | TimeoutFlags.Realtime | TimeoutFlags.EtimeSuccess;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.BufIndex != 0 || sqe.Len != 1 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        if ((sqe.TimeoutFlags & ~Honoured) != 0) // multishot and updates are not implemented
            return -Errno.EINVAL;
        if ((sqe.TimeoutFlags & TimeoutFlags.ClockMask) == TimeoutFlags.ClockMask)
            return -Errno.EINVAL;

        // The timespec is the program's again once the SQE was taken: read here, once.
        var time = default(KernelTimespec);
        int error = request.Caller.CopyIn((nuint)sqe.Addr, MemoryMarshal.AsBytes(new Span<KernelTimespec>(ref time)));
        if (error < 0)
            return error;
        if (time.TvSec < 0 || time.TvNsec < 0)
            return -Errno.EINVAL;
        request.Deadline = ToNanoseconds(time);
        request.Clock = (sqe.TimeoutFlags & TimeoutFlags.ClockMask) switch
        {
            TimeoutFlags.Boottime => Libc.CLOCK_BOOTTIME,
            TimeoutFlags.Realtime => Libc.CLOCK_REALTIME,
            _ => Libc.CLOCK_MONOTONIC,
        };
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        long deadline = request.Deadline;
        if ((request.Sqe.TimeoutFlags & TimeoutFlags.Abs) == 0)
        {
            long now = Libc.ClockGettimeNs(request.Clock);
            deadline = deadline > long.MaxValue - now ? long.MaxValue : now + deadline;
        }

        // Completions of this batch before it are not posted yet, and so count towards it, as on the kernel.
        int error = request.Ring.GetTimers().Park(request, request.Clock, deadline, (uint)request.Sqe.Off);
        if (error == 0)
            return IssueOutcome.Parked;
        request.Result = error;
        return IssueOutcome.Done;
    }

    private static long ToNanoseconds(in KernelTimespec time) =>
        time.TvSec >= (long.MaxValue - time.TvNsec) / NanosecondsPerSecond
            ? long.MaxValue
            : time.TvSec * NanosecondsPerSecond + time.TvNsec;
}
