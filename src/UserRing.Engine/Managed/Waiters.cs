using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// Who sleeps in enter, and what wakes them. A waiter registers the CQ tail it waits for under the completion lock, which every poster
/// holds while it moves the tail: a poster therefore sees the waiter or the waiter sees the entry, without a fence. All sleep
/// on one futex word; it moves only when the nearest awaited tail is reached, so that a wait for 32 costs one wake-up.
/// A wait under a signal mask sleeps in ppoll instead, on an eventfd of its own: only that applies the mask atomically.
/// </summary>
internal sealed class Waiters(RingContext ring)
{
    // A wake-up across threads costs 20 µs on an idle virtual CPU and 0.3 µs while the sleeper still spins.
    private static readonly long SpinTicks = Stopwatch.Frequency / 200_000;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly List<Waiter> _waiting = [];
    private readonly FutexWord _word = new();
    private uint _nearest;
    private int _masked, _spareEventFd = -1;
    private volatile bool _closed;

    internal int CloseError => _closed ? -Errno.EBADF : 0;

    /// <summary>
    /// Completion lock held. True if somebody waits for no more than <paramref name="reachableTail"/>, or if a timeout ended; the word
    /// has moved then.
    /// </summary>
    internal bool MustWake(uint reachableTail, bool timeout)
    {
        if (_waiting.Count == 0 || !timeout && (int)(reachableTail - _nearest) < 0)
            return false;
        Advance();
        return true;
    }

    /// <summary>After the lock was left.</summary>
    internal void Wake() => _word.WakeAll();

    /// <summary>The ring is released: every waiter leaves with EBADF.</summary>
    internal void Close()
    {
        lock (ring.Completions.Lock)
        {
            _closed = true;
            Advance();
        }

        Wake();
    }

    internal void Free()
    {
        _word.Free();
        if (_spareEventFd >= 0)
            Libc.Close(_spareEventFd);
    }

    /// <summary>
    /// Waits until <paramref name="count"/> completions are unread: 0, or -EINTR, -ETIME, -EBADR, -EBADF, or an error of the mask.
    /// Holds no lock while it sleeps.
    /// </summary>
    internal int Wait(uint count, in WaitArgument argument)
    {
        Completion completions = ring.Completions;
        uint target = completions.TailFor(count, out bool reached), timeouts = completions.TimeoutsPosted;
        if (reached || Spin(count))
            return 0;

        int error = argument.ReadMask(out ulong mask, out bool masked);
        if (error < 0)
            return error;
        int eventFd = -1;
        error = masked ? TakeEventFd(out eventFd) : 0;
        if (error < 0)
            return error;
        var limit = new WaitLimit(ring.WaitClock, argument, completions.Tail);
        var waiter = new Waiter(target, eventFd);
        Register(waiter);
        try
        {
            while (true)
            {
                uint seen = _word.Value;
                // A timeout ends every wait, however many completions that asked for (io_uring/wait.h, io_should_wake): programs
                // from before EXT_ARG limit their waits that way.
                bool timedOut = completions.TimeoutsPosted != timeouts;
                ring.Progress();
                if (_closed)
                    return -Errno.EBADF; // whatever the release itself completed
                if (completions.HasLost)
                    return completions.Unread > 0 ? 0 : -Errno.EBADR;
                if (timedOut || (int)(completions.Tail - waiter.Target) >= 0)
                    return 0; // even if another thread reaped meanwhile, as on the kernel
                error = argument.IsInterrupted ? -Errno.EINTR : Sleep(seen, limit, eventFd, mask);
                if (error == -Errno.ETIME && limit.GoOn(completions, out uint next))
                {
                    Unregister(waiter);
                    waiter = new Waiter(next, eventFd);
                    Register(waiter);
                    continue;
                }

                if (error < 0)
                {
                    ring.Progress();
                    if (_closed)
                        return -Errno.EBADF;
                    return completions.Unread > 0 ? 0 : error;
                }
            }
        }
        finally
        {
            Unregister(waiter);
            GiveEventFd(eventFd);
        }
    }

    /// <summary>
    /// Sleeps until something is posted or <paramref name="deadline"/> (ns of CLOCK_MONOTONIC), and not for long in any case, since some
    /// requests end silently: 0, -EINTR or -ETIME.
    /// </summary>
    internal int AwaitPost(long deadline)
    {
        const long MostNanoseconds = 10_000_000;
        long left = deadline == long.MaxValue ? deadline : deadline - Libc.ClockGettimeNs(Libc.CLOCK_MONOTONIC);
        if (left <= 0)
            return -Errno.ETIME;
        Waiter waiter;
        uint seen;
        lock (ring.Completions.Lock)
        {
            waiter = new Waiter(ring.Completions.ReachableTail + 1, -1);
            seen = _word.Value;
            _waiting.Add(waiter);
            FindNearest();
        }

        int error = _word.Wait(seen, timed: true, new KernelTimespec { TvNsec = Math.Min(left, MostNanoseconds) });
        Unregister(waiter);
        return error == -Errno.EINTR ? error : 0;
    }

    private bool Spin(uint count)
    {
        if (ring.InFlight == 0)
            return false;
        long end = Stopwatch.GetTimestamp() + SpinTicks;
        do
        {
            Thread.SpinWait(8);
            ring.Progress();
            if (_closed)
                return false;
            if (ring.Completions.Unread >= count)
                return true;
        }
        while (Stopwatch.GetTimestamp() < end);
        return false;
    }

    private int Sleep(uint seen, in WaitLimit limit, int eventFd, ulong mask)
    {
        // Always timed: an untimed futex wait is taken up again after a signal whose handler says SA_RESTART, the kernel's wait never is.
        KernelTimespec left = FutexWord.ForEver;
        if (limit.HasEnd)
        {
            long nanoseconds = limit.Left();
            if (nanoseconds <= 0)
                return -Errno.ETIME;
            left = new KernelTimespec { TvSec = nanoseconds / NanosecondsPerSecond, TvNsec = nanoseconds % NanosecondsPerSecond };
        }

        int error = eventFd >= 0
            ? Libc.WaitEventfd(eventFd, timed: true, left, mask)
            : _word.Wait(seen, timed: true, left);
        return error switch
        {
            -Errno.EINTR => -Errno.EINTR,
            _ => 0, // woken, or the word had moved, or the time is up: the loop looks at the state itself
        };
    }

    /// <summary>Completion lock held. A masked waiter would lose a signal that it shared: whoever comes first drains it.</summary>
    private void Advance()
    {
        _word.Advance();
        for (int i = 0; _masked > 0 && i < _waiting.Count; i++)
        {
            if (_waiting[i].EventFd >= 0)
                Libc.SignalEventfd(_waiting[i].EventFd);
        }
    }

    private int TakeEventFd(out int eventFd)
    {
        eventFd = Interlocked.Exchange(ref _spareEventFd, -1);
        if (eventFd < 0)
            eventFd = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        return Math.Min(eventFd, 0);
    }

    private void Register(in Waiter waiter)
    {
        lock (ring.Completions.Lock)
        {
            _waiting.Add(waiter);
            _masked += waiter.EventFd >= 0 ? 1 : 0;
            FindNearest();
        }
    }

    private void Unregister(in Waiter waiter)
    {
        lock (ring.Completions.Lock)
        {
            _waiting.Remove(waiter);
            _masked -= waiter.EventFd >= 0 ? 1 : 0;
            FindNearest();
        }
    }

    private void GiveEventFd(int eventFd)
    {
        if (eventFd < 0)
            return;
        Libc.DrainEventfd(eventFd);
        if (Interlocked.CompareExchange(ref _spareEventFd, eventFd, -1) != -1)
            Libc.Close(eventFd);
    }

    private void FindNearest()
    {
        if (_waiting.Count == 0)
            return;
        _nearest = _waiting[0].Target;
        foreach (Waiter waiter in _waiting)
        {
            if ((int)(waiter.Target - _nearest) < 0)
                _nearest = waiter.Target;
        }
    }

    private readonly record struct Waiter(uint Target, int EventFd);
}
