using UserRing.Engine;

namespace UserRing.Async;

/// <summary>How an <see cref="AsyncRing"/> is made.</summary>
public sealed class AsyncRingOptions
{
    private readonly IRingEngine? _engine;

    /// <summary>Who serves the ring. Default: <see cref="RingEngines.Auto"/>.</summary>
    public IRingEngine Engine
    {
        get => _engine ?? RingEngines.Auto;
        init => _engine = value;
    }

    /// <summary>Submission queue entries: how many operations one call gives to the engine at most.</summary>
    public uint Entries { get; init; } = 256;

    /// <summary>
    /// How many operations the engine has at a time, 1 to 32767. Callers beyond that wait, asynchronously, in order, and can be cancelled.
    /// </summary>
    public int MaxInFlight { get; init; } = 4096;

    /// <summary>
    /// Whether continuations run on the thread pool. By default they run on the ring's own thread, one after the other, which is several
    /// times faster; there, blocking in one holds up all others.
    /// </summary>
    public bool ContinueOnThreadPool { get; init; }
}
