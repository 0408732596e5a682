using UserRing.Abi;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed;

/// <summary>The submit lock, and what is done under it on behalf of completions; see <see cref="Managed.Later"/>.</summary>
internal sealed partial class Submission
{
    private bool HasLater => !ring.Later.IsEmpty || Drain.HasWaiting && ring.InFlight == 0;

    /// <summary>
    /// The submit lock, for those who change what it guards from elsewhere. Whoever leaves it does what others left for later meanwhile,
    /// since nobody but a submitter waits for it.
    /// </summary>
    internal Held Hold()
    {
        _lock.Enter();
        return new Held(this);
    }

    /// <summary>The lock of a ring that another ring's lock is held over: only if it is free, since its holder may want that one.</summary>
    internal bool TryHold(out Held held)
    {
        held = new Held(this);
        return _lock.TryEnter();
    }

    /// <summary>
    /// Does what completions left to be done, unless somebody else is at it or only the ring's owner may. Lock-free but for what it does.
    /// </summary>
    internal void RunLaterSoon()
    {
        if (!ring.Defers || ring.IsClosed)
            RunLater(wait: false);
        else if (!ring.Later.IsEmpty || Drain.HasWaiting)
            ring.Completions.AnnounceLater();
    }

    /// <summary>
    /// The same, on the ring's owner or where anybody may. Without <paramref name="wait"/> a busy lock ends it: its holder may be long
    /// at a register command, this thread may serve other rings, and the holder looks again when it leaves. True if there was something.
    /// </summary>
    internal bool RunLater(bool wait)
    {
        bool any = false;
        // In the middle of a batch of this thread's: whoever leaves the lock looks again.
        while (HasLater && !_lock.IsHeldByCurrentThread)
        {
            if (wait)
            {
                _lock.Enter();
            }
            else if (!_lock.TryEnter())
            {
                // Full fence between what was left and the last look at the lock. Pair: Held.Dispose.
                Interlocked.MemoryBarrier();
                if (!_lock.TryEnter())
                    return any;
            }

            RunLaterLocked();
            _lock.Exit();
            any = true;
        }

        return any;
    }

    private void RunLaterLocked()
    {
        Drain.Release();
        for (RequestList requests = ring.Later.TakeAll(); requests.First is { } first; requests = ring.Later.TakeAll())
        {
            if (ring.Defers)
                ring.Completions.Flush(); // what others have posted comes before what follows from it
            _batch.Begin(ring, first.Caller, onSubmitter: true);
            while (requests.TakeFirst() is { } request)
            {
                if (request.Caller != _batch.Caller)
                {
                    _batch.End();
                    _batch.Begin(ring, request.Caller, onSubmitter: true);
                }

                bool starts = (request.Marks & Marks.Starts) != 0;
                request.Marks &= ~Marks.Starts;
                if (starts && !ring.IsClosed)
                    Launch(request);
                else
                    _batch.Complete(request, starts ? -Errno.ECANCELED : request.Result);
            }

            _batch.End();
            Drain.Release();
        }
    }

    /// <summary>The submit lock while it is held.</summary>
    internal readonly ref struct Held(Submission submission)
    {
        /// <summary>Leaves the lock. Pair of the fence: RunLater, on whoever found it taken.</summary>
        internal void Dispose()
        {
            submission._lock.Exit();
            Interlocked.MemoryBarrier();
            if (submission.HasLater)
                submission.RunLaterSoon();
        }
    }
}
