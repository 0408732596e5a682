using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using UserRing.Abi;

namespace UserRing.Async;

/// <summary>Where an operation is. Changed by the loop thread alone from <see cref="Queued"/> on.</summary>
internal enum SlotState
{
    /// <summary>Nobody's, or being prepared by a caller.</summary>
    Idle,

    /// <summary>On its way to the loop, or waiting there for room.</summary>
    Queued,

    /// <summary>The engine has it: what it names must stay as it is.</summary>
    Submitted,

    /// <summary>Its completion was reaped; the engine uses nothing of it any more.</summary>
    Completed,
}

/// <summary>
/// One operation in flight and its awaiter. It keeps the caller's buffer pinned and handle open until the completion, whatever becomes of
/// the caller; that is why a cancelled operation ends with its own completion and not with the cancel.
/// </summary>
/// <remarks>
/// Pooled by its reactor. One whose cancellation callback was under way when it completed is not used again: a late cancel would hit the
/// next operation (see <see cref="Complete"/>).
/// </remarks>
internal sealed class OperationSlot : IValueTaskSource<int>, IValueTaskSource
{
    /// <summary>In the continuation's place once it has completed.</summary>
    private static readonly Action<object?> Done = _ => throw new InvalidOperationException();

    private readonly Reactor _reactor;
    private readonly uint _index;
    private uint _generation;
    private MemoryHandle _pin;
    private SafeHandle? _file;
    private nint _first, _second;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private Action<object?>? _continuation;
    private object? _continuationState;
    private object? _scheduler;
    private ExecutionContext? _context;
    private string? _subject;
    private int _result;
    private bool _mayBeUsedAgain;

    internal OperationSlot(Reactor reactor, uint index, uint generation)
    {
        (_reactor, _index, _generation) = (reactor, index, generation);
    }

    /// <summary>The request, as it will be copied into the ring.</summary>
    internal Sqe Sqe;

    /// <summary>Of whichever list it is in: a reactor's queue, backlog or pool.</summary>
    internal OperationSlot? Next { get; set; }

    internal SlotState State { get; set; }

    /// <summary>Its token was cancelled before it had come to the loop, which alone uses this.</summary>
    internal bool IsCancelWanted { get; set; }

    internal uint Index => _index;

    /// <summary>Index and generation: a completion or a cancel that names another generation is not meant.</summary>
    internal ulong UserData => (ulong)_generation << 32 | _index;

    /// <summary>The next slot of this index, when this one cannot be used again.</summary>
    internal OperationSlot Successor() => new(_reactor, _index, _generation + 1);

    /// <summary>What <see cref="Hold"/> keeps open.</summary>
    internal int Descriptor { get; private set; }

    /// <summary>Of the pinned memory, or of the first path.</summary>
    internal nuint Address { get; private set; }

    /// <summary>Of the second path, or of the result that is to be written.</summary>
    internal nuint SecondAddress => (nuint)_second;

    /// <summary>Keeps a handle open until the completion.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal void Hold(SafeHandle file)
    {
        bool isHeld = false;
        file.DangerousAddRef(ref isHeld);
        _file = file;
        Descriptor = (int)file.DangerousGetHandle();
    }

    /// <summary>Keeps memory where it is until the completion.</summary>
    internal void Pin(ReadOnlyMemory<byte> memory)
    {
        _pin = memory.Pin();
        Address = AddressOf.Pinned(_pin);
    }

    /// <summary>Paths for the engine, which last until the completion; the first is named by exceptions.</summary>
    internal void Name(string path, string? second)
    {
        (_first, _subject) = (Marshal.StringToCoTaskMemUTF8(path), path);
        Address = (nuint)_first;
        if (second is not null)
            _second = Marshal.StringToCoTaskMemUTF8(second);
    }

    /// <summary>Room for a result that the engine writes, which lasts until the completion.</summary>
    internal nuint Allocate(int bytes)
    {
        _second = Marshal.AllocCoTaskMem(bytes);
        return (nuint)_second;
    }

    /// <summary>Gives it to the loop.</summary>
    /// <exception cref="ObjectDisposedException">The ring is being disposed. The slot is free again.</exception>
    internal ValueTask<int> Start(CancellationToken cancellationToken)
    {
        short version = Begin(cancellationToken);
        return new ValueTask<int>(this, version);
    }

    /// <summary>As <see cref="Start"/>, for an operation whose result says nothing.</summary>
    internal ValueTask StartVoid(CancellationToken cancellationToken)
    {
        short version = Begin(cancellationToken);
        return new ValueTask(this, version);
    }

    /// <summary>It was rented and will not be started.</summary>
    internal void Abandon()
    {
        LetGo();
        Recycle(isReusable: true);
    }

    /// <summary>Its completion has come. Runs the continuation, if there is one yet. The loop thread's.</summary>
    internal void Complete(int result)
    {
        LetGo();
        _result = result;
        // Not Dispose, which would wait for a callback that is running. False also when it has run: its cancel may be on its way here.
        _mayBeUsedAgain = !_token.CanBeCanceled || _registration.Unregister();
        State = SlotState.Completed;
        if (Interlocked.CompareExchange(ref _continuation, Done, null) is { } continuation)
            Continue(continuation, _continuationState);
    }

    public ValueTaskSourceStatus GetStatus(short token)
    {
        Check(token);
        if (!ReferenceEquals(Volatile.Read(ref _continuation), Done))
            return ValueTaskSourceStatus.Pending;
        if (_result >= 0)
            return ValueTaskSourceStatus.Succeeded;
        return IsCancelled ? ValueTaskSourceStatus.Canceled : ValueTaskSourceStatus.Faulted;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        Check(token);
        _continuationState = state;
        if ((flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0)
            _context = ExecutionContext.Capture();
        if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0)
            _scheduler = CurrentScheduler();
        // Publishes the fields above; pairs with the exchange in Complete.
        Action<object?>? before = Interlocked.CompareExchange(ref _continuation, continuation, null);
        if (before is null)
            return;
        if (!ReferenceEquals(before, Done))
            throw new InvalidOperationException("A ValueTask is awaited once.");
        if (_scheduler is { } scheduler)
            Schedule(scheduler, continuation, state);
        else
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
    }

    public int GetResult(short token)
    {
        Check(token);
        if (!ReferenceEquals(Volatile.Read(ref _continuation), Done))
            throw new InvalidOperationException("The operation has not completed.");
        int result = _result;
        bool isCancelled = IsCancelled;
        CancellationToken cancellation = _token;
        string? subject = _subject;
        Recycle(_mayBeUsedAgain);
        if (result >= 0)
            return result;
        throw isCancelled ? new OperationCanceledException(cancellation) : Failure.Of(result, subject, _reactor);
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    private bool IsCancelled => _token.IsCancellationRequested && Failure.MayBeCancel(_result);

    private short Begin(CancellationToken cancellationToken)
    {
        Sqe.UserData = UserData;
        State = SlotState.Queued;
        short version = (short)_generation;
        if (cancellationToken.CanBeCanceled)
        {
            _token = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(
                static slot => ((OperationSlot)slot!)._reactor.QueueCancel(((OperationSlot)slot).UserData), this);
        }

        if (_reactor.Queue(this))
            return version;
        LetGo();
        Recycle(!cancellationToken.CanBeCanceled || _registration.Unregister());
        throw new ObjectDisposedException(nameof(AsyncRing));
    }

    /// <summary>The engine is done with what it named.</summary>
    private void LetGo()
    {
        _pin.Dispose();
        _pin = default;
        _file?.DangerousRelease();
        _file = null;
        Marshal.FreeCoTaskMem(_first);
        Marshal.FreeCoTaskMem(_second);
        (_first, _second) = (0, 0);
    }

    private void Recycle(bool isReusable)
    {
        OperationSlot slot = isReusable ? this : Successor();
        if (isReusable)
        {
            _generation++;
            (_token, _registration) = (default, default);
            (_continuationState, _scheduler, _context, _subject) = (null, null, null, null);
            (State, IsCancelWanted, Next) = (SlotState.Idle, false, null);
            Volatile.Write(ref _continuation, null);
        }

        _reactor.Return(slot);
    }

    private void Continue(Action<object?> continuation, object? state)
    {
        // From here on the slot may be another operation's: the continuation ends this one.
        object? scheduler = _scheduler;
        ExecutionContext? context = _context;
        Volatile.Write(ref _continuation, Done);
        if (scheduler is not null)
            Schedule(scheduler, continuation, state);
        else if (_reactor.ContinuesOnThreadPool)
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false);
        else if (context is not null)
            ExecutionContext.Run(context, continuation.Invoke, state);
        else
            continuation(state);
    }

    private static void Schedule(object scheduler, Action<object?> continuation, object? state)
    {
        if (scheduler is SynchronizationContext context)
            context.Post(continuation.Invoke, state);
        else
            Task.Factory.StartNew(continuation, state, default, TaskCreationOptions.DenyChildAttach, (TaskScheduler)scheduler);
    }

    private static object? CurrentScheduler()
    {
        if (SynchronizationContext.Current is { } context && context.GetType() != typeof(SynchronizationContext))
            return context;
        return TaskScheduler.Current is { } scheduler && scheduler != TaskScheduler.Default ? scheduler : null;
    }

    private void Check(short token)
    {
        if (token != (short)_generation)
            throw new InvalidOperationException("A ValueTask is used once.");
    }
}
