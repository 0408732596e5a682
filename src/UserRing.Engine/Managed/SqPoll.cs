using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// The thread of a ring with polled submission (SQPOLL): it watches the SQ, so that a program does I/O without a call, until nothing
/// came for the idle time; then it says NEED_WAKEUP and sleeps. It holds a reference to the ring and ends when the ring is released.
/// </summary>
internal sealed class SqPoll
{
    private const uint DefaultIdleMs = 1000;
    private const int RoundsBeforeYield = 16;

    private readonly RingContext _ring;
    private readonly Caller _caller;
    private readonly FutexWord _wake = new();
    private readonly long _idleTicks;
    private volatile bool _stop;

    private SqPoll(RingContext ring, Caller caller, uint idleMs)
    {
        (_ring, _caller) = (ring, caller);
        _idleTicks = (idleMs == 0 ? DefaultIdleMs : idleMs) * Stopwatch.Frequency / 1000;
    }

    /// <summary>Starts the thread: 0, or -EAGAIN where none is to be had.</summary>
    internal static int TryStart(RingContext ring, Caller caller, uint idleMs)
    {
        var poll = new SqPoll(ring, caller, idleMs);
        ring.SqPoll = poll;
        ring.AddReference();
        try
        {
            new Thread(poll.Run, 256 * 1024) { IsBackground = true, Name = "uring-sqp" }.UnsafeStart();
            return 0;
        }
        catch (OutOfMemoryException)
        {
            ring.DropReference();
            return -Errno.EAGAIN;
        }
    }

    /// <summary>SQ_WAKEUP, and whatever else changes what the thread has to look at.</summary>
    internal void Wake()
    {
        _wake.Advance();
        _wake.WakeAll();
    }

    /// <summary>The thread ends by itself; nobody waits for it.</summary>
    internal void Stop()
    {
        _stop = true;
        Wake();
    }

    /// <summary>SQ_WAIT: until the SQ has room; false if a signal ended it.</summary>
    internal bool WaitForRoom()
    {
        var spinner = default(SpinWait);
        while (_ring.Submission.IsFull && !_ring.IsClosed)
            spinner.SpinOnce();
        return true;
    }

    internal void Free() => _wake.Free();

    private void Run()
    {
        long lastWork = Stopwatch.GetTimestamp();
        int round = 0;
        while (!_stop)
        {
            if (!_ring.IsDisabled && _ring.Submission.Submit(_caller, uint.MaxValue) > 0)
            {
                lastWork = Stopwatch.GetTimestamp();
                continue;
            }

            _ring.DirectWait?.Reap();
            if (++round % RoundsBeforeYield == 0)
                Thread.Yield();
            else
                Thread.SpinWait(10);
            if (Stopwatch.GetTimestamp() - lastWork < _idleTicks && !_ring.IsDisabled)
                continue;
            Sleep();
            lastWork = Stopwatch.GetTimestamp();
        }

        _ring.CancelIfClosed();
        _ring.DropReference();
    }

    private void Sleep()
    {
        uint seen = _wake.Value;
        // A full fence lies in setting the flag: the tail is read again after it. Pair: the client publishes its tail, fences, and
        // only then reads the flag. One of the two sees the other.
        _ring.Memory.SetSqFlags(SqRingFlags.NeedWakeup);
        if (!_stop && (_ring.IsDisabled || !_ring.Submission.HasWork))
            _wake.Wait(seen, timed: false, default);
        _ring.Memory.ClearSqFlags(SqRingFlags.NeedWakeup);
    }
}
