using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// The threads of the process that sleep on futexes, one for each request: a futex has no descriptor to wait on, and of several that one
/// thread sleeps on together the system call reports only one woken. A request counts as waiting from its submission on: a wake that comes
/// through a ring finds it here, whether or not its thread is asleep yet; one that comes by futex(2) finds the thread. A thread whose
/// request was taken from it is interrupted, and passes on a wake that hit it in the meantime.
/// </summary>
internal sealed class FutexSleepers : IInterruptible
{
    private static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(5);

    private const uint Private = 0x80; // FUTEX2_PRIVATE

    private readonly object _gate = new();
    private readonly Dictionary<ulong, List<Sleeper>> _byAddress = [];
    private readonly List<Sleeper> _leaving = [];
    private readonly Stack<Sleeper> _idle = new();

    internal static FutexSleepers Instance { get; } = new();

    /// <summary>Has a thread sleep for the request: 0 or -EAGAIN.</summary>
    internal int Add(FutexWait place, Request request, FutexWaitv[] futexes, uint mask)
    {
        lock (_gate)
        {
            if (!_idle.TryPop(out Sleeper? sleeper) && (sleeper = Sleeper.TryStart(this)) is null)
                return -Errno.EAGAIN;
            sleeper.Assign(place, request, futexes, mask);
            foreach (FutexWaitv futex in futexes)
            {
                if (!_byAddress.TryGetValue(futex.Uaddr, out List<Sleeper>? sleepers))
                    _byAddress.Add(futex.Uaddr, sleepers = []);
                sleepers.Add(sleeper);
            }

            place.Enlist(request);
            Monitor.PulseAll(_gate);
            return 0;
        }
    }

    /// <summary>Takes up to <paramref name="most"/> requests that wait for a futex and completes them: how many there were.</summary>
    internal int Wake(ulong address, int most, uint mask, uint flags)
    {
        int woken = 0;
        while (woken < most)
        {
            Request request;
            RingContext ring;
            lock (_gate)
            {
                if (FindWaiting(address, mask, flags) is not { } sleeper)
                    return woken;
                request = Take(sleeper);
                ring = request.Ring;
                ring.AddReference(); // the request's own may go as soon as it is in Later
                ring.Later.Complete(request, sleeper.IndexOf(address, flags));
            }

            woken++;
            ring.Submission.RunLaterSoon();
            ring.DropReference();
        }

        return woken;
    }

    internal void TakeMatching(in CancelMatch match, ref RequestList waiting, ref RequestList taken)
    {
        lock (_gate)
        {
            Request? next;
            for (Request? request = waiting.First; request is not null; request = next)
            {
                next = request.Next;
                if (!match.Matches(request))
                    continue;
                Take(request.Sleeper!);
                taken.Append(request);
                if (!match.All)
                    return;
            }
        }
    }

    bool IInterruptible.InterruptAgain()
    {
        lock (_gate)
        {
            foreach (Sleeper sleeper in _leaving)
                Interruption.Send(sleeper.Task);
            return _leaving.Count > 0;
        }
    }

    /// <summary>
    /// Whether a thread whose request was taken may still sleep on a futex: a wake would find it there, and count it again.
    /// </summary>
    internal bool IsBeingLeft(ulong address)
    {
        lock (_gate)
        {
            foreach (Sleeper sleeper in _leaving)
            {
                if (sleeper.WaitsAt(address))
                    return true;
            }

            return false;
        }
    }

    /// <summary>Waits until no thread is about to leave a futex.</summary>
    internal void AwaitLeaving(ulong address)
    {
        lock (_gate)
        {
            while (IsBeingLeft(address))
                Monitor.Wait(_gate);
        }
    }

    private Sleeper? FindWaiting(ulong address, uint mask, uint flags)
    {
        if (_byAddress.TryGetValue(address, out List<Sleeper>? sleepers))
        {
            foreach (Sleeper sleeper in sleepers)
            {
                if ((sleeper.Mask & mask) != 0 && sleeper.WaitsAt(address, flags))
                    return sleeper;
            }
        }

        return null;
    }

    /// <summary>Lock held. The request is the caller's; its thread is to leave its call.</summary>
    private Request Take(Sleeper sleeper)
    {
        Request request = Release(sleeper);
        if (sleeper.MayBeAsleep)
        {
            _leaving.Add(sleeper);
            Interruption.Send(sleeper.Task);
            Interruption.Repeat(this);
        }

        return request;
    }

    private Request Release(Sleeper sleeper)
    {
        Request request = sleeper.Request!;
        sleeper.Request = null;
        request.Sleeper = null;
        sleeper.Place!.Unlist(request);
        foreach (FutexWaitv futex in sleeper.Futexes)
        {
            if (!_byAddress.TryGetValue(futex.Uaddr, out List<Sleeper>? sleepers))
                continue;
            sleepers.Remove(sleeper);
            if (sleepers.Count == 0)
                _byAddress.Remove(futex.Uaddr);
        }

        return request;
    }

    /// <summary>On a sleeper's thread: there is a request for it. False after a time without one.</summary>
    private bool AwaitRequest(Sleeper sleeper)
    {
        lock (_gate)
        {
            while (sleeper.Request is null)
            {
                if (!Monitor.Wait(_gate, IdleLife) && sleeper.Request is null && TryLeave(sleeper))
                    return false;
            }

            sleeper.MayBeAsleep = true;
            return true;
        }
    }

    private bool TryLeave(Sleeper sleeper)
    {
        Sleeper[] others = [.. _idle];
        if (!others.Contains(sleeper))
            return false;
        _idle.Clear();
        foreach (Sleeper other in others.Where(other => other != sleeper).Reverse())
            _idle.Push(other);
        return true;
    }

    private bool HasRequest(Sleeper sleeper)
    {
        lock (_gate)
            return sleeper.Request is not null;
    }

    /// <summary>On a sleeper's thread, out of its call: the request, unless somebody took it.</summary>
    private Request? Awake(Sleeper sleeper)
    {
        lock (_gate)
        {
            sleeper.MayBeAsleep = false;
            if (_leaving.Remove(sleeper))
                Monitor.PulseAll(_gate);
            return sleeper.Request is null ? null : Release(sleeper);
        }
    }

    private void Rest(Sleeper sleeper)
    {
        lock (_gate)
            _idle.Push(sleeper);
    }

    /// <summary>One thread and the request it sleeps for.</summary>
    internal sealed class Sleeper
    {
        private readonly FutexSleepers _all;
        private readonly IssueBatch _batch = new();

        private Sleeper(FutexSleepers all) => _all = all;

        internal Request? Request { get; set; }

        internal FutexWait? Place { get; private set; }

        internal FutexWaitv[] Futexes { get; private set; } = [];

        internal uint Mask { get; private set; }

        /// <summary>Its thread is in the call or on the way there.</summary>
        internal bool MayBeAsleep { get; set; }

        internal int Task { get; private set; }

        internal static Sleeper? TryStart(FutexSleepers all)
        {
            var sleeper = new Sleeper(all);
            try
            {
                new Thread(sleeper.Run, 256 * 1024) { IsBackground = true, Name = "uring-futex" }.UnsafeStart();
                return sleeper;
            }
            catch (OutOfMemoryException)
            {
                return null;
            }
        }

        internal void Assign(FutexWait place, Request request, FutexWaitv[] futexes, uint mask)
        {
            (Place, Request, Futexes, Mask) = (place, request, futexes, mask);
            request.Sleeper = this;
        }

        /// <summary>What FUTEX_WAITV answers for a wake of this futex; of the single one, 0.</summary>
        internal int IndexOf(ulong address, uint flags) => Math.Max(
            0, Array.FindIndex(Futexes, futex => futex.Uaddr == address && ((futex.Flags ^ flags) & Private) == 0));

        internal bool WaitsAt(ulong address) => Array.Exists(Futexes, futex => futex.Uaddr == address);

        /// <summary>A private wait and a shared wake, or the other way round, are not for each other.</summary>
        internal bool WaitsAt(ulong address, uint flags) =>
            Array.Exists(Futexes, futex => futex.Uaddr == address && ((futex.Flags ^ flags) & Private) == 0);

        private void Run()
        {
            Task = Libc.Gettid();
            Interruption.Admit();
            while (_all.AwaitRequest(this))
            {
                int result = Sleep();
                FutexWaitv[] futexes = Futexes;
                if (_all.Awake(this) is { } request)
                    Complete(request, result);
                else if (result >= 0)
                    Libc.FutexWake((nuint)futexes[result].Uaddr, 1, Mask, futexes[result].Flags); // it was meant for a waiter that is there
                _all.Rest(this);
            }
        }

        private int Sleep()
        {
            while (true)
            {
                int result = Libc.FutexSleep(Futexes, Mask);
                switch (result)
                {
                    case -Errno.EINTR when _all.HasRequest(this):
                        continue; // the runtime's own signals
                    case -Errno.EAGAIN:
                        // Changed since the request was taken: whoever did that has woken, or will wake, those who saw the old value.
                        return 0;
                    default:
                        return result;
                }
            }
        }

        private void Complete(Request request, int result)
        {
            RingContext ring = request.Ring;
            ring.AddReference();
            _batch.Begin(ring, request.Caller, onSubmitter: false);
            _batch.Complete(request, result);
            _batch.End();
            ring.CancelIfClosed();
            ring.DropReference();
        }
    }
}
