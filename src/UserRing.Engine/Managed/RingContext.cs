using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>
/// One ring: what was agreed at setup, and the parts that do the work. References to it are counted: the table of open rings holds
/// one, every running call, worker and parked request another; the last to go frees the memory. Its handles are counted apart: the
/// descriptor and each slot in which a task registered it. With the last of them the ring is closed, which takes the table's
/// reference and never waits.
/// </summary>
internal sealed partial class RingContext
{
    private static long _made;

    private MemlockCharge _charge;
    private ReferenceCount _references = new(1), _handles = new(1);
    private int _inFlight, _ownerTask;
    private volatile bool _disabled, _closed;
    private int _pollDescriptor = -1;
    private Restrictions? _restrictionsToCome;

    internal RingContext(in RingLayout layout, RingMemory memory, in RingParams parameters, MemlockCharge charge, int task)
    {
        (Layout, Memory, Flags, _charge) = (layout, memory, parameters.Flags, charge);
        _disabled = (Flags & SetupFlags.RDisabled) != 0;
        _ownerTask = (Flags & SetupFlags.SingleIssuer) != 0 && !_disabled ? task : 0;
        Waiters = new Waiters(this);
        Completions = new Completion(this);
        Pool = new RequestPool(this);
        Later = new Later(this);
        Submission = new Submission(this);
        Files = new FileTable(this);
        Buffers = new BufferTable(this);
        BufferGroups = new BufferGroups(this);
        Region = new ParameterRegion(this);
        BusyPolling = new BusyPolling(this);
        Events = new EventSignal(this);
    }

    /// <summary>Rings in the order in which they were made, which is the order in which the locks of several are taken.</summary>
    internal long Number { get; } = Interlocked.Increment(ref _made);

    /// <summary>The engine object that made it; others do not know its descriptor.</summary>
    internal required ManagedEngine Engine { get; init; }

    internal RingLayout Layout { get; private set; }

    internal RingMemory Memory { get; }

    internal SetupFlags Flags { get; }

    /// <summary>It speaks the newest interface, not Linux 6.18's.</summary>
    internal bool IsNewest { get; init; }

    /// <summary>Operations that it knows.</summary>
    internal int Opcodes => IsNewest ? AbiCounts.Opcodes : AbiCounts.OpcodesIn618;

    /// <summary>Completions become visible, and what follows from them is done, only when the owner asks for events.</summary>
    internal bool Defers => (Flags & SetupFlags.DeferTaskrun) != 0;

    /// <summary>
    /// IOPOLL: direct transfers only, of which a program learns when it asks. No device here is polled; what the others finish is held back
    /// until then.
    /// </summary>
    internal bool PollsDevices => (Flags & SetupFlags.IoPoll) != 0;

    internal bool HasBigCqes => (Flags & (SetupFlags.Cqe32 | SetupFlags.CqeMixed)) != 0;

    internal Submission Submission { get; }

    internal Later Later { get; }

    /// <summary>
    /// Held while a request goes from one place to another, and while a cancel looks through them, so that it misses none. Lock order: the
    /// submit lock, the chain lock, this one, the poller's, a place's.
    /// </summary>
    internal Lock MoveLock { get; } = new();

    /// <summary>Guards what ties a LINK_TIMEOUT to its target; see <see cref="Chain"/>.</summary>
    internal Lock ChainLock { get; } = new();

    internal Completion Completions { get; }

    internal Waiters Waiters { get; }

    internal RequestPool Pool { get; }

    internal SharedFilePool SharedFiles { get; } = new();

    internal FileTable Files { get; }

    internal BufferTable Buffers { get; }

    internal BufferGroups BufferGroups { get; }

    internal PersonalityTable Personalities { get; } = new();

    internal ParameterRegion Region { get; }

    internal BusyPolling BusyPolling { get; }

    internal EventSignal Events { get; }

    internal SqPoll? SqPoll { get; set; }

    /// <summary>Of the workers that execute its requests; set before the ring is anybody's.</summary>
    internal WorkerSettings WorkerSettings { get; set; } = null!;

    /// <summary>Limits asked for through this ring, for the tasks that will submit to it; 0: none.</summary>
    internal (uint Bounded, uint Unbounded) AskedWorkers { get; set; }

    /// <summary>Whether registered buffers count against RLIMIT_MEMLOCK, as the ring's memory did.</summary>
    internal bool ChargesMemlock { get; init; }

    /// <summary>What the ring accepts; null if anything. In force from enabling on.</summary>
    internal Restrictions? Restrictions { get; private set; }

    /// <summary>Most completions that are held back for a full CQ; beyond that they are lost.</summary>
    internal int MostHeldBack { get; init; }

    /// <summary>The clock of timeouts in enter.</summary>
    internal int WaitClock { get; set; } = Libc.CLOCK_MONOTONIC;

    internal bool IsDisabled => _disabled;

    internal bool IsClosed => _closed;

    /// <summary>Requests that are parked somewhere or are to be, until their completions are posted.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Whether the caller may submit: anybody, unless the ring has a single issuer.</summary>
    internal bool IsOwner(Caller caller)
    {
        int owner = Volatile.Read(ref _ownerTask);
        return owner == 0 || owner == caller.CurrentTask;
    }

    /// <summary>Takes a reference unless the ring is already gone.</summary>
    internal bool TryAddReference() => _references.TryAdd();

    /// <summary>For someone who knows that another reference is held meanwhile.</summary>
    internal void AddReference() => _references.Add();

    internal void DropReference()
    {
        if (_references.Drop())
            Free();
    }

    /// <summary>A task registers the ring: it stays open without its descriptor. False if it is closed already.</summary>
    internal bool TryOpenHandle() => _handles.TryAdd();

    /// <summary>The descriptor or a task's slot is given up; with the last of them the ring ends.</summary>
    internal void CloseHandle()
    {
        if (_handles.Drop())
            Close();
    }

    /// <summary>A request leaves the submitter's hands: it holds the ring until it is finished.</summary>
    internal void HoldFor(Request request)
    {
        if (request.HoldsRing)
            return;
        request.HoldsRing = true;
        AddReference();
        Interlocked.Increment(ref _inFlight);
    }

    internal void LetGoOf(Request request)
    {
        request.HoldsRing = false;
        DropReference();
    }

    /// <summary>
    /// Completions of requests that held the ring are posted. A full fence, before the drained requests are looked at (pair:
    /// DrainQueue.Add).
    /// </summary>
    internal void CountDone(int requests) => Interlocked.Add(ref _inFlight, -requests);

    /// <summary>
    /// Submit lock held, on the ring's owner: memory of another size takes the place of the ring's, with what is queued and unread:
    /// 0, -EOVERFLOW if that does not fit, or -errno. Whatever is replaced or refused is freed.
    /// </summary>
    internal int Resize(RingMemory memory, in RingLayout layout, MemlockCharge charge)
    {
        int error;
        lock (Completions.Lock)
        {
            error = memory.TryTakeOver(Memory, Submission.Head, Completions.Tail) ? Memory.Exchange(memory) : -Errno.EOVERFLOW;
            if (error == 0)
            {
                (Layout, charge, _charge) = (layout, _charge, charge);
                Submission.Resize(layout.SqEntries);
                Completions.Resize(layout.CqEntries);
            }
        }

        memory.Free();
        charge.GiveBack();
        return error;
    }

    /// <summary>
    /// Maps one of the ring's areas for the program, with the refusals that a kernel ring's mmap gives: address or -errno.
    /// </summary>
    internal nint Map(nuint address, nuint length, int protection, int flags, ulong offset)
    {
        if (address != 0 || length == 0)
            return -Errno.EINVAL;
        return (offset & MmapOffsets.Mask) switch
        {
            MmapOffsets.PbufRing => BufferGroups.Map((offset & ~MmapOffsets.Mask) >> MmapOffsets.PbufShift, length, protection, flags),
            MmapOffsets.SqRing or MmapOffsets.CqRing or MmapOffsets.Sqes when (Flags & SetupFlags.NoMmap) != 0 => -Errno.ENOMEM,
            MmapOffsets.ParamRegion => Region.Map(length, protection, flags),
            _ => Memory.MapForCaller(address, length, protection, flags, offset),
        };
    }

    /// <summary>REGISTER_RESTRICTIONS, submit lock held: once, while the ring is disabled.</summary>
    internal int Restrict(Caller caller, nuint argument, uint count)
    {
        if (!_disabled)
            return -Errno.EBADFD;
        return _restrictionsToCome is not null
            ? -Errno.EBUSY
            : Restrictions.TryRead(caller, argument, count, out _restrictionsToCome);
    }

    /// <summary>REGISTER_ENABLE_RINGS: the task that enables becomes the single issuer.</summary>
    internal int Enable(Caller caller)
    {
        if (!_disabled)
            return -Errno.EBADFD;
        if ((Flags & SetupFlags.SingleIssuer) != 0)
            Volatile.Write(ref _ownerTask, caller.CurrentTask);
        Restrictions = _restrictionsToCome;
        _disabled = false;
        SqPoll?.Wake();
        return 0;
    }

    /// <summary>Lets what finished in the meantime become visible to a caller who asks for events.</summary>
    internal void Progress()
    {
        DirectWait?.Reap();
        bool again;
        do
        {
            // What becomes visible now counts for the timeouts that wait for completions, and so on.
            again = Completions.Flush() && Timers is { } timers && timers.CompleteSatisfied();
            if (Defers)
                again |= Submission.RunLater(wait: true);
        }
        while (again);
    }

    /// <summary>After a post, no lock held: the program's eventfd and the poll descriptor.</summary>
    internal void Notify(bool ringChanged, bool wasEmpty, bool inline)
    {
        Events.Signal(inline, ringChanged);
        int poll = Volatile.Read(ref _pollDescriptor);
        if (poll >= 0 && wasEmpty)
            Libc.SignalEventfd(poll);
    }

    /// <summary>
    /// A descriptor to poll(2) for this ring: readable while completions are unread. Made when first asked for; an eventfd of the
    /// engine's, closed with the ring. A memfd, which is what the ring's own descriptor is, cannot be polled.
    /// </summary>
    internal int PollDescriptor()
    {
        lock (Completions.Lock)
        {
            if (_pollDescriptor < 0)
            {
                int made = Libc.Eventfd(Completions.Unread > 0 ? 1u : 0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
                if (made < 0)
                    return made;
                Volatile.Write(ref _pollDescriptor, made);
            }

            return _pollDescriptor;
        }
    }

    /// <summary>Makes the poll descriptor say what the CQ says: after the program reaped, and at each enter.</summary>
    internal void RefreshPollDescriptor()
    {
        int poll = Volatile.Read(ref _pollDescriptor);
        if (poll < 0)
            return;
        lock (Completions.Lock)
        {
            Libc.DrainEventfd(poll);
            if (Completions.ReachableTail != Completions.Tail - Completions.Unread)
                Libc.SignalEventfd(poll);
        }
    }

    /// <summary>
    /// The last handle is gone: no more submissions, waiters leave, everything in flight is cancelled; the rest follows in the background.
    /// </summary>
    internal void Close()
    {
        _closed = true;
        Memory.CloseDescriptor();
        SqPoll?.Leave();
        using (Submission.Hold())
        {
            // A batch that was being taken, by the polling thread say, has parked by now what it parks; none begins any more. Otherwise
            // a read could be parked after the cancel below, and take the program's data after the release.
        }

        Waiters.Close();
        Completions.Flush(); // what was deferred is for a client that drains its memory after the release
        CancelEverything();
        DropReference();
    }

    /// <summary>For whoever may have parked a request while the ring was being released: it must not stay behind.</summary>
    internal void CancelIfClosed()
    {
        if (_closed)
            CancelEverything();
    }

    /// <summary>In the reverse order of setup; nobody is left who could use any of it.</summary>
    private void Free()
    {
        DirectWait?.Free();
        Files.Free();
        Buffers.Free();
        BufferGroups.Free();
        Region.Free();
        Events.Free();
        Waiters.Free();
        SqPoll?.Free();
        if (_pollDescriptor >= 0)
            Libc.Close(_pollDescriptor);
        Memory.Free();
        _charge.GiveBack();
    }
}
