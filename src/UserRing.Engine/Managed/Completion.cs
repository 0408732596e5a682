using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>
/// From finished request to CQE, for all of a ring's posters: submitters, workers, the poller. One lock per batch covers the CQ tail,
/// the backlog, deferred work and the registered waiters, so that whether somebody must be woken is decided with no fence of its own.
/// A full CQ never overwrites an unreaped entry: what does not fit waits in the backlog, behind which everything new queues up, and
/// is moved by an enter with GETEVENTS. On a DEFER_TASKRUN ring, what finished off the submitter waits for such an enter as well.
/// </summary>
internal sealed class Completion(RingContext ring)
{
    // A backlog entry costs 16 bytes here; the kernel's end is memory. Beyond this a completion is lost, counted, as there.
    private const int MostHeldBack = 1 << 20;

    private readonly Lock _lock = new();
    private readonly RingMemory _memory = ring.Memory;
    private readonly uint _entries = ring.Layout.CqEntries;
    private readonly bool _defers = (ring.Flags & SetupFlags.DeferTaskrun) != 0;

    private Queue<Cqe>? _backlog, _deferred;

    /// <summary>CQ tail, the engine's own: the shared word is output only.</summary>
    private uint _tail;

    private uint _timeoutsPosted, _counted;

    internal Lock Lock => _lock;

    /// <summary>Completions so far without those of timeouts: what a counting timeout measures against.</summary>
    internal uint Counted => Volatile.Read(ref _counted);

    /// <summary>Timeouts that ended by themselves so far: each ends every wait. Read it before <see cref="Flush"/>.</summary>
    internal uint TimeoutsPosted => Volatile.Read(ref _timeoutsPosted);

    /// <summary>Unreaped entries in the ring, believing the program's head only as far as it can be true.</summary>
    internal uint Unread => Math.Min(Tail - _memory.ReadCqHead(), _entries);

    internal uint Tail => Volatile.Read(ref _tail);

    /// <summary>
    /// The tail at which <paramref name="count"/> entries are unread, and whether that is now. From one look at the tail: two, with a
    /// post between them, would make a wait end an entry early.
    /// </summary>
    internal uint TailFor(uint count, out bool reached)
    {
        uint tail = Tail;
        uint unread = Math.Min(tail - _memory.ReadCqHead(), _entries);
        reached = unread >= count;
        return tail - unread + count;
    }

    /// <summary>Lock held: what a waiter would find after a flush.</summary>
    internal uint ReachableTail => _tail + (uint)(_backlog?.Count ?? 0) + (uint)(_deferred?.Count ?? 0);

    internal void Post(ReadOnlySpan<Cqe> completions, int timeouts, bool inline)
    {
        bool wake, wasEmpty, ringChanged;
        lock (_lock)
        {
            uint before = _tail;
            wasEmpty = _memory.ReadCqHead() == before;
            if (_defers && !inline && !ring.IsClosed) // nobody will enter a released ring to fetch them
                Defer(completions);
            else
                Write(completions);
            Volatile.Write(ref _timeoutsPosted, _timeoutsPosted + (uint)timeouts);
            Volatile.Write(ref _counted, _tail - _timeoutsPosted);
            ringChanged = _tail != before;
            wake = ring.Waiters.MustWake(ReachableTail, timeouts > 0);
        }

        if (wake)
            ring.Waiters.Wake();
        ring.Notify(ringChanged, wasEmpty, inline);
    }

    /// <summary>
    /// Enter with GETEVENTS: deferred completions become CQEs, then the backlog moves into the room there is.
    /// Only the owner of a DEFER_TASKRUN ring gets here for it. True if the CQ has more entries now.
    /// </summary>
    internal bool Flush()
    {
        if (_backlog is null && _deferred is null)
            return false;
        bool changed, wasEmpty;
        lock (_lock)
        {
            uint before = _tail;
            wasEmpty = _memory.ReadCqHead() == before;
            MoveBacklog();
            if (_deferred is { Count: > 0 } deferred)
            {
                while (deferred.TryDequeue(out Cqe cqe))
                    Write(new ReadOnlySpan<Cqe>(in cqe));
                _memory.ClearSqFlags(SqRingFlags.Taskrun);
            }

            changed = _tail != before;
            Volatile.Write(ref _counted, _tail - _timeoutsPosted);
        }

        if (changed)
            ring.Notify(ringChanged: true, wasEmpty, inline: true);
        return changed;
    }

    private void Write(ReadOnlySpan<Cqe> completions)
    {
        uint tail = _tail;
        uint used = Math.Min(tail - _memory.ReadCqHead(), _entries);
        uint room = _backlog is { Count: > 0 } ? 0 : _entries - used;
        int fit = (int)Math.Min(room, (uint)completions.Length);
        if (fit > 0)
        {
            _memory.WriteCqes(tail, completions[..fit]);
            _tail = tail + (uint)fit;
            _memory.PublishCqTail(_tail);
        }

        if (fit < completions.Length)
            HoldBack(completions[fit..]);
    }

    private void HoldBack(ReadOnlySpan<Cqe> completions)
    {
        _backlog ??= new Queue<Cqe>();
        if (_backlog.Count == 0)
            _memory.SetSqFlags(SqRingFlags.CqOverflow);
        foreach (ref readonly Cqe cqe in completions)
        {
            if (_backlog.Count < MostHeldBack)
                _backlog.Enqueue(cqe);
            else
                _memory.CountLostCompletion();
        }
    }

    private void MoveBacklog()
    {
        if (_backlog is not { Count: > 0 } backlog)
            return;
        uint tail = _tail;
        uint room = _entries - Math.Min(tail - _memory.ReadCqHead(), _entries);
        while (room > 0 && backlog.TryDequeue(out Cqe cqe))
        {
            _memory.WriteCqe(tail++, cqe);
            room--;
        }

        _tail = tail;
        _memory.PublishCqTail(tail);
        if (backlog.Count == 0)
            _memory.ClearSqFlags(SqRingFlags.CqOverflow);
    }

    private void Defer(ReadOnlySpan<Cqe> completions)
    {
        _deferred ??= new Queue<Cqe>();
        foreach (ref readonly Cqe cqe in completions)
            _deferred.Enqueue(cqe);
        if ((ring.Flags & SetupFlags.TaskrunFlag) != 0)
            _memory.SetSqFlags(SqRingFlags.Taskrun);
    }
}
