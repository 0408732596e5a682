using System.Collections.Concurrent;
using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Async;

/// <summary>
/// One ring and the one thread that submits to it and reaps from it. Operations come from any thread through a lock-free list; those that
/// continuations start on the loop thread itself go straight to the backlog.
/// </summary>
internal sealed class Reactor : IDisposable
{
    private const ulong OfTheWake = ulong.MaxValue, OfACancel = ulong.MaxValue - 1;
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(50);
    private static readonly OperationSlot Closed = new(null!, uint.MaxValue, 0);

    [ThreadStatic]
    private static Reactor? _current;

    private readonly AsyncRingOptions _options;
    private readonly WakeEvent _wake = new();
    private readonly TaskCompletionSource _started = new(), _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<ulong> _cancels = new();
    private readonly Lock _poolLock = new();
    private OperationSlot? _pool, _ownPool;
    private OperationSlot?[] _slots = new OperationSlot?[64];
    private int _slotCount;

    // What others have queued, the latest first; Closed at the end.
    private OperationSlot? _pushed;
    private int _sleeps;
    private volatile bool _isStopping;

    // The loop thread's.
    private Ring _ring = null!;
    private OperationSlot? _backlog, _backlogLast;
    private int _inFlight;
    private bool _isWakeArmed;

    internal Reactor(AsyncRingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxInFlight);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxInFlight, short.MaxValue);
        _options = options;
        var thread = new Thread(Run) { IsBackground = true, Name = "UserRing" };
        thread.Start();
        _started.Task.GetAwaiter().GetResult();
    }

    internal Ring Ring => _ring;

    internal bool ContinuesOnThreadPool => _options.ContinueOnThreadPool;

    internal bool IsStopping => _isStopping;

    internal Task Ended => _ended.Task;

    internal bool IsOnLoop => _current == this;

    internal OperationSlot Rent()
    {
        ObjectDisposedException.ThrowIf(_isStopping, typeof(AsyncRing));
        if (IsOnLoop && _ownPool is { } own)
        {
            (_ownPool, own.Next) = (own.Next, null);
            return own;
        }

        lock (_poolLock)
        {
            if (_pool is { } free)
            {
                (_pool, free.Next) = (free.Next, null);
                return free;
            }

            if (_slotCount == _slots.Length)
            {
                OperationSlot?[] more = new OperationSlot?[2 * _slotCount];
                _slots.CopyTo(more, 0);
                Volatile.Write(ref _slots, more);
            }

            var made = new OperationSlot(this, (uint)_slotCount, 0);
            _slots[_slotCount++] = made;
            return made;
        }
    }

    internal void Return(OperationSlot slot)
    {
        if (IsOnLoop && _slots[slot.Index] == slot)
        {
            (slot.Next, _ownPool) = (_ownPool, slot);
            return;
        }

        lock (_poolLock)
        {
            _slots[slot.Index] = slot;
            (slot.Next, _pool) = (_pool, slot);
        }
    }

    /// <summary>From any thread. False: it is too late, and the slot is still the caller's.</summary>
    internal bool Queue(OperationSlot slot)
    {
        if (_isStopping)
            return false;
        if (IsOnLoop)
        {
            AddToBacklog(slot);
            return true;
        }

        OperationSlot? head = Volatile.Read(ref _pushed);
        while (true)
        {
            if (head == Closed)
                return false;
            slot.Next = head;
            OperationSlot? seen = Interlocked.CompareExchange(ref _pushed, slot, head);
            if (seen == head)
                break;
            head = seen;
        }

        WakeUp();
        return true;
    }

    /// <summary>From any thread.</summary>
    internal void QueueCancel(ulong userData)
    {
        _cancels.Enqueue(userData);
        if (!IsOnLoop)
            WakeUp();
    }

    /// <summary>
    /// Cancels what is there, refuses what comes, and ends when the last completion is in. From any thread, any number of times.
    /// </summary>
    internal Task Stop()
    {
        _isStopping = true;
        WakeUp();
        return Ended;
    }

    /// <summary>As <see cref="Stop"/>, and waits for the end unless it is called on the loop itself.</summary>
    public void Dispose()
    {
        Task ended = Stop();
        if (!IsOnLoop)
            ended.GetAwaiter().GetResult();
    }

    /// <summary>Only if the loop sleeps or is about to; otherwise it looks by itself.</summary>
    private void WakeUp()
    {
        // Full fence between what was queued and the read of the flag. Pairs with the one in Wait.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeps) == 0 || Interlocked.Exchange(ref _sleeps, 0) == 0)
            return;
        _wake.Set();
    }

    private void Run()
    {
        _current = this;
        try
        {
            _ring = new Ring(_options.Entries, RingOptions());
        }
        catch (Exception refused)
        {
            _wake.Dispose();
            _started.SetException(refused);
            return;
        }

        _started.SetResult();
        Cqe[] reaped = new Cqe[128];
        while (true)
        {
            Take();
            Prepare();
            if (_isStopping && _inFlight == 0 && _backlog is null && Interlocked.CompareExchange(ref _pushed, Closed, null) is null)
                break;
            if (_isStopping && _inFlight > 0)
                CancelAll();
            Wait();
            int count = _ring.Reap(reaped);
            for (int i = 0; i < count; i++)
                Complete(reaped[i]);
        }

        _ring.Dispose();
        _wake.Dispose();
        _current = null;
        _ended.SetResult();
    }

    private RingOptions RingOptions() => new()
    {
        Engine = _options.Engine,
        CqEntries = Math.Max(2 * _options.Entries, (uint)_options.MaxInFlight + 64),
        Flags = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.TaskrunFlag | SetupFlags.CoopTaskrun,
    };

    /// <summary>Takes over what others queued, in their order.</summary>
    private void Take()
    {
        if (Volatile.Read(ref _pushed) is not null)
        {
            OperationSlot? latest = Interlocked.Exchange(ref _pushed, null), inOrder = null;
            while (latest is not null)
                (latest.Next, inOrder, latest) = (inOrder, latest, latest.Next);
            while (inOrder is { } slot)
            {
                inOrder = slot.Next;
                AddToBacklog(slot);
            }
        }

        while (HasRoom() && _cancels.TryDequeue(out ulong userData))
            Cancel(userData);
    }

    private void AddToBacklog(OperationSlot slot)
    {
        slot.Next = null;
        if (slot.IsCancelWanted)
            slot.Complete(-Errno.ECANCELED); // the cancel was faster
        else if (_backlog is null)
            _backlog = _backlogLast = slot;
        else
            _backlogLast = _backlogLast!.Next = slot;
    }

    private void Cancel(ulong userData)
    {
        OperationSlot slot = Volatile.Read(ref _slots)[(uint)userData]!;
        if (slot.UserData != userData || slot.State == SlotState.Completed)
            return;
        if (slot.State == SlotState.Submitted)
            _ring.GetSqe().PrepareAsyncCancel(userData).UserData = OfACancel;
        else if (TryTakeFromBacklog(slot))
            slot.Complete(-Errno.ECANCELED);
        else
            slot.IsCancelWanted = true; // on its way here
    }

    private bool TryTakeFromBacklog(OperationSlot slot)
    {
        OperationSlot? before = null;
        for (OperationSlot? at = _backlog; at is not null; (before, at) = (at, at.Next))
        {
            if (at != slot)
                continue;
            if (before is null)
                _backlog = slot.Next;
            else
                before.Next = slot.Next;
            if (_backlogLast == slot)
                _backlogLast = before;
            slot.Next = null;
            return true;
        }

        return false;
    }

    /// <summary>Fills the submission queue from the backlog, as far as there is room in flight.</summary>
    private void Prepare()
    {
        if (!_isWakeArmed && !_isStopping && HasRoom())
        {
            _ring.GetSqe().PreparePollAdd(_wake.Descriptor, (uint)Libc.POLLIN).UserData = OfTheWake;
            _isWakeArmed = true;
        }

        while (_backlog is { } slot && (_isStopping || _inFlight < _options.MaxInFlight && HasRoom()))
        {
            (_backlog, slot.Next) = (slot.Next, null);
            if (_isStopping)
            {
                slot.Complete(-Errno.ECANCELED);
                continue;
            }

            _ring.GetSqe() = slot.Sqe;
            slot.State = SlotState.Submitted;
            _inFlight++;
        }
    }

    /// <summary>For one more SQE. If there is none the engine first wants its completions reaped.</summary>
    private bool HasRoom() => _ring.SqSpaceLeft > 0 || _ring.Submit() > 0 && _ring.SqSpaceLeft > 0;

    /// <summary>Submits, and waits if there is nothing else to do.</summary>
    private void Wait()
    {
        if (_ring.CqReady > 0)
        {
            _ring.Submit();
            return;
        }

        Volatile.Write(ref _sleeps, 1);
        // Full fence between the flag and the look at what is queued. Pairs with the one in WakeUp: at least one side sees the other.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _pushed) is not null || !_cancels.IsEmpty)
            _ring.Submit();
        else if (_isStopping)
            _ring.SubmitAndWait(1, StopPatience);
        else
            _ring.SubmitAndWait(1);
        Volatile.Write(ref _sleeps, 0);
    }

    private void CancelAll()
    {
        if (HasRoom())
            _ring.GetSqe().PrepareAsyncCancel(0, CancelFlags.Any | CancelFlags.All).UserData = OfACancel;
    }

    private void Complete(in Cqe cqe)
    {
        if (cqe.UserData == OfACancel)
            return;
        if (cqe.UserData == OfTheWake)
        {
            _wake.Clear();
            _isWakeArmed = false;
            return;
        }

        OperationSlot slot = Volatile.Read(ref _slots)[(uint)cqe.UserData]!;
        Debug.Assert(slot.UserData == cqe.UserData);
        _inFlight--;
        slot.Complete(cqe.Res);
    }
}
