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

    /// <summary>Timeouts; those that wait for completions too, the fewest first; LINK_TIMEOUTs.</summary>
    private RequestList _plain, _counting, _linked;

    /// <summary>How many wait for completions, for those who have not the lock.</summary>
    private int _countingCount;

    private IssueBatch? _flushBatch;

    /// <summary>
    /// Waits for the request's interval or, if it is absolute, until then, on its clock; or, if <paramref name="count"/> is not 0, until
    /// that many more completions were posted: 0 or -errno.
    /// </summary>
    internal int Park(Request request, uint count)
    {
        Ring.HoldFor(request);
        request.ByWorker = false; // if one had it, it is out of its hands
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

    /// <summary>Clock's lock held.</summary>
    internal void Enlist(Request request)
    {
        lock (_lock)
        {
            request.Place = this;
            ListOf(request).InsertAfter(PlaceFor(request), request);
            Volatile.Write(ref _countingCount, _counting.Count);
        }
    }

    /// <summary>
    /// A multishot timeout has expired and goes on: 0, or -ECANCELED if a cancel came while it was posting.
    /// </summary>
    internal int ParkAgain(Request request) => TimerClock.Of(request.Clock).AddAgain(this, request);

    /// <summary>A multishot timeout has expired and does not go on.</summary>
    internal void End(Request request)
    {
        lock (_lock)
            Unlist(request);
    }

    /// <summary>
    /// Clock's lock held: whether the expired request is still waiting. True gives it to the caller; one that is multishot stays in its
    /// list, so that a cancel finds it meanwhile.
    /// </summary>
    internal bool TryClaim(Request request)
    {
        lock (_lock)
        {
            if (request.Place != this)
                return false;
            request.IsDelivering = (request.Marks & Marks.Multishot) != 0;
            if (!request.IsDelivering)
                Unlist(request);
            return true;
        }
    }

    /// <summary>Clock's lock held: whether a multishot timeout that has posted is still wanted.</summary>
    internal bool TryStay(Request request)
    {
        lock (_lock)
        {
            request.IsDelivering = false;
            if (request.IsStopped)
                Unlist(request);
            return request.Place == this;
        }
    }

    /// <summary>Completes with 0 what waited for no more completions than there are now. Called after each post, in its batch.</summary>
    internal void CompleteSatisfied(IssueBatch batch)
    {
        if (Volatile.Read(ref _countingCount) == 0)
            return;
        RequestList satisfied = default;
        lock (_lock)
        {
            uint posted = Ring.Completions.Counted;
            while (_counting.First is { } request && (int)(posted - request.TargetCount) >= 0)
            {
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
        int before = Volatile.Read(ref _countingCount);
        if (before == 0)
            return false;
        lock (_flushLock)
        {
            _flushBatch ??= new IssueBatch();
            _flushBatch.Begin(Ring, SelfCaller.Instance, onSubmitter: false);
            CompleteSatisfied(_flushBatch);
            _flushBatch.End();
        }

        return Volatile.Read(ref _countingCount) < before;
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default;
        var result = default(CancelResult);
        lock (_lock)
        {
            TakeMatching(ref _counting, match, ref taken, ref result);
            if (match.All || result.Cancelled == 0)
                TakeMatching(ref _plain, match, ref taken, ref result);
            Volatile.Write(ref _countingCount, _counting.Count);
        }

        while (TakeFinished(ref taken) is { } cancelled)
            Ring.Later.Complete(cancelled, -Errno.ECANCELED); // counts like any other completion (io_uring/timeout.c, io_timeout_cancel)
        return result;
    }

    /// <summary>
    /// Gives a waiting timeout (or LINK_TIMEOUT) another time on its clock: 0 or -ENOENT. It no longer waits for completions, and one that
    /// is multishot goes on without end (io_uring/timeout.c, io_timeout_update).
    /// </summary>
    internal int Update(ulong userData, bool isLinked, long interval, bool isAbsolute)
    {
        while (true)
        {
            Request? found;
            int clock;
            lock (_lock)
            {
                found = isLinked ? Find(_linked, userData) : Find(_counting, userData) ?? Find(_plain, userData);
                if (found is null)
                    return -Errno.ENOENT;
                clock = found.Clock;
            }

            // Lock order: the clock's comes first. Whatever the object is by then, if it answers to the name it is meant.
            if (TimerClock.Of(clock).TryMove(this, found, userData, interval, DeadlineOf(clock, interval, isAbsolute)))
                return 0;
        }
    }

    /// <summary>Clock's lock held: changes what a timeout waits for, unless it has ended.</summary>
    internal bool TryChange(Request request, ulong userData, int clock, long interval)
    {
        lock (_lock)
        {
            if (request.Place != this || request.IsStopped || request.Clock != clock || request.Sqe.UserData != userData)
                return false;
            request.Interval = interval;
            if (request.Sqe.Opcode == Opcode.LinkTimeout)
                return true;
            ListOf(request).Remove(request);
            request.WaitEvents = 0;
            request.Sqe.Off = 0;
            _plain.Append(request);
            Volatile.Write(ref _countingCount, _counting.Count);
            return true;
        }
    }

    private static void TakeMatching(ref RequestList from, in CancelMatch match, ref RequestList taken, ref CancelResult result)
    {
        Request? next;
        for (Request? request = from.First; request is not null; request = next)
        {
            next = request.Next;
            if (request.IsStopped || !match.Matches(request))
                continue;
            result.Cancelled++;
            if (request.IsDelivering)
            {
                request.IsStopped = true; // whoever delivers ends it
            }
            else
            {
                from.Remove(request);
                request.Place = null;
                taken.Append(request);
            }

            if (!match.All)
                return;
        }
    }

    private static Request? Find(in RequestList list, ulong userData)
    {
        Request? request = list.First;
        while (request is not null && (request.Sqe.UserData != userData || request.IsStopped))
            request = request.Next;
        return request;
    }

    internal static long DeadlineOf(Request request) =>
        DeadlineOf(request.Clock, request.Interval, (request.Sqe.TimeoutFlags & TimeoutFlags.Abs) != 0);

    private static long DeadlineOf(int clock, long interval, bool isAbsolute)
    {
        if (isAbsolute)
            return interval;
        long now = Libc.ClockGettimeNs(clock);
        return interval > long.MaxValue - now ? long.MaxValue : now + interval;
    }

    private static Request? TakeFinished(ref RequestList requests)
    {
        Request? request = requests.TakeFirst();
        if (request is not null)
            TimerClock.Of(request.Clock).Remove(request); // waits for the clock if it looks at this very request; then it may be used again
        return request;
    }

    private void Unlist(Request request)
    {
        ListOf(request).Remove(request);
        request.Place = null;
        request.IsDelivering = request.IsStopped = false;
        Volatile.Write(ref _countingCount, _counting.Count);
    }

    private ref RequestList ListOf(Request request)
    {
        if (request.Sqe.Opcode == Opcode.LinkTimeout)
            return ref _linked;
        return ref request.WaitEvents != 0 ? ref _counting : ref _plain;
    }

    /// <summary>Lock held: what it goes behind in its list.</summary>
    private Request? PlaceFor(Request request)
    {
        Request? before = ListOf(request).Last;
        while (request.WaitEvents != 0 && before is not null && (int)(before.TargetCount - request.TargetCount) > 0)
            before = before.Previous;
        return before;
    }
}
