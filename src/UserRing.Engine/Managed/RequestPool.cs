namespace UserRing.Engine.Managed;

/// <summary>
/// Requests of one ring, used again so that a request allocates nothing. Rent is called under the ring's submit lock; a request
/// that finished elsewhere (worker, poller) comes back through a second list, which the next rent takes over whole.
/// </summary>
internal sealed class RequestPool(RingContext ring)
{
    // Enough for every request a usual program keeps in flight; what a burst needed beyond it goes to the collector.
    private const int MostKept = 4096;

    private readonly Lock _returnLock = new();
    private Request? _free, _returned;
    private int _freeCount, _returnedCount;

    /// <summary>Submit lock held.</summary>
    internal Request Rent()
    {
        Request? request = _free;
        if (request is null && (request = TakeReturned()) is null)
            return new Request(ring);
        _free = request.Next;
        _freeCount--;
        request.Next = null;
        return request;
    }

    /// <summary>Submit lock held: the inline path, no other lock.</summary>
    internal void Return(Request request)
    {
        request.Reset();
        if (_freeCount >= MostKept)
            return;
        request.Next = _free;
        _free = request;
        _freeCount++;
    }

    /// <summary>From any thread.</summary>
    internal void ReturnFromElsewhere(Request request)
    {
        request.Reset();
        lock (_returnLock)
        {
            if (_returnedCount >= MostKept)
                return;
            request.Next = _returned;
            _returned = request;
            _returnedCount++;
        }
    }

    private Request? TakeReturned()
    {
        lock (_returnLock)
        {
            (_free, _freeCount) = (_returned, _returnedCount);
            (_returned, _returnedCount) = (null, 0);
        }

        return _free;
    }
}
