using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed;

/// <summary>
/// What a completion leaves to be done, in order: the next request of a chain to start, requests to be completed behind the one that
/// ended them. The kernel's counterpart is task work, with the same visible effect: it is done after the batch that caused it was posted,
/// and on a DEFER_TASKRUN ring not before its task asks for events. Filled from any thread; emptied under the submit lock.
/// </summary>
internal sealed class Later(RingContext ring)
{
    private readonly Lock _lock = new();
    private RequestList _requests;
    private int _count;

    internal bool IsEmpty => Count == 0;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>The request is to be issued; it holds the ring until then and beyond.</summary>
    internal void Start(Request request)
    {
        MarkStart(request);
        Append(request);
    }

    /// <summary>The request, which waits nowhere any more, is to be completed with <paramref name="result"/>.</summary>
    internal void Complete(Request request, int result)
    {
        MarkCompletion(request, result);
        Append(request);
    }

    internal static void MarkStart(Request request) => request.Marks |= Marks.Starts;

    internal static void MarkCompletion(Request request, int result)
    {
        request.Marks &= ~Marks.Starts;
        request.Result = result;
    }

    /// <summary>What a batch collected, each for one or the other, now that the batch is posted.</summary>
    internal void TakeOver(ref RequestList behind)
    {
        lock (_lock)
        {
            while (behind.TakeFirst() is { } request)
                _requests.Append(request);
            Volatile.Write(ref _count, _requests.Count);
        }
    }

    /// <summary>The request was taken out of where it waited by a cancel.</summary>
    internal void Cancel(Request request) => Complete(request, request.EndCancelled());

    /// <summary>
    /// How many that were waiting for readiness have been cancelled, match, and have not been reported: on the kernel task work takes them
    /// out of where they wait, and a second cancel finds them there (io_uring/poll.c, io_poll_cancel_req).
    /// </summary>
    internal int CountFound(in CancelMatch match)
    {
        if (IsEmpty)
            return 0;
        lock (_lock)
        {
            int count = 0;
            for (Request? request = _requests.First; request is not null && (count == 0 || match.All); request = request.Next)
                count += (request.Marks & Marks.StillFound) != 0 && match.Matches(request) ? 1 : 0;
            return count;
        }
    }

    /// <summary>Takes everything there is.</summary>
    internal RequestList TakeAll()
    {
        lock (_lock)
        {
            RequestList all = _requests;
            _requests = default;
            Volatile.Write(ref _count, 0);
            return all;
        }
    }

    private void Append(Request request)
    {
        ring.HoldFor(request);
        lock (_lock)
        {
            _requests.Append(request);
            Volatile.Write(ref _count, _requests.Count);
        }
    }
}
