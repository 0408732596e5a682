using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// FUTEX_WAIT, FUTEX_WAITV and FUTEX_WAKE (io_uring/futex.c). The value is compared on the submitter, as the kernel does.
/// </summary>
internal static class Futex
{
    private const uint SizeMask = 0x3, Word = 0x2, Numa = 0x4, Policy = 0x8, Private = 0x80;
    private const uint Known = SizeMask | Numa | Policy | Private;
    private const int MostFutexes = 128;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len != 0 || sqe.FutexFlags != 0 || sqe.BufIndex != 0 || sqe.FileIndex != 0)
            return -Errno.EINVAL;
        if (!AreValid((uint)sqe.Fd))
            return -Errno.EINVAL;
        return sqe.Addr2 > uint.MaxValue || sqe.Addr3 > uint.MaxValue ? -Errno.EINVAL : 0;
    }

    internal static int PrepareWaitv(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Fd != 0 || sqe.BufIndex != 0 || sqe.FutexFlags != 0 || sqe.Addr2 != 0 || sqe.Addr3 != 0 || sqe.FileIndex != 0)
            return -Errno.EINVAL;
        if (sqe.Len is 0 or > MostFutexes)
            return -Errno.EINVAL;
        var futexes = new FutexWaitv[sqe.Len];
        int error = request.Caller.CopyIn((nuint)sqe.Addr, MemoryMarshal.AsBytes(futexes.AsSpan()));
        if (error < 0)
            return error;
        foreach (FutexWaitv futex in futexes)
        {
            if (futex.Reserved != 0 || !AreValid(futex.Flags) || futex.Val > uint.MaxValue)
                return -Errno.EINVAL;
        }

        request.Futexes = futexes;
        return 0;
    }

    internal static IssueOutcome Wait(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr3 == 0)
            return Done(request, -Errno.EINVAL);
        FutexWaitv[] futexes = [new FutexWaitv { Uaddr = sqe.Addr, Val = sqe.Addr2, Flags = (uint)sqe.Fd }];
        return Park(request, futexes, (uint)sqe.Addr3);
    }

    internal static IssueOutcome Waitv(Request request, IssueBatch batch, IssueMode mode) =>
        Park(request, request.Futexes!, uint.MaxValue);

    internal static IssueOutcome Wake(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        if (!request.Caller.IsThisProcess)
            return Done(request, -Errno.EOPNOTSUPP);
        int most = (int)Math.Min(sqe.Addr2, int.MaxValue);
        uint mask = (uint)sqe.Addr3;
        if (mask == 0 || sqe.Addr % sizeof(uint) != 0)
            return Done(request, -Errno.EINVAL);
        FutexSleepers sleepers = FutexSleepers.Instance;
        int own = request.Progress += sleepers.Wake(sqe.Addr, most - request.Progress, mask, (uint)sqe.Fd);
        if (own < most && sleepers.IsBeingLeft(sqe.Addr))
        {
            if (mode == IssueMode.Inline)
                return IssueOutcome.WouldBlock; // for as long as a thread takes to leave a call
            sleepers.AwaitLeaving(sqe.Addr);
        }

        int others = own == most ? 0 : Libc.FutexWake((nuint)sqe.Addr, most - own, mask, (uint)sqe.Fd);
        return Done(request, others < 0 ? own > 0 ? own : others : own + others);
    }

    private static bool AreValid(uint flags) => (flags & ~Known) == 0 && (flags & SizeMask) == Word;

    private static IssueOutcome Park(Request request, FutexWaitv[] futexes, uint mask)
    {
        if (!request.Caller.IsThisProcess)
            return Done(request, -Errno.EOPNOTSUPP); // another process's private futexes are nobody's but its own
        foreach (FutexWaitv futex in futexes)
        {
            uint value = 0;
            if (futex.Uaddr % sizeof(uint) != 0)
                return Done(request, -Errno.EINVAL);
            int error = request.Caller.CopyIn((nuint)futex.Uaddr, MemoryMarshal.AsBytes(new Span<uint>(ref value)));
            if (error == 0 && value != (uint)futex.Val)
                error = -Errno.EAGAIN;
            if (error < 0)
                return Done(request, error);
        }

        int parked = request.Ring.GetFutexWait().Park(request, futexes, mask);
        return parked < 0 ? Done(request, parked) : IssueOutcome.Parked;
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
