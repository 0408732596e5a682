using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// Who sleeps in enter, and what wakes them. A waiter registers the CQ tail it waits for under the completion lock, which every poster
/// holds while it moves the tail: a poster therefore sees the waiter or the waiter sees the entry, without a fence. All sleep
/// on one futex word; it moves only when the nearest awaited tail is reached, so that a wait for 32 costs one wake-up.
/// A wait under a signal mask sleeps in ppoll instead, on an eventfd: only that applies the mask atomically.
/// </summary>
internal sealed class Waiters(RingContext ring)
{
    // A wake-up across threads costs 20 µs on an idle virtual CPU and 0.3 µs while the sleeper still spins.
    private static readonly long SpinTicks = Stopwatch.Frequency / 200_000;

    private readonly List<uint> _targets = [];
    private readonly FutexWord _word = new();
    private uint _nearest;
    private int _eventFd = -1;
    private volatile bool _closed;

    internal int CloseError => _closed ? -Errno.EBADF : 0;

    /// <summary>
    /// Completion lock held. True if somebody waits for no more than <paramref name="reachableTail"/>; the word has moved then.
    /// </summary>
    internal bool MustWake(uint reachableTail)
    {
        if (_targets.Count == 0 || (int)(reachableTail - _nearest) < 0)
            return false;
        _word.Advance();
        return true;
    }

    /// <summary>After the lock was left.</summary>
    internal void Wake()
    {
        _word.WakeAll();
        int eventFd = Volatile.Read(ref _eventFd);
        if (eventFd >= 0)
            Libc.SignalEventfd(eventFd);
    }

    /// <summary>The ring is released: every waiter leaves with EBADF.</summary>
    internal void Close()
    {
        lock (ring.Completions.Lock)
        {
            _closed = true;
            _word.Advance();
        }

        Wake();
    }

    internal void Free()
    {
        _word.Free();
        if (_eventFd >= 0)
            Libc.Close(_eventFd);
    }

    /// <summary>
    /// Waits until <paramref name="count"/> completions are unread: 0, or -EINTR, -ETIME, -EBADF, or an error of the mask.
    /// Holds no lock while it sleeps.
    /// </summary>
    internal int Wait(uint count, in WaitArgument argument)
    {
        Completion completions = ring.Completions;
        uint target = completions.Tail - completions.Unread + count;
        if (completions.Unread >= count || Spin(count))
            return 0;

        int error = argument.ReadMask(out ulong mask, out bool masked);
        if (error < 0)
            return error;
        long deadline = argument.HasTimeout ? Stopwatch.GetTimestamp() + argument.TimeoutTicks : long.MaxValue;
        error = Register(target, masked);
        if (error < 0)
            return error;
        try
        {
            while (true)
            {
                uint seen = _word.Value;
                ring.Progress();
                if ((int)(completions.Tail - target) >= 0)
                    return 0; // even if another thread reaped meanwhile, as on the kernel
                if (_closed)
                    return -Errno.EBADF;
                error = Sleep(seen, deadline, masked, mask);
                if (error < 0)
                {
                    ring.Progress();
                    return completions.Unread > 0 ? 0 : error;
                }
            }
        }
        finally
        {
            Unregister(target);
        }
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
            if (ring.Completions.Unread >= count)
                return true;
        }
        while (Stopwatch.GetTimestamp() < end && !_closed);
        return false;
    }

    private int Sleep(uint seen, long deadline, bool masked, ulong mask)
    {
        KernelTimespec left = default;
        bool timed = deadline != long.MaxValue;
        if (timed)
        {
            long ticks = deadline - Stopwatch.GetTimestamp();
            if (ticks <= 0)
                return -Errno.ETIME;
            long nanoseconds = ticks % Stopwatch.Frequency * (1_000_000_000 / Stopwatch.Frequency);
            left = new KernelTimespec { TvSec = ticks / Stopwatch.Frequency, TvNsec = nanoseconds };
        }

        int error = masked
            ? Libc.WaitEventfd(_eventFd, timed, left, mask)
            : _word.Wait(seen, timed, left);
        return error switch
        {
            -Errno.EINTR => -Errno.EINTR,
            _ => 0, // woken, or the word had moved, or the time is up: the loop looks at the state itself
        };
    }

    private int Register(uint target, bool masked)
    {
        lock (ring.Completions.Lock)
        {
            if (masked && _eventFd < 0)
            {
                int eventFd = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
                if (eventFd < 0)
                    return eventFd;
                Volatile.Write(ref _eventFd, eventFd);
            }

            _targets.Add(target);
            FindNearest();
            return 0;
        }
    }

    private void Unregister(uint target)
    {
        lock (ring.Completions.Lock)
        {
            _targets.Remove(target);
            FindNearest();
        }
    }

    private void FindNearest()
    {
        if (_targets.Count == 0)
            return;
        _nearest = _targets[0];
        foreach (uint target in _targets)
        {
            if ((int)(target - _nearest) < 0)
                _nearest = target;
        }
    }
}
