using System.Collections.Concurrent;
using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>The calls of the seam.</summary>
internal enum SeamCall
{
    Setup,
    Map,
    Enter,
    Register,
    Release,
}

/// <summary>
/// Another engine, some of whose calls are refused before they reach it: by a script (the next answers of one call) or by chance with
/// a seed. Counts what passes, so that a test can tell what was undone.
/// </summary>
internal sealed class FaultyEngine(IRingEngine inner) : IRingEngine
{
    private readonly ConcurrentQueue<int>[] _script = [new(), new(), new(), new(), new()];
    private readonly int[] _seen = new int[5], _passed = new int[5];
    private readonly Lock _chance = new();
    private Random? _seeded;
    private double _rate;
    private int[] _refusals = [];

    public string Name => inner.Name;

    /// <summary>Rings that were made and not given back.</summary>
    public HashSet<int> Alive { get; } = [];

    /// <summary>Whether a descriptor was released that is not a live ring of this engine.</summary>
    public bool ReleasedTwice { get; private set; }

    public FaultyEngine Answering(SeamCall call, params ReadOnlySpan<int> errors)
    {
        foreach (int error in errors)
            _script[(int)call].Enqueue(error);
        return this;
    }

    /// <summary>From now on every call but Release is refused at this rate, with one of these errors. Rate 0 ends it.</summary>
    public FaultyEngine ByChance(int seed, double rate, params int[] errors)
    {
        lock (_chance)
            (_seeded, _rate, _refusals) = (new Random(seed), rate, errors);
        return this;
    }

    public int Seen(SeamCall call) => Volatile.Read(ref _seen[(int)call]);

    public int Passed(SeamCall call) => Volatile.Read(ref _passed[(int)call]);

    public int Setup(uint entries, nuint parameters)
    {
        if (Refuses(SeamCall.Setup, out int error))
            return error;
        int ring = inner.Setup(entries, parameters);
        if (ring >= 0)
            Alive.Add(ring);
        return ring;
    }

    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
        Refuses(SeamCall.Map, out int error) ? error : inner.Map(ring, address, length, protection, flags, offset);

    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize) =>
        Refuses(SeamCall.Enter, out int error) ? error : inner.Enter(ring, toSubmit, minComplete, flags, argument, argumentSize);

    public int Register(int ring, RegisterOp operation, nuint argument, uint count) =>
        Refuses(SeamCall.Register, out int error) ? error : inner.Register(ring, operation, argument, count);

    /// <summary>A refused release has ended the ring all the same, as close(2) does.</summary>
    public int Release(int ring)
    {
        ReleasedTwice |= !Alive.Remove(ring);
        bool refused = Refuses(SeamCall.Release, out int error);
        int result = inner.Release(ring);
        return refused ? error : result;
    }

    private bool Refuses(SeamCall call, out int error)
    {
        Interlocked.Increment(ref _seen[(int)call]);
        if (_script[(int)call].TryDequeue(out error) && error < 0)
            return true;
        lock (_chance)
        {
            if (_seeded is { } random && call != SeamCall.Release && random.NextDouble() < _rate)
            {
                error = _refusals[random.Next(_refusals.Length)];
                return true;
            }
        }

        Interlocked.Increment(ref _passed[(int)call]);
        return false;
    }
}
