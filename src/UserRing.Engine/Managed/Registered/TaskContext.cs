using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// What the engine keeps for a task: its settings for workers, and the rings it registered, to be named by index. A slot keeps its ring
/// open, as another descriptor would. Belongs to its thread and is touched by no other; when the thread has gone, the collector finds it
/// and its rings are let go of.
/// </summary>
internal sealed class TaskContext
{
    [ThreadStatic]
    private static TaskContext? _current;

    private readonly RingContext?[] _rings = new RingContext?[RingLimits.MaxRegisteredRings];

    private TaskContext(RingContext ring, Caller caller) => Workers = new WorkerSettings(ring, caller);

    ~TaskContext()
    {
        // Not here: letting go of a ring's last handle cancels its requests, which takes locks.
        foreach (RingContext? ring in _rings)
        {
            if (ring is not null)
                ThreadPool.UnsafeQueueUserWorkItem(static ring => ring.CloseHandle(), ring, preferLocal: false);
        }
    }

    /// <summary>The calling thread's; null if it has never set up a ring, submitted to one or registered one.</summary>
    internal static TaskContext? Current => _current;

    /// <summary>The calling thread's, made if need be for its first ring.</summary>
    internal static TaskContext OfCurrentThread(RingContext ring, Caller caller) => _current ??= new TaskContext(ring, caller);

    internal WorkerSettings Workers { get; }

    /// <summary>The ring at an index and a reference to it: 0, -EINVAL (no such index) or -EBADF (nothing there for this engine).</summary>
    internal int Hold(uint index, ManagedEngine engine, out RingContext? ring)
    {
        ring = null;
        if (index >= RingLimits.MaxRegisteredRings)
            return -Errno.EINVAL;
        if (_rings[index] is not { } found || found.Engine != engine)
            return -Errno.EBADF;
        found.AddReference(); // the slot holds another
        ring = found;
        return 0;
    }

    /// <summary>Takes the handle to <paramref name="ring"/> over and puts it at the first free index of a range: index or -EBUSY.</summary>
    internal int Add(RingContext ring, int start, int end)
    {
        for (int index = start; index < end; index++)
        {
            if (_rings[index] is not null)
                continue;
            _rings[index] = ring;
            return index;
        }

        return -Errno.EBUSY;
    }

    /// <summary>Empties an index; its ring ends if this was its last handle.</summary>
    internal void Remove(int index)
    {
        if (_rings[index] is not { } ring)
            return;
        _rings[index] = null;
        ring.CloseHandle();
    }
}
