using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>
/// Linked requests: what the end of one means for the next, and LINK_TIMEOUT, which belongs to the request before it and races it. A chain
/// is owned by its first unfinished member; only that one is in flight.
/// </summary>
/// <remarks>
/// A timeout and its target find each other through <see cref="Request.Link"/> and <see cref="Request.Target"/>, both changed only under
/// the ring's chain lock. The target takes it before it is let go of, the timeout holds it while it cancels: neither ever meets an object
/// that has become another request. Lock order: the submit lock, the chain lock, then a parking place's or the clock's.
/// </remarks>
internal static class Chain
{
    /// <summary>
    /// The request is about to be completed with <paramref name="result"/>: the rest of its chain is started or ended, behind it. Whether
    /// it posts a CQE.
    /// </summary>
    internal static bool Conclude(Request request, int result, IssueBatch batch)
    {
        Marks marks = request.Marks;
        bool failed = (marks & (Marks.Failed | Marks.Short)) != 0 || result < 0 && (marks & Marks.Forgiven) == 0;
        bool skips = (marks & Marks.Skip) != 0;
        Request? next = request.LinkTimeout != LinkTimeoutState.None ? EndTimeout(request, batch) : request.Link;
        request.Link = null;
        if (next is not null)
        {
            if (failed && (marks & Marks.HardLink) == 0)
                Fail(next, silently: skips, batch);
            else
                batch.StartBehind(next, request.ByWorker);
        }

        return failed || !skips;
    }

    /// <summary>
    /// The request is about to be issued: it and its timeout are a pair, with a number by which they are told from a later pair.
    /// </summary>
    internal static void Pair(Request target, uint ticket)
    {
        if (target.LinkTimeout == LinkTimeoutState.None)
            return;
        lock (target.Ring.ChainLock)
            (target.Link!.Target, target.Link.Ticket) = (target, ticket);
    }

    /// <summary>
    /// The timeout of a request that is about to wait somewhere, to be armed when it does: not before, when its end would find nothing to
    /// cancel, and afterwards the request may not be looked at any more. While a worker executes it, its time does not run: the kernel arms
    /// a timeout for what waits only.
    /// </summary>
    internal static LinkedTimeout TimeoutOf(Request target) => target.LinkTimeout == LinkTimeoutState.Prepared
        ? new LinkedTimeout(target.Link!, target, target.Link!.Ticket)
        : default;

    /// <summary>The time of the pair runs from now on, unless it has ended already.</summary>
    internal static void Arm(in LinkedTimeout pair)
    {
        if (pair.Timeout is not { } timeout)
            return;
        RingContext ring = timeout.Ring;
        lock (ring.ChainLock)
        {
            // Neither object may be what it was.
            if (timeout.Target != pair.Target || timeout.Ticket != pair.Ticket)
                return;
            pair.Target.LinkTimeout = LinkTimeoutState.Armed;
            if (ring.GetTimers().ParkLinked(timeout) < 0)
                pair.Target.LinkTimeout = LinkTimeoutState.Prepared; // no timer to be had: it ends with its target
        }
    }

    /// <summary>A LINK_TIMEOUT's time is up: its target is cancelled. What the timeout completes with.</summary>
    internal static int Expire(Request timeout, IssueBatch batch)
    {
        RingContext ring = timeout.Ring;
        lock (ring.ChainLock)
        {
            if (timeout.Target is not { } target)
                return -Errno.ETIME; // ended in this very moment
            target.Link = timeout.Link;
            target.LinkTimeout = LinkTimeoutState.None;
            (timeout.Link, timeout.Target) = (null, null);
            int cancelled = ring.Cancel(CancelMatch.Exactly(target), batch).ForOne;
            return cancelled == 0 ? -Errno.ETIME : cancelled;
        }
    }

    /// <summary>Takes the timeout out of the chain; unless it has just expired it is cancelled. What comes behind it.</summary>
    private static Request? EndTimeout(Request target, IssueBatch batch)
    {
        RingContext ring = target.Ring;
        lock (ring.ChainLock)
        {
            if (target.LinkTimeout == LinkTimeoutState.None)
                return target.Link; // it expired, and is no longer part of the chain
            bool isArmed = target.LinkTimeout == LinkTimeoutState.Armed;
            Request timeout = target.Link!;
            Request? next = timeout.Link;
            (timeout.Link, timeout.Target) = (null, null);
            if (!isArmed || ring.Timers!.TryTake(timeout))
            {
                timeout.Marks |= Marks.Forgiven; // silent if it was asked to be
                batch.CompleteBehind(timeout, -Errno.ECANCELED);
            }

            return next;
        }
    }

    /// <summary>None of these is ever started (io_uring/io_uring.c, io_fail_links).</summary>
    private static void Fail(Request first, bool silently, IssueBatch batch)
    {
        for (Request? request = first; request is not null;)
        {
            Request? next = request.Link;
            (request.Link, request.LinkTimeout) = (null, LinkTimeoutState.None); // its timeout is one of these, and ends by itself
            int result = (request.Marks & Marks.Failed) != 0 ? request.Result : -Errno.ECANCELED;
            request.Marks = silently ? Marks.Skip | Marks.Forgiven : Marks.Failed;
            batch.CompleteBehind(request, result);
            request = next;
        }
    }
}

/// <summary>A request and its LINK_TIMEOUT, or nothing; see <see cref="Chain.TimeoutOf"/>.</summary>
internal readonly record struct LinkedTimeout(Request Timeout, Request Target, uint Ticket);
