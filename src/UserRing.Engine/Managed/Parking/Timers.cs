using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Timeouts of one ring. The clock part is the process's (<see cref="TimerClock"/>); the list, and with it the right to complete, is
/// here. A timeout may also wait for a number of completions: those are looked at after each post.
/// </summary>
internal sealed class Timers(RingContext ring) : ParkingPlace(ring)
{
    private readonly Lock _lock = new(), _flushLock = new();
    private RequestList _waiting, _linked;

    /// <summary>Multishot timeouts between an expiry and the next wait, so that a cancel finds them then too.</summary>
    private RequestList _delivering;
    private int _counting;
    private IssueBatch? _flushBatch;

    /// <summary>
    /// Waits for the request's interval or, if it is absolute, until then, on its clock; or, if <paramref name="count"/> is not 0, until
    /// that many more completions were posted: 0 or -errno.
    /// </summary>
    internal int Park(Request request, uint count)
    {
        Ring.HoldFor(request);
        request.Deadline = DeadlineOf(request);
        request.WaitEvents = count;
        request.TargetCount = Ring.Completions.Counted + count;
        return TimerClock.Of(request.Clock).Add(this, request);
    }

    /// <summary>
    /// A LINK_TIMEOUT, from now on. Out of reach for a cancel, on the kernel too: it goes with its target (see <see cref="Chain"/>).
    /// </summary>
    internal int ParkLinked(Request request)
    {
        Ring.HoldFor(request);
        request.Deadline = DeadlineOf(request);
        request.WaitEvents = 0;
        return TimerClock.Of(request.Clock).Add(this, request);
    }

    /// <summary>Takes a LINK_TIMEOUT out, unless it has just expired.</summary>
    internal bool TryTake(Request request)
    {
        if (!TryClaim(request))
            return false;
        TimerClock.Of(request.Clock).Remove(request);
        return true;
    }

    /// <summary>
    /// A multishot timeout that has expired will not wait again: true if a cancel has found it meanwhile, and counts on its end.
    /// </summary>
    internal bool EndDelivery(Request request)
    {
        lock (_lock)
            return IsStopped(request);
    }

    /// <summary>Clock's lock held. False if a cancel has found it between two expiries: then it does not wait again.</summary>
    internal bool TryEnlist(Request request)
    {
        lock (_lock)
        {
            if (IsStopped(request))
                return false;
            request.Place = this;
            if (request.Target is not null)
            {
                _linked.Append(request);
                return true;
            }

            _waiting.Append(request);
            if (request.WaitEvents != 0)
                _counting++;
            return true;
        }
    }

    /// <summary>Clock's lock held: whether the expired request is still waiting. True gives it to the caller.</summary>
    internal bool TryClaim(Request request)
    {
        lock (_lock)
        {
            if (request.Place != this)
                return false;
            Unlist(request);
            if ((request.Marks & Marks.Multishot) != 0)
            {
                request.IsDelivering = true;
                _delivering.Append(request);
            }

            return true;
        }
    }

    /// <summary>Completes with 0 what waited for no more completions than there are now. Called after each post, in its batch.</summary>
    internal void CompleteSatisfied(IssueBatch batch)
    {
        if (Volatile.Read(ref _counting) == 0)
            return;
        RequestList satisfied = default;
        lock (_lock)
        {
            uint posted = Ring.Completions.Counted;
            Request? next;
            for (Request? request = _waiting.First; request is not null; request = next)
            {
                next = request.Next;
                if (request.WaitEvents == 0 || (int)(posted - request.TargetCount) < 0)
                    continue;
                Unlist(request);
                satisfied.Append(request);
            }
        }

        while (TakeFinished(ref satisfied) is { } finished)
            batch.CompleteTimeout(finished, 0);
    }

    /// <summary>
    /// The same where no batch is open: completions became visible that were deferred or held back. True if some were satisfied.
    /// </summary>
    internal bool CompleteSatisfied()
    {
        int before = Volatile.Read(ref _counting);
        if (before == 0)
            return false;
        lock (_flushLock)
        {
            _flushBatch ??= new IssueBatch();
            _flushBatch.Begin(Ring, SelfCaller.Instance, onSubmitter: false);
            CompleteSatisfied(_flushBatch);
            _flushBatch.End();
        }

        return Volatile.Read(ref _counting) < before;
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default;
        var result = default(CancelResult);
        lock (_lock)
        {
            for (Request? request = _delivering.First; request is not null; request = request.Next)
            {
                if (request.IsStopped || !match.Matches(request))
                    continue;
                request.IsStopped = true;
                result.Cancelled++;
                if (!match.All)
                    return result;
            }

            _waiting.TakeMatching(match, ref taken);
            for (Request? request = taken.First; request is not null; request = request.Next)
            {
                request.Place = null;
                if (request.WaitEvents != 0)
                    _counting--;
            }
        }

        result.Cancelled += taken.Count;
        while (TakeFinished(ref taken) is { } cancelled)
            Ring.Later.Complete(cancelled, -Errno.ECANCELED); // counts like any other completion (io_uring/timeout.c, io_timeout_cancel)
        return result;
    }

    private static long DeadlineOf(Request request)
    {
        if ((request.Sqe.TimeoutFlags & TimeoutFlags.Abs) != 0)
            return request.Interval;
        long now = Libc.ClockGettimeNs(request.Clock);
        return request.Interval > long.MaxValue - now ? long.MaxValue : now + request.Interval;
    }

    private static Request? TakeFinished(ref RequestList requests)
    {
        Request? request = requests.TakeFirst();
        if (request is not null)
            TimerClock.Of(request.Clock).Remove(request); // waits for the clock if it looks at this very request; then it may be used again
        return request;
    }

    private bool IsStopped(Request request)
    {
        bool isStopped = request.IsStopped;
        if (request.IsDelivering)
            _delivering.Remove(request);
        request.IsDelivering = request.IsStopped = false;
        return isStopped;
    }

    private void Unlist(Request request)
    {
        request.Place = null;
        if (request.Target is not null || request.Sqe.Opcode == Opcode.LinkTimeout)
        {
            _linked.Remove(request);
            return;
        }

        _waiting.Remove(request);
        if (request.WaitEvents != 0)
            _counting--;
    }
}

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
            if (!timers.TryEnlist(request))
                return -Errno.ECANCELED;
            request.Clock = _clock;
            if (_count == _heap.Length)
                Array.Resize(ref _heap, _count * 2);
            Place(request, _count++);
            SiftUp(request.WaitSlot);
            Arm();
            return 0;
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
