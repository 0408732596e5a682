using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// The thread of rings with polled submission (SQPOLL): it watches their SQs, so that a program does I/O without a call, until nothing
/// came for the idle time; then it says NEED_WAKEUP in all of them and sleeps, as it does when it is new. One thread serves a ring and
/// those that were attached to it (ATTACH_WQ). It holds a reference to each, lets go of what is released, and ends with the last.
/// </summary>
internal sealed class SqPoll
{
    private const uint DefaultIdleMs = 1000;

    /// <summary>Most that is taken from one of several rings before the next has its turn (io_uring/sqpoll.c).</summary>
    private const uint MostPerTurn = 8;

    private const int AnyCpu = -1;
    private const int SpinsBetweenLooks = 8;

    /// <summary>
    /// So long after the last request the thread looks without pause, then from nap to nap; also while programs that wait take their
    /// requests themselves. A thread that only ever spins is one that the scheduler keeps waiting for milliseconds when the machine is
    /// busy; one that naps has its turn when it wakes. (Yielding is worse: it forfeits the rest of a turn, thousands of times a second.)
    /// </summary>
    private static readonly long HotTicks = Stopwatch.Frequency / 5000;
    private static readonly long HelpTicks = Stopwatch.Frequency / 500;
    private static readonly KernelTimespec Nap = new() { TvNsec = 50_000 };

    private readonly Lock _gate = new();
    private readonly FutexWord _wake = new(), _room = new();
    private readonly int _cpu;
    private readonly ManualResetEventSlim? _pinned;

    /// <summary>The thread and each ring: the last of them frees the futex words.</summary>
    private ReferenceCount _users = new(1);
    private Member[] _members = [];
    private volatile bool _changed;
    private bool _ended, _sleeps;
    private long _helpedAt;
    private int _roomWaiters, _pinError;

    private SqPoll(int cpu)
    {
        _cpu = cpu;
        _pinned = cpu == AnyCpu ? null : new ManualResetEventSlim();
    }

    /// <summary>A thread for the ring: 0, -EINVAL for a processor it cannot run on, -EAGAIN where no thread is to be had.</summary>
    internal static int TryStart(RingContext ring, Caller caller, in RingParams parameters)
    {
        bool pins = (parameters.Flags & SetupFlags.SqAff) != 0;
        if (pins && parameters.SqThreadCpu > int.MaxValue)
            return -Errno.EINVAL;
        var poll = new SqPoll(pins ? (int)parameters.SqThreadCpu : AnyCpu);
        poll.TryJoin(ring, caller, parameters.SqThreadIdle);
        try
        {
            new Thread(poll.Run, 256 * 1024) { IsBackground = true, Name = "uring-sqp" }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            ring.DropReference();
            poll.Free();
            return -Errno.EAGAIN;
        }

        poll._pinned?.Wait();
        return poll._pinError;
    }

    /// <summary>The ring is served by this thread too; false if that is ending.</summary>
    internal bool TryJoin(RingContext ring, Caller caller, uint idleMs)
    {
        long idleTicks = (idleMs == 0 ? DefaultIdleMs : idleMs) * Stopwatch.Frequency / 1000;
        lock (_gate)
        {
            if (_ended)
                return false;
            ring.AddReference();
            _users.Add();
            ring.SqPoll = this;
            Volatile.Write(ref _members, [.. _members, new Member(ring, caller, idleTicks)]);
        }

        Change();
        return true;
    }

    /// <summary>SQ_WAKEUP, and whatever else changes what the thread has to look at.</summary>
    internal void Wake()
    {
        _wake.Advance();
        _wake.WakeAll();
    }

    /// <summary>
    /// A program that is about to wait takes what it has queued itself, unless the thread is at it or says that it sleeps: it had to wait
    /// for the thread otherwise, which on a busy machine may be off its processor for long.
    /// </summary>
    internal void Help(RingContext ring, Caller caller, bool wakes)
    {
        if (!wakes && Volatile.Read(ref _sleeps) || !ring.Submission.TrySubmit(caller))
            return;
        Volatile.Write(ref _helpedAt, Stopwatch.GetTimestamp());
        AnnounceRoom();
    }

    /// <summary>A ring was released: the thread lets go of it by itself, nobody waits for that.</summary>
    internal void Leave()
    {
        Change();
        AnnounceRoom();
    }

    /// <summary>SQ_WAIT: until the ring's SQ has room: 0, -EINTR if a signal came first, -EBADF if the ring was released.</summary>
    internal int WaitForRoom(RingContext ring)
    {
        int error = 0;
        Interlocked.Increment(ref _roomWaiters); // a full fence, before the SQ is looked at (pair: AnnounceRoom)
        while (error != -Errno.EINTR)
        {
            uint seen = _room.Value;
            if (!ring.Submission.IsFull || ring.IsClosed)
                break;
            error = _room.WaitInterruptibly(seen);
        }

        Interlocked.Decrement(ref _roomWaiters);
        return ring.IsClosed ? -Errno.EBADF : error == -Errno.EINTR ? error : 0;
    }

    /// <summary>The ring, or the thread, needs it no more.</summary>
    internal void Free()
    {
        if (!_users.Drop())
            return;
        _wake.Free();
        _room.Free();
    }

    private void Change()
    {
        _changed = true;
        Wake();
    }

    private void Run()
    {
        // Else it runs where its creator may, as the kernel's does.
        if (_cpu != AnyCpu)
            _pinError = Libc.SetAffinity(0, Libc.OneCpu(_cpu));
        _pinned?.Set();
        Libc.SetTimerSlack(1); // a nap is not to last twice as long
        Member[] members = _members;
        long idleSince = long.MinValue / 2; // asleep at once, until woken (io_uring/sqpoll.c, io_sq_thread)
        bool wasNew = true;
        while (true)
        {
            if (_changed)
            {
                _changed = false;
                if ((members = LetGoOfClosed()).Length == 0)
                    break;
                idleSince = wasNew ? idleSince : Stopwatch.GetTimestamp();
                wasNew = false;
            }

            long helpedAt = Volatile.Read(ref _helpedAt);
            bool worked = false, isHelped = Stopwatch.GetTimestamp() - helpedAt < HelpTicks;
            foreach (Member member in members)
                worked |= Serve(member, members.Length > 1 ? MostPerTurn : uint.MaxValue, isHelped);
            long now = Stopwatch.GetTimestamp();
            if (worked)
                idleSince = now;
            else if (now - idleSince < HotTicks && !isHelped)
                Thread.SpinWait(SpinsBetweenLooks);
            else if (now - Math.Max(idleSince, helpedAt) < IdleTicksOf(members))
                _wake.Wait(_wake.Value, timed: true, Nap);
            else
                idleSince = Sleep(members);
        }

        Free();
    }

    /// <summary>
    /// Takes what is queued. While programs that wait take it themselves, only what they have left from one look to the next: a thread that
    /// was put off its processor in the middle of a batch would hold them up.
    /// </summary>
    private bool Serve(Member member, uint most, bool isHelped)
    {
        RingContext ring = member.Ring;
        ring.DirectWait?.Reap();
        if (ring.IsDisabled || !ring.Submission.HasWork)
        {
            member.LeftAt = null;
            return false;
        }

        uint head = ring.Submission.Head;
        if (isHelped && member.LeftAt != head)
        {
            member.LeftAt = head;
            return false;
        }

        member.LeftAt = null;
        ring.Submission.Submit(member.Caller, most);
        AnnounceRoom();
        return true;
    }

    /// <summary>SQEs were taken. The fence between the head and this look lies in leaving the submit lock. Pair: WaitForRoom.</summary>
    private void AnnounceRoom()
    {
        if (Volatile.Read(ref _roomWaiters) == 0)
            return;
        _room.Advance();
        _room.WakeAll();
    }

    /// <summary>The rings that are still open; none ends the thread.</summary>
    private Member[] LetGoOfClosed()
    {
        Member[] all, open;
        lock (_gate)
        {
            all = _members;
            open = Array.FindAll(all, static member => !member.Ring.IsClosed);
            Volatile.Write(ref _members, open);
            _ended = open.Length == 0;
        }

        foreach (Member member in all)
        {
            if (!open.Contains(member))
            {
                member.Ring.CancelIfClosed();
                member.Ring.DropReference();
            }
        }

        return open;
    }

    private static long IdleTicksOf(Member[] members)
    {
        long most = 0;
        foreach (Member member in members)
            most = Math.Max(most, member.IdleTicks);
        return most;
    }

    /// <summary>Until woken, unless there is something to do; when that was.</summary>
    private long Sleep(Member[] members)
    {
        uint seen = _wake.Value;
        bool hasWork = _changed;
        Volatile.Write(ref _sleeps, true);
        foreach (Member member in members)
        {
            // A full fence lies in setting the flag: the tail is read again after it. Pair: the client publishes its tail, fences, and
            // only then reads the flag. One of the two sees the other.
            member.Ring.Memory.SetSqFlags(SqRingFlags.NeedWakeup);
            hasWork |= !member.Ring.IsDisabled && member.Ring.Submission.HasWork;
        }

        if (!hasWork)
            _wake.Wait(seen, timed: false, default);
        Volatile.Write(ref _sleeps, false);
        foreach (Member member in members)
            member.Ring.Memory.ClearSqFlags(SqRingFlags.NeedWakeup);
        return Stopwatch.GetTimestamp();
    }

    private sealed class Member(RingContext ring, Caller caller, long idleTicks)
    {
        internal RingContext Ring => ring;

        internal Caller Caller => caller;

        internal long IdleTicks => idleTicks;

        /// <summary>The SQ head when it was left to the program to take what is queued.</summary>
        internal uint? LeftAt { get; set; }
    }
}
