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
    private readonly Lock _lock = new();
    private readonly RingMemory _memory = ring.Memory;
    private uint _entries = ring.Layout.CqEntries;
    private readonly bool _defers = ring.Defers || ring.PollsDevices;

    private readonly bool _isMixed = (ring.Flags & SetupFlags.CqeMixed) != 0;
    private readonly bool _isPlain = (ring.Flags & (SetupFlags.CqeMixed | SetupFlags.Cqe32)) == 0;

    private Queue<HeldCqe>? _backlog, _deferred;

    /// <summary>CQ tail, the engine's own: the shared word is output only.</summary>
    private uint _tail;

    private uint _timeoutsPosted, _counted;

    private static readonly CqeExtra NoExtra;
    private bool _hasLost;

    internal Lock Lock => _lock;

    /// <summary>Completions so far without those of timeouts: what a counting timeout measures against.</summary>
    internal uint Counted => Volatile.Read(ref _counted);

    /// <summary>Timeouts that ended by themselves so far: each ends every wait. Read it before <see cref="Flush"/>.</summary>
    internal uint TimeoutsPosted => Volatile.Read(ref _timeoutsPosted);

    /// <summary>Unreaped entries in the ring, believing the program's head only as far as it can be true.</summary>
    internal uint Unread => Math.Min(Tail - _memory.ReadCqHead(), _entries);

    internal uint Tail => Volatile.Read(ref _tail);

    /// <summary>Lock held: the memory holds another number of CQEs from now on.</summary>
    internal void Resize(uint entries) => _entries = entries;

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

    /// <summary>Completions were lost and the program has not been told yet.</summary>
    internal bool HasLost
    {
        get => Volatile.Read(ref _hasLost);
        private set => Volatile.Write(ref _hasLost, value);
    }

    /// <summary>The program has been told of lost completions (EBADR).</summary>
    internal void ForgetLost() => HasLost = false;

    /// <summary>Lock held: what a waiter would find after a flush.</summary>
    internal uint ReachableTail => _tail + (uint)(_backlog?.Count ?? 0) + (uint)(_deferred?.Count ?? 0) + (uint)ring.Later.Count;

    /// <param name="completions">What is to be posted.</param>
    /// <param name="extras">The second halves, index for index; looked at on rings with big CQEs only.</param>
    /// <param name="timeouts">How many of them are timeouts that ended.</param>
    /// <param name="inline">On the thread that submits.</param>
    internal void Post(ReadOnlySpan<Cqe> completions, ReadOnlySpan<CqeExtra> extras, int timeouts, bool inline)
    {
        bool wake, wasEmpty, ringChanged;
        lock (_lock)
        {
            uint before = _tail;
            wasEmpty = _memory.ReadCqHead() == before;
            if (_defers && !inline && !ring.IsClosed) // nobody will enter a released ring to fetch them
                Defer(completions, extras);
            else
                Write(completions, extras);
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
    /// One completion of several: false, and nothing posted, if it would have to be held back. On a DEFER_TASKRUN ring it waits
    /// with the others, as long as there will be room for it.
    /// </summary>
    internal bool TryPostMore(in Cqe cqe, int timeouts, bool inline)
    {
        bool wake, wasEmpty, ringChanged;
        lock (_lock)
        {
            uint before = _tail;
            uint used = before - _memory.ReadCqHead();
            wasEmpty = used == 0;
            bool defers = _defers && !inline && !ring.IsClosed;
            bool isFull = Math.Min(used, _entries) + (uint)(_deferred?.Count ?? 0) >= _entries;
            if (isFull || _backlog is { Count: > 0 })
                return false;
            if (defers)
                Defer(new ReadOnlySpan<Cqe>(in cqe), default);
            else
                Write(new ReadOnlySpan<Cqe>(in cqe), new ReadOnlySpan<CqeExtra>(in NoExtra));
            Volatile.Write(ref _timeoutsPosted, _timeoutsPosted + (uint)timeouts);
            Volatile.Write(ref _counted, _tail - _timeoutsPosted);
            ringChanged = _tail != before;
            wake = ring.Waiters.MustWake(ReachableTail, timeouts > 0);
        }

        if (wake)
            ring.Waiters.Wake();
        ring.Notify(ringChanged, wasEmpty, inline);
        return true;
    }

    /// <summary>Something is to be done that only the owner of a DEFER_TASKRUN ring may do: it is told, and woken if it waits.</summary>
    internal void AnnounceLater()
    {
        bool wake;
        lock (_lock)
        {
            if ((ring.Flags & SetupFlags.TaskrunFlag) != 0)
                _memory.SetSqFlags(SqRingFlags.Taskrun);
            wake = ring.Waiters.MustWake(ReachableTail, timeout: false);
        }

        if (wake)
            ring.Waiters.Wake();
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
                while (deferred.TryDequeue(out HeldCqe held))
                    Write(new ReadOnlySpan<Cqe>(in held.Cqe), new ReadOnlySpan<CqeExtra>(in held.Extra));
                _memory.ClearSqFlags(SqRingFlags.Taskrun);
            }

            changed = _tail != before;
            Volatile.Write(ref _counted, _tail - _timeoutsPosted);
        }

        if (changed)
            ring.Notify(ringChanged: true, wasEmpty, inline: true);
        return changed;
    }

    private void Write(ReadOnlySpan<Cqe> completions, ReadOnlySpan<CqeExtra> extras)
    {
        if (!_isPlain)
        {
            WriteBig(completions, extras);
            return;
        }

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
            HoldBack(completions[fit..], default);
    }

    private void WriteBig(ReadOnlySpan<Cqe> completions, ReadOnlySpan<CqeExtra> extras)
    {
        uint tail = _tail;
        int written = 0;
        while (_backlog is not { Count: > 0 } && written < completions.Length && TryPlace(ref tail, completions[written], extras[written]))
            written++;
        _tail = tail;
        _memory.PublishCqTail(tail);
        if (written < completions.Length)
            HoldBack(completions[written..], extras[written..]);
    }

    /// <summary>
    /// Writes one CQE if there is room. On a mixed ring a big one takes two entries that follow each other: a filler goes into a last
    /// entry, even if there is then no room after it (io_uring/io_uring.c, io_cqe_cache_refill).
    /// </summary>
    private bool TryPlace(ref uint tail, in Cqe cqe, in CqeExtra extra)
    {
        uint room = _entries - Math.Min(tail - _memory.ReadCqHead(), _entries);
        bool isBig = _isMixed && (cqe.Flags & CqeFlags.Cqe32) != 0;
        if (isBig && room > 0 && ((tail + 1) & (_entries - 1)) == 0)
        {
            _memory.WriteCqe(tail++, new Cqe { Flags = CqeFlags.Skip });
            room--;
        }

        uint needed = isBig ? 2u : 1u;
        if (room < needed)
            return false;
        _memory.WriteCqe(tail, cqe);
        if (isBig || !_isMixed && !_isPlain)
            _memory.WriteCqeExtra(tail, extra);
        tail += needed;
        return true;
    }

    private void HoldBack(ReadOnlySpan<Cqe> completions, ReadOnlySpan<CqeExtra> extras)
    {
        _backlog ??= new Queue<HeldCqe>();
        if (_backlog.Count == 0)
            _memory.SetSqFlags(SqRingFlags.CqOverflow);
        for (int i = 0; i < completions.Length; i++)
        {
            if (_backlog.Count < ring.MostHeldBack)
            {
                _backlog.Enqueue(new HeldCqe(completions[i], extras.IsEmpty ? default : extras[i]));
                continue;
            }

            _memory.CountLostCompletion();
            HasLost = true;
        }
    }

    private void MoveBacklog()
    {
        if (_backlog is not { Count: > 0 } backlog)
            return;
        uint tail = _tail;
        while (backlog.TryPeek(out HeldCqe held) && TryPlace(ref tail, held.Cqe, held.Extra))
            backlog.Dequeue();

        _tail = tail;
        _memory.PublishCqTail(tail);
        if (backlog.Count == 0)
            _memory.ClearSqFlags(SqRingFlags.CqOverflow);
    }

    private void Defer(ReadOnlySpan<Cqe> completions, ReadOnlySpan<CqeExtra> extras)
    {
        _deferred ??= new Queue<HeldCqe>();
        for (int i = 0; i < completions.Length; i++)
            _deferred.Enqueue(new HeldCqe(completions[i], extras.IsEmpty ? default : extras[i]));
        if ((ring.Flags & SetupFlags.TaskrunFlag) != 0)
            _memory.SetSqFlags(SqRingFlags.Taskrun);
    }

    private readonly struct HeldCqe(in Cqe cqe, in CqeExtra extra)
    {
        internal readonly Cqe Cqe = cqe;
        internal readonly CqeExtra Extra = extra;
    }
}
