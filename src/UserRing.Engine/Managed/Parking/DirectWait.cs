using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Direct transfers of one ring that the device is working on. A batch of them is started with one call at its end and none waits for
/// the device, which RWF_NOWAIT does not give: it makes a direct transfer wait all the same. Results are taken by whoever comes first,
/// a thread inside enter or the poller. Nothing here can be cancelled, as on the kernel: the device has it. Where the calls are
/// refused, and beyond the context's capacity, transfers go to workers.
/// </summary>
internal sealed class DirectWait : IPollTarget
{
    private const int MostInFlight = 1024;

    private readonly RingContext _ring;
    private readonly AioQueue? _queue;
    private readonly Lock _takeLock = new();
    private readonly IssueBatch _batch = new();
    private readonly Request?[] _requests;
    private readonly int[] _freeSlots;
    private readonly ulong[] _refused;
    private readonly int _eventFd = -1;
    private readonly int _pollSlot = -1;
    private int _freeCount;

    internal DirectWait(RingContext ring)
    {
        _ring = ring;
        int capacity = (int)Math.Min(ring.Layout.CqEntries, MostInFlight);
        _requests = new Request?[capacity];
        _freeSlots = new int[capacity];
        _refused = new ulong[capacity];
        _eventFd = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_eventFd < 0 || Poller.Instance.Add(this, null, _eventFd, Libc.EPOLLIN, out _pollSlot) < 0)
            return;
        _queue = AioQueue.TryCreate(capacity, _eventFd);
        for (; _freeCount < capacity && _queue is not null; _freeCount++)
            _freeSlots[_freeCount] = _freeCount;
    }

    /// <summary>
    /// Submit lock held. Takes a transfer, of one buffer or of the request's iovecs, to be started at the end of the batch; false if it
    /// has to go another way. The kernel looks the descriptor up at the start and holds the file itself. A write that would be done
    /// synchronously, because it extends the file or allocates, is refused by it and goes to a worker.
    /// </summary>
    internal bool TryPark(Request request, bool write, IoVec? buffer, long total, int rwFlags)
    {
        // A write may come back, when the number may mean another file: that file is held.
        if (write && Submission.HoldForParking(request) < 0)
            return false;
        int slot;
        lock (_freeSlots)
        {
            if (_freeCount == 0 || _queue!.Queued == _queue.Capacity)
                return false;
            slot = _freeSlots[--_freeCount];
        }

        request.Asked = total;
        _ring.HoldFor(request);
        Submission.HoldFixed(request);
        _requests[slot] = request;
        var vector = new IoVec { Base = request.Vector, Len = (nuint)request.VectorCount };
        int flags = write ? rwFlags | Libc.RWF_NOWAIT : rwFlags;
        _queue.Queue(write, buffer is null, request.File, buffer ?? vector, (long)request.Sqe.Off, flags, (ulong)slot);
        return true;
    }

    /// <summary>Submit lock held, end of the batch.</summary>
    internal void Start(IssueBatch batch)
    {
        if (_queue is not { Queued: > 0 } queue)
            return;
        int queued = queue.Queued;
        int refused = queued - queue.Submit(_refused);
        for (int i = 0; i < refused; i++)
        {
            // Whatever the reason (no room, a bad descriptor, a file that cannot): a worker's plain call gives the exact answer.
            ToWorker(Free((int)_refused[i]), batch);
        }
    }

    /// <summary>Posts the results that are there. From enter and from the poller; whoever comes second leaves it to the first.</summary>
    internal void Reap()
    {
        while (_queue is { HasResult: true } queue && _takeLock.TryEnter())
        {
            try
            {
                _batch.Begin(_ring, SelfCaller.Instance, onSubmitter: false);
                while (queue.TryTake(out ulong slot, out long result))
                {
                    Request request = Free((int)slot);
                    if (request.Caller != _batch.Caller)
                    {
                        _batch.End();
                        _batch.Begin(_ring, request.Caller, onSubmitter: false);
                    }

                    if (result == -Errno.EAGAIN && ((int)request.Sqe.RwFlags & Libc.RWF_NOWAIT) == 0)
                        ToWorker(request, _batch);
                    else
                        Complete(request, (int)result);
                }

                _batch.End();
            }
            finally
            {
                _takeLock.Exit();
            }
        }
    }

    internal void Free()
    {
        // io_destroy waits for an RCU grace period (30 ms): not on a thread that releases a ring, nor on the poller's.
        if (_queue is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Free(), _queue, preferLocal: false);
        if (_pollSlot >= 0)
            Poller.Instance.Remove(_pollSlot, _eventFd);
        if (_eventFd >= 0)
            Libc.Close(_eventFd);
    }

    void IPollTarget.Enlist(Request? request)
    {
    }

    // Keeps the ring for the time of OnReady: its last request may be completed by a thread inside enter meanwhile.
    bool IPollTarget.TryClaim(Request? request) => _ring.TryAddReference();

    void IPollTarget.OnReady(Request? request, uint events, PollerBatch batches)
    {
        Libc.DrainEventfd(_eventFd);
        Reap();
        _ring.DropReference();
    }

    private void Complete(Request request, int result)
    {
        if (request.Marks != Marks.None && result >= 0 && result < request.Asked)
            request.Marks |= Marks.Short;
        _batch.Complete(request, result);
    }

    private static void ToWorker(Request request, IssueBatch batch)
    {
        request.CannotTry = request.WasReady = true;
        Submission.Park(request, batch, straightToWorker: true);
    }

    private Request Free(int slot)
    {
        Request request = _requests[slot]!;
        _requests[slot] = null;
        lock (_freeSlots)
            _freeSlots[_freeCount++] = slot;
        return request;
    }
}
