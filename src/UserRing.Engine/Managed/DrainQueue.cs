using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed;

/// <summary>
/// IO_DRAIN: a request that starts when everything before it has completed, and everything behind it, which waits until it has. What is
/// queued here is not in flight and cannot be cancelled (io_uring/io_uring.c, io_drain_req). Guarded by the submit lock but for
/// <see cref="HasWaiting"/>.
/// </summary>
internal sealed class DrainQueue(RingContext ring)
{
    private RequestList _waiting;
    private int _count;
    private bool _isActive;

    /// <summary>
    /// From the first drained request on, until one that did not ask for it finds nothing before it: not in flight, not waiting, not in its
    /// own batch.
    /// </summary>
    internal bool IsActive
    {
        get => _isActive | IsNextDrained;
        set => _isActive = value;
    }

    /// <summary>A request in the middle of a chain asked for it: the one after the chain is drained as well.</summary>
    internal bool IsNextDrained { get; set; }

    /// <summary>
    /// Asked after every batch, once its completions are posted and counted. The number in flight and this word are each written before
    /// the other is read, with a full fence between. Pair: <see cref="Add"/> here, the Interlocked.Add in RingContext.CountDone there.
    /// </summary>
    internal bool HasWaiting => Volatile.Read(ref _count) != 0;

    /// <summary>
    /// The head of a chain, or a request alone. It is looked at when the batch ends, unless there is nothing that it could wait for.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="isFirst">Of its batch.</param>
    internal void Add(Request request, bool isFirst)
    {
        if (isFirst && _count == 0 && ring.InFlight == 0)
        {
            IsActive = (request.Marks & Marks.Drain) != 0;
            ring.Later.Start(request);
            return;
        }

        _waiting.Append(request);
        Interlocked.Exchange(ref _count, _waiting.Count);
    }

    /// <summary>Everything of a batch is posted: what has become free to run is handed on.</summary>
    internal void Release()
    {
        bool seen = false, first = true;
        while (_waiting.First is { } next)
        {
            bool drains = (next.Marks & Marks.Drain) != 0;
            seen |= drains;
            if ((seen || first) && ring.InFlight != 0)
                break;
            _waiting.Remove(next);
            Volatile.Write(ref _count, _waiting.Count);
            ring.Later.Start(next);
            first = false;
        }
    }
}
