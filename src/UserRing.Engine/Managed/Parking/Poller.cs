using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>Something that waits on the poller.</summary>
internal interface IPollTarget
{
    /// <summary>Under the poller's lock, once the watch stands and before any event of it: the request may now be claimed.</summary>
    void Enlist(Request? request);

    /// <summary>Asked under the poller's lock: whether the event still finds somebody waiting. True gives the caller the request.</summary>
    bool TryClaim(Request? request);

    /// <summary>On the poller's thread, no lock held. Must not block.</summary>
    void OnReady(Request? request, uint events, PollerBatch batches);
}

/// <summary>
/// The process's one epoll and its thread, started with the first wait. An event carries slot and generation, so that a late one
/// for a slot that was given away since is told apart. Lock order: the poller's, then a place's; a place calls <see cref="Remove"/>
/// with none of its own held, and only afterwards is a request used again: that is what makes <see cref="IPollTarget.TryClaim"/> safe.
/// </summary>
internal sealed class Poller
{
    private const int MostEvents = 128;

    private static readonly Lazy<Poller> Shared = new(static () => new Poller());

    private readonly Lock _lock = new();
    private readonly int _epoll;
    private Slot[] _slots = new Slot[64];
    private int _used, _free = -1;

    private Poller()
    {
        _epoll = Libc.EpollCreate1(Libc.EPOLL_CLOEXEC);
        if (_epoll < 0)
            return; // every Add says so
        try
        {
            new Thread(Run, 256 * 1024) { IsBackground = true, Name = "uring-poll" }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            Libc.Close(_epoll);
            _epoll = -Errno.EAGAIN; // no thread to be had: a throw would leave the submitter in the middle of its batch
        }
    }

    internal static Poller Instance => Shared.Value;

    /// <summary>Watches a descriptor: 0 or -errno. Slot and list entry are there before the first event can come.</summary>
    internal int Add(IPollTarget target, Request? request, int descriptor, uint events, out int slot)
    {
        slot = -1;
        if (_epoll < 0)
            return _epoll;
        lock (_lock)
        {
            slot = TakeSlot();
            ref Slot entry = ref _slots[slot];
            (entry.Target, entry.Request) = (target, request);
            int error = Libc.EpollCtl(_epoll, Libc.EPOLL_CTL_ADD, descriptor, events, Data(slot, entry.Generation));
            if (error == 0)
            {
                target.Enlist(request);
                return 0;
            }

            GiveSlot(slot);
            slot = -1; // given back once: a Remove of it would end somebody else's watch
            return error;
        }
    }

    /// <summary>Whether a descriptor has readiness at all: epoll looks at that before it looks at what it is asked to do.</summary>
    internal bool CanWatch(int descriptor)
    {
        const int NoSuchOperation = 0;
        return _epoll < 0 || Libc.EpollCtl(_epoll, NoSuchOperation, descriptor, 0, 0) != -Errno.EPERM;
    }

    /// <summary>Asks again what a watch of this thread's last event asked for; the descriptor must still be open.</summary>
    internal void Rearm(int slot, int descriptor, uint events)
    {
        lock (_lock)
            Libc.EpollCtl(_epoll, Libc.EPOLL_CTL_MOD, descriptor, events, Data(slot, _slots[slot].Generation));
    }

    /// <summary>Ends a watch; the descriptor must still be open. Afterwards no event of it is delivered.</summary>
    internal void Remove(int slot, int descriptor)
    {
        if (slot < 0)
            return;
        lock (_lock)
        {
            Libc.EpollCtl(_epoll, Libc.EPOLL_CTL_DEL, descriptor, 0, 0);
            GiveSlot(slot);
        }
    }

    private static ulong Data(int slot, uint generation) => ((ulong)generation << 32) | (uint)slot;

    private int TakeSlot()
    {
        if (_free >= 0)
        {
            int slot = _free;
            _free = _slots[slot].NextFree;
            return slot;
        }

        if (_used == _slots.Length)
            Array.Resize(ref _slots, _slots.Length * 2);
        return _used++;
    }

    private void GiveSlot(int slot)
    {
        ref Slot entry = ref _slots[slot];
        entry.Generation++;
        (entry.Target, entry.Request) = (null, null);
        entry.NextFree = _free;
        _free = slot;
    }

    private void Run()
    {
        var events = new EpollEvents(MostEvents);
        var batches = new PollerBatch();
        while (true)
        {
            int count = Libc.EpollWait(_epoll, events, -1);
            for (int i = 0; i < count; i++)
                Deliver(events.DataAt(i), events.EventsAt(i), batches);
            batches.End();
        }
    }

    private void Deliver(ulong data, uint events, PollerBatch batches)
    {
        int slot = (int)(uint)data;
        IPollTarget target;
        Request? request;
        lock (_lock)
        {
            ref Slot entry = ref _slots[slot];
            if (entry.Generation != (uint)(data >> 32) || entry.Target is null || !entry.Target.TryClaim(entry.Request))
                return;
            (target, request) = (entry.Target, entry.Request);
        }

        target.OnReady(request, events, batches);
    }

    private struct Slot
    {
        internal IPollTarget? Target;
        internal Request? Request;
        internal uint Generation;
        internal int NextFree;
    }
}

/// <summary>The issue batch of the polling thread: one open at a time, kept open while events of the same ring follow each other.</summary>
internal sealed class PollerBatch
{
    private readonly IssueBatch _batch = new();
    private RingContext? _ring;

    /// <summary>A batch for a ring that the caller's request (or whatever else it has in hand) keeps alive.</summary>
    internal IssueBatch For(RingContext ring, Caller caller)
    {
        if (_ring == ring && _batch.Caller == caller)
            return _batch;
        End();
        ring.AddReference();
        _ring = ring;
        _batch.Begin(ring, caller, onSubmitter: false);
        return _batch;
    }

    internal void End()
    {
        if (_ring is not { } ring)
            return;
        _ring = null;
        _batch.End();
        ring.CancelIfClosed();
        ring.DropReference();
    }
}
