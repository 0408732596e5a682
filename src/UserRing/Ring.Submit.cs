using System.Diagnostics;
using UserRing.Abi;

namespace UserRing;

public sealed partial class Ring
{
    private const long NoDeadline = long.MaxValue;
    private const int SliceMs = 50;
    private const nuint ExtArgSize = 24;

    /// <summary>
    /// Gives the queued SQEs to the engine. What it does not take stays queued for the next submit.
    /// </summary>
    /// <returns>
    /// How many it took; with SQPOLL, how many were queued for its thread. Possibly 0 although some are queued (EAGAIN, EBUSY: it
    /// is short of memory or of room for completions): reap, then call again.
    /// </returns>
    /// <exception cref="RingException">The engine refused the call; no SQE was taken.</exception>
    public int Submit()
    {
        uint toSubmit = Publish();
        EnterFlags flags = WakeUp();
        if (HoldsBack())
            flags |= EnterFlags.GetEvents;
        if (flags == EnterFlags.None && (toSubmit == 0 || _isSqPoll))
            return (int)toSubmit;

        int result;
        do
            result = Enter(toSubmit, 0, flags, 0, 0);
        while (result == -Errno.EINTR);
        return _isSqPoll && IsNotNow(result) ? (int)toSubmit : Taken(result);
    }

    /// <summary>Submits, then waits until a completion is unread; see <see cref="SubmitAndWait(uint)"/>.</summary>
    /// <returns>As <see cref="Submit"/>.</returns>
    /// <exception cref="RingException">The engine refused the call, or a completion was lost (EBADR).</exception>
    public int SubmitAndWait() => SubmitAndWait(1);

    /// <summary>Submits, then waits until <paramref name="count"/> completions are unread, those included that were before.</summary>
    /// <param name="count">How many; more than the completion queue holds counts as that many. 0 only submits.</param>
    /// <returns>As <see cref="Submit"/>. If the engine did not take all that was queued, it did not wait either.</returns>
    /// <exception cref="RingException">The engine refused the call, or a completion was lost (EBADR).</exception>
    public int SubmitAndWait(uint count) => SubmitAndWait(count, NoDeadline, signalMask: null).Submitted;

    /// <summary>Submits, then waits until <paramref name="count"/> completions are unread or the time is up. Linux 5.11.</summary>
    /// <param name="count">How many; more than the completion queue holds counts as that many.</param>
    /// <param name="timeout">How long, or <see cref="Timeout.InfiniteTimeSpan"/>. Signals do not shorten it.</param>
    /// <returns>How many SQEs were taken, and how the wait ended.</returns>
    /// <exception cref="RingException">The engine refused the call, or a completion was lost (EBADR).</exception>
    /// <exception cref="NotSupportedException">The engine cannot wait with a timeout (no EXT_ARG).</exception>
    public WaitResult SubmitAndWait(uint count, TimeSpan timeout) => SubmitAndWait(count, Deadline(timeout), signalMask: null);

    /// <summary>
    /// The same under a signal mask, which is in force exactly while it waits, as with ppoll(2). A signal that the mask lets through ends
    /// the wait: <see cref="WaitStatus.Interrupted"/>. The kernel looks at the mask only if it really has to wait.
    /// </summary>
    /// <param name="count">How many; more than the completion queue holds counts as that many.</param>
    /// <param name="timeout">How long, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="signalMask">Signals to block, the kernel's 64 bits: bit n - 1 is signal n.</param>
    /// <returns>How many SQEs were taken, and how the wait ended.</returns>
    /// <exception cref="RingException">The engine refused the call, or a completion was lost (EBADR).</exception>
    /// <exception cref="NotSupportedException">A timeout, and the engine has none (no EXT_ARG).</exception>
    public WaitResult SubmitAndWait(uint count, TimeSpan timeout, ulong signalMask) => SubmitAndWait(count, Deadline(timeout), signalMask);

    private WaitResult SubmitAndWait(uint count, long deadline, ulong? signalMask)
    {
        if (count == 0)
            return new WaitResult(Submit(), WaitStatus.Ready);
        count = Math.Min(count, CqEntries);
        uint toSubmit = Publish();
        int taken = _isSqPoll ? (int)toSubmit : 0;
        if (toSubmit == 0 && StillLive(_shared.CqTail) - _cqHead >= count && !HoldsBack())
            return new WaitResult(taken, WaitStatus.Ready);
        while (true)
        {
            int result = EnterAndWait(toSubmit, count, WakeUp() | EnterFlags.GetEvents, deadline, signalMask);
            if (IsNotNow(result))
                return new WaitResult(taken, WaitStatus.Interrupted);
            if (result < 0 && result is not (-Errno.EINTR or -Errno.ETIME))
                throw RingException.OfCall("io_uring_enter", result);
            bool takenShort = !_isSqPoll && result >= 0 && (uint)result < toSubmit;
            if (result >= 0)
            {
                taken += _isSqPoll ? 0 : result;
                toSubmit = 0;
            }

            // The engine answers with the submit count, or with 0 if anything is unread, whatever ended the wait: only the state tells.
            if (StillLive(_shared.CqTail) - _cqHead >= count)
                return new WaitResult(taken, WaitStatus.Ready);
            if (takenShort)
                return new WaitResult(taken, WaitStatus.Interrupted);
            if (deadline != NoDeadline && Stopwatch.GetTimestamp() >= deadline)
                return new WaitResult(taken, WaitStatus.TimedOut);
            if (signalMask is not null && result != -Errno.ETIME)
                return new WaitResult(taken, WaitStatus.Interrupted);
        }
    }

    /// <summary>Makes the queued SQEs visible. Returns how many enter is to take, those included that earlier submits left.</summary>
    private uint Publish()
    {
        ThrowIfDisposed();
        uint tail = _sqTail, published = _sqPublished;
        if (tail != published)
        {
            _shared.PublishSqTail(tail);
            _sqPublished = tail;
        }

        return tail - (_isSqPoll ? published : _shared.SqHead);
    }

    /// <summary>SQ_WAKEUP if the engine's polling thread sleeps.</summary>
    private EnterFlags WakeUp()
    {
        if (!_isSqPoll)
            return EnterFlags.None;
        // Full fence between publishing the tail and reading the flag. Pairs with the one in the polling thread, which sets NEED_WAKEUP,
        // then looks at the tail once more before it sleeps: at least one of the two sees what the other wrote.
        Interlocked.MemoryBarrier();
        return (_shared.SqFlags & SqRingFlags.NeedWakeup) != 0 ? EnterFlags.SqWakeup : EnterFlags.None;
    }

    /// <summary>Whether the engine keeps completions back until it is entered: a backlog behind a full CQ, or task work.</summary>
    private bool HoldsBack() => _isIoPoll || (_shared.SqFlags & (SqRingFlags.CqOverflow | SqRingFlags.Taskrun)) != 0;

    private int EnterAndWait(uint toSubmit, uint count, EnterFlags flags, long deadline, ulong? signalMask)
    {
        ulong mask = signalMask ?? 0;
        nuint maskAddress = signalMask is null ? 0 : AddressOf.Local(ref mask);
        uint maskSize = signalMask is null ? 0 : (uint)RingLimits.SignalMaskBytes;
        bool sliced = _wakesByItself && _hasExtArg;
        if (deadline == NoDeadline && !sliced)
            return Enter(toSubmit, count, flags, maskAddress, maskSize);

        long ticks = deadline == NoDeadline ? long.MaxValue : Math.Max(0, deadline - Stopwatch.GetTimestamp());
        if (sliced)
            ticks = Math.Min(ticks, SliceMs * Stopwatch.Frequency / 1000);
        (long seconds, long rest) = Math.DivRem(ticks, Stopwatch.Frequency);
        KernelTimespec time = new() { TvSec = seconds, TvNsec = rest * (1_000_000_000 / Stopwatch.Frequency) };
        GetEventsArg argument = new() { Sigmask = maskAddress, SigmaskSz = maskSize, Ts = AddressOf.Local(ref time) };
        return Enter(toSubmit, count, flags | EnterFlags.ExtArg, AddressOf.Local(ref argument), ExtArgSize);
    }

    /// <summary>The one place where a batch crosses to the engine.</summary>
    private int Enter(uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        BeginCall(minComplete);
        int result = _engine.Enter(_descriptor, toSubmit, minComplete, flags, argument, argumentSize);
        EndCall();
        return result;
    }

    private static bool IsNotNow(int result) => result is -Errno.EAGAIN or -Errno.EBUSY;

    private static int Taken(int result)
    {
        if (result >= 0)
            return result;
        return IsNotNow(result) ? 0 : throw RingException.OfCall("io_uring_enter", result);
    }

    /// <summary>In the ticks of <see cref="Stopwatch"/>, which is the clock the engine measures a wait with.</summary>
    private long Deadline(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
            return NoDeadline;
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        if (!_hasExtArg)
            throw new NotSupportedException("This engine cannot wait with a timeout: EXT_ARG came with Linux 5.11.");
        double ticks = timeout.TotalSeconds * Stopwatch.Frequency;
        return ticks >= NoDeadline / 2 ? NoDeadline : Stopwatch.GetTimestamp() + (long)ticks;
    }
}
