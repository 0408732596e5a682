using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// REGISTER_SYNC_CANCEL: a cancel that waits until what could not be taken out has ended (io_uring/cancel.c, io_sync_cancel). The submit
/// lock is not held while it waits.
/// </summary>
internal static class CancelCommand
{
    private const CancelFlags Known =
        CancelFlags.Fd | CancelFlags.Op | CancelFlags.All | CancelFlags.Any | CancelFlags.FdFixed | CancelFlags.UserData;

    internal static int Run(RingContext ring, Caller caller, nuint argument, uint count)
    {
        int error = caller.ReadOne(argument, count, out SyncCancelReg asked);
        if (error < 0)
            return error;
        if ((asked.Flags & ~Known) != 0 || ((ReadOnlySpan<byte>)asked.Pad).ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;
        if (asked.Pad2_0 != 0 || asked.Pad2_1 != 0 || asked.Pad2_2 != 0)
            return -Errno.EINVAL;

        int file = -1;
        if ((asked.Flags & (CancelFlags.Fd | CancelFlags.FdFixed)) == CancelFlags.Fd && (file = caller.Duplicate(asked.Fd)) < 0)
            return -Errno.EBADF;
        int result = Cancel(ring, caller, asked, file);
        if (result == -Errno.EALREADY)
            result = AwaitEnd(ring, caller, asked, file);
        if (file >= 0)
            Libc.Close(file);
        return result;
    }

    private static int AwaitEnd(RingContext ring, Caller caller, in SyncCancelReg asked, int file)
    {
        long deadline = DeadlineOf(asked.Timeout);
        int result;
        while (true)
        {
            result = Cancel(ring, caller, asked, file);
            if (result != -Errno.EALREADY)
                break;
            result = ring.Waiters.AwaitPost(deadline);
            if (result < 0)
                break;
        }

        return result is -Errno.ENOENT or > 0 ? 0 : result;
    }

    private static int Cancel(RingContext ring, Caller caller, in SyncCancelReg asked, int file)
    {
        using (ring.Submission.Hold())
        {
            if ((asked.Flags & CancelFlags.Fd) != 0 && (asked.Flags & CancelFlags.FdFixed) != 0)
            {
                if (ring.Files.Find(asked.Fd) is not { } registered)
                    return -Errno.EBADF;
                file = registered.Descriptor;
            }

            var batch = new IssueBatch();
            batch.Begin(ring, caller, onSubmitter: true);
            var match = new CancelMatch(asked.Flags, asked.Addr, asked.Opcode, file);
            CancelResult found = ring.Cancel(match, batch);
            batch.End();
            return match.All ? found.Found : found.ForOne;
        }
    }

    /// <summary>In ns of CLOCK_MONOTONIC; both fields -1: never.</summary>
    private static long DeadlineOf(in KernelTimespec timeout)
    {
        const long NanosecondsPerSecond = 1_000_000_000;
        if (timeout.TvSec == -1 && timeout.TvNsec == -1)
            return long.MaxValue;
        long now = Libc.ClockGettimeNs(Libc.CLOCK_MONOTONIC);
        return timeout.TvSec >= (long.MaxValue - now) / NanosecondsPerSecond
            ? long.MaxValue
            : now + timeout.TvSec * NanosecondsPerSecond + timeout.TvNsec;
    }
}
