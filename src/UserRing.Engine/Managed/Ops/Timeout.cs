using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// TIMEOUT: -ETIME when the time is up, again and again if it is multishot; 0 when as many completions as asked were posted before.
/// TIMEOUT_REMOVE: ends one of those, or gives it (or a LINK_TIMEOUT) another time.
/// LINK_TIMEOUT: the same clock, but what is up is the time of the request before it; that race is run by <see cref="Chain"/>.
/// </summary>
internal static class Timeout
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const TimeoutFlags Known =
        TimeoutFlags.Abs | TimeoutFlags.Boottime | TimeoutFlags.Realtime | TimeoutFlags.EtimeSuccess | TimeoutFlags.Multishot;

    private const TimeoutFlags KnownToUpdate = TimeoutFlags.UpdateMask | TimeoutFlags.Abs;
    private const TimeoutFlags Never = TimeoutFlags.Abs | TimeoutFlags.Multishot;

    internal static int Prepare(Request request)
    {
        int error = PrepareClock(request);
        if (error < 0)
            return error;
        if ((request.Sqe.TimeoutFlags & TimeoutFlags.Multishot) != 0)
            request.Marks |= Marks.Multishot;
        return 0;
    }

    internal static int PrepareLinked(Request request)
    {
        if ((uint)request.Sqe.Off != 0)
            return -Errno.EINVAL;
        int error = PrepareClock(request);
        if (error < 0)
            return error;
        if (request.Ring.Submission.ChainLast is not { } before || before.Sqe.Opcode == Opcode.LinkTimeout)
            return -Errno.EINVAL;
        before.LinkTimeout = LinkTimeoutState.Prepared;
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (request.WasReady)
            return Expired(request, batch);

        // Completions of this batch before it are not posted yet, and so count towards it, as on the kernel.
        uint count = (request.Marks & Marks.Multishot) != 0 ? 0 : (uint)request.Sqe.Off;
        return Park(request, count);
    }

    /// <summary>Only ever issued when its time is up: it is armed with its target, not by itself. That is no failure of its own.</summary>
    internal static IssueOutcome IssueLinked(Request request, IssueBatch batch, IssueMode mode)
    {
        request.FinishForgiven(Chain.Expire(request, batch));
        return IssueOutcome.Done;
    }

    internal static int PrepareRemove(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.Flags & SqeFlags.FixedFile) != 0 || sqe.BufIndex != 0 || sqe.Len != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        TimeoutFlags flags = sqe.TimeoutFlags;
        if ((flags & TimeoutFlags.UpdateMask) == 0)
            return flags != 0 ? -Errno.EINVAL : 0;
        return (flags & ~KnownToUpdate) != 0 ? -Errno.EINVAL : ReadInterval(request, sqe.Addr2);
    }

    /// <summary>
    /// Without the bit for a TIMEOUT, the one for a LINK_TIMEOUT means nothing here, and it is removed (io_uring/timeout.c).
    /// </summary>
    internal static IssueOutcome Remove(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        TimeoutFlags flags = sqe.TimeoutFlags;
        if (request.Ring.Timers is not { } timers)
            return Done(request, -Errno.ENOENT);
        if ((flags & TimeoutFlags.Update) == 0)
            return Done(request, timers.Cancel(new CancelMatch(CancelFlags.UserData, sqe.Addr, default, file: -1), batch).ForOne);
        bool isLinked = (flags & TimeoutFlags.LinkTimeoutUpdate) != 0, isAbsolute = (flags & TimeoutFlags.Abs) != 0;
        return Done(request, timers.Update(sqe.Addr, isLinked, request.Interval, isAbsolute));
    }

    private static int PrepareClock(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.BufIndex != 0 || sqe.Len != 1 || sqe.SpliceFdIn != 0 || sqe.Addr3 != 0 || sqe.Pad2 != 0)
            return -Errno.EINVAL;
        TimeoutFlags flags = sqe.TimeoutFlags;
        TimeoutFlags known = request.Ring.IsNewest ? Known | TimeoutFlags.ImmediateArg : Known;
        if ((flags & ~known) != 0 || (flags & TimeoutFlags.ClockMask) == TimeoutFlags.ClockMask || (flags & Never) == Never)
            return -Errno.EINVAL;

        sqe.Off = (uint)sqe.Off; // the upper half is nobody's (io_uring/timeout.c, __io_timeout_prep)

        request.Clock = (flags & TimeoutFlags.ClockMask) switch
        {
            TimeoutFlags.Boottime => Libc.CLOCK_BOOTTIME,
            TimeoutFlags.Realtime => Libc.CLOCK_REALTIME,
            _ => Libc.CLOCK_MONOTONIC,
        };
        if ((flags & TimeoutFlags.ImmediateArg) != 0)
        {
            request.Interval = (long)Math.Min(sqe.Addr, long.MaxValue); // no address but nanoseconds
            return 0;
        }

        return ReadInterval(request, sqe.Addr);
    }

    /// <summary>The timespec is the program's again once the SQE was taken: read here, once.</summary>
    private static int ReadInterval(Request request, ulong address)
    {
        var time = default(KernelTimespec);
        int error = request.Caller.CopyIn((nuint)address, MemoryMarshal.AsBytes(new Span<KernelTimespec>(ref time)));
        if (error < 0)
            return error;
        if (time.TvSec < 0 || time.TvNsec < 0)
            return -Errno.EINVAL;
        request.Interval = ToNanoseconds(time);
        return 0;
    }

    private static IssueOutcome Expired(Request request, IssueBatch batch)
    {
        batch.CountTimeout();
        if ((request.Sqe.TimeoutFlags & TimeoutFlags.EtimeSuccess) != 0)
            request.Marks |= Marks.Forgiven; // its time being up; to be cancelled is a failure all the same
        if ((request.Marks & Marks.Multishot) == 0)
            return Done(request, -Errno.ETIME);
        ref ulong repeats = ref request.Sqe.Off; // our copy; 0 has no end
        Timers timers = request.Ring.Timers!;
        if ((repeats == 0 || --repeats != 0) && batch.TryPostMore(request, -Errno.ETIME, CqeFlags.None))
        {
            int error = timers.ParkAgain(request);
            return error == 0 ? IssueOutcome.Parked : Done(request, error);
        }

        timers.End(request);
        return Done(request, -Errno.ETIME);
    }

    private static IssueOutcome Park(Request request, uint count)
    {
        int error = request.Ring.GetTimers().Park(request, count);
        return error == 0 ? IssueOutcome.Parked : Done(request, error);
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }

    private static long ToNanoseconds(in KernelTimespec time) =>
        time.TvSec >= (long.MaxValue - time.TvNsec) / NanosecondsPerSecond
            ? long.MaxValue
            : time.TvSec * NanosecondsPerSecond + time.TvNsec;
}
