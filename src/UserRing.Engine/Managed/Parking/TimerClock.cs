using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// One clock's pending timeouts of all rings: a heap by deadline and a timerfd on the process's poller, armed for the earliest.
/// Lock order: the clock's, then a ring's timers.
/// </summary>
internal sealed class TimerClock : IPollTarget
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly TimerClock?[] Clocks = new TimerClock?[Libc.CLOCK_BOOTTIME + 1];

    private readonly Lock _lock = new();
    private readonly int _clock, _timer;
    private readonly int _watchError;
    private Request?[] _heap = new Request?[64];
    private int _count;
    private long _armed = long.MaxValue;

    private TimerClock(int clock)
    {
        _clock = clock;
        _timer = Libc.TimerfdCreate(clock, Libc.TFD_CLOEXEC | Libc.TFD_NONBLOCK);
        _watchError = _timer < 0 ? _timer : Poller.Instance.Add(this, null, _timer, Libc.EPOLLIN, out _);
    }

    internal static TimerClock Of(int clock)
    {
        TimerClock? known = Volatile.Read(ref Clocks[clock]);
        if (known is not null)
            return known;
        lock (Clocks)
        {
            known = Clocks[clock] ?? new TimerClock(clock);
            Volatile.Write(ref Clocks[clock], known);
            return known;
        }
    }

    internal int Add(Timers timers, Request request)
    {
        if (_watchError < 0)
            return _watchError;
        lock (_lock)
        {
            request.Clock = _clock;
            Push(request);
            timers.Enlist(request);
            Arm();
            return 0;
        }
    }

    /// <summary>A multishot timeout waits for its next time, unless it has been given one already: 0, or -ECANCELED.</summary>
    internal int AddAgain(Timers timers, Request request)
    {
        lock (_lock)
        {
            if (!timers.TryStay(request))
            {
                if (request.WaitSlot >= 0)
                    TakeAt(request.WaitSlot);
                return -Errno.ECANCELED;
            }

            if (request.WaitSlot < 0)
            {
                request.Deadline = Timers.DeadlineOf(request);
                Push(request);
            }

            Arm();
            return 0;
        }
    }

    /// <summary>Gives one of its timeouts another deadline, unless it has ended.</summary>
    internal bool TryMove(Timers timers, Request request, ulong userData, long interval, long deadline)
    {
        lock (_lock)
        {
            if (!timers.TryChange(request, userData, _clock, interval))
                return false;
            request.Deadline = deadline;
            if (request.WaitSlot < 0)
                Push(request); // multishot, and posting at the moment
            SiftUp(request.WaitSlot);
            SiftDown(request.WaitSlot);
            Arm();
            return true;
        }
    }

    internal void Remove(Request request)
    {
        lock (_lock)
        {
            if (request.WaitSlot >= 0)
                TakeAt(request.WaitSlot);
        }
    }

    void IPollTarget.Enlist(Request? request)
    {
    }

    bool IPollTarget.TryClaim(Request? request) => true;

    void IPollTarget.OnReady(Request? request, uint events, PollerBatch batches)
    {
        Libc.DrainEventfd(_timer);
        Volatile.Write(ref _armed, long.MaxValue);
        while (TakeExpired() is { } expired)
            Submission.Resume(expired, batches.For(expired.Ring, expired.Caller));
    }

    private Request? TakeExpired()
    {
        lock (_lock)
        {
            long now = Libc.ClockGettimeNs(_clock);
            while (_count > 0 && _heap[0]!.Deadline <= now)
            {
                Request first = _heap[0]!;
                TakeAt(0);
                if (first.Ring.Timers!.TryClaim(first))
                    return first;
            }

            Arm();
            return null;
        }
    }

    private void Arm()
    {
        if (_count == 0 || _heap[0]!.Deadline >= _armed)
            return;
        long at = _armed = _heap[0]!.Deadline;
        // 0 would disarm it; what lies in the past fires at once.
        at = Math.Max(at, 1);
        Libc.TimerfdSettime(_timer, Libc.TFD_TIMER_ABSTIME, at / NanosecondsPerSecond, at % NanosecondsPerSecond);
    }

    private void Push(Request request)
    {
        if (_count == _heap.Length)
            Array.Resize(ref _heap, _count * 2);
        Place(request, _count++);
        SiftUp(request.WaitSlot);
    }

    private void TakeAt(int index)
    {
        _heap[index]!.WaitSlot = -1;
        Request last = _heap[--_count]!;
        _heap[_count] = null;
        if (index == _count)
            return;
        Place(last, index);
        SiftUp(index);
        SiftDown(last.WaitSlot);
    }

    private void Place(Request request, int index)
    {
        _heap[index] = request;
        request.WaitSlot = index;
    }

    private void SiftUp(int index)
    {
        Request moved = _heap[index]!;
        while (index > 0 && _heap[(index - 1) / 2]!.Deadline > moved.Deadline)
        {
            Place(_heap[(index - 1) / 2]!, index);
            index = (index - 1) / 2;
        }

        Place(moved, index);
    }

    private void SiftDown(int index)
    {
        Request moved = _heap[index]!;
        for (int child = 2 * index + 1; child < _count; child = 2 * index + 1)
        {
            if (child + 1 < _count && _heap[child + 1]!.Deadline < _heap[child]!.Deadline)
                child++;
            if (_heap[child]!.Deadline >= moved.Deadline)
                break;
            Place(_heap[child]!, index);
            index = child;
        }

        Place(moved, index);
    }
}
