using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Tool.Bench.Load;

/// <summary>Passes everything on and counts the calls that enter the engine.</summary>
internal sealed class CountingEngine(IRingEngine engine) : IRingEngine
{
    private int _calls;

    public string Name => engine.Name;

    /// <summary>How many since the last time.</summary>
    public int TakeCalls() => Interlocked.Exchange(ref _calls, 0);

    public int Setup(uint entries, nuint parameters) => engine.Setup(entries, parameters);

    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
        engine.Map(ring, address, length, protection, flags, offset);

    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        Interlocked.Increment(ref _calls);
        return engine.Enter(ring, toSubmit, minComplete, flags, argument, argumentSize);
    }

    public int Register(int ring, RegisterOp operation, nuint argument, uint count) => engine.Register(ring, operation, argument, count);

    public int Release(int ring) => engine.Release(ring);
}
