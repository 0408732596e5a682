using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>
/// The engine as cases see it: itself, but a submission that holds an operation which the managed engine does not have ends the case as not
/// run, since its answers would say nothing.
/// </summary>
internal sealed class CaseEngine(IRingEngine engine, List<SeamRing> rings) : IRingEngine
{
    /// <summary>Begins the reason why a case was not run that needs an operation which is still to come.</summary>
    public const string Lacks = "the managed engine does not have ";

    private readonly bool _mayLackOperations = engine is ManagedEngine;

    public string Name => engine.Name;

    public IRingEngine Inner => engine;

    public int Setup(uint entries, nuint parameters) => engine.Setup(entries, parameters);

    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
        engine.Map(ring, address, length, protection, flags, offset);

    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        if (_mayLackOperations && toSubmit > 0)
            RequireOperations(ring);
        return engine.Enter(ring, toSubmit, minComplete, flags, argument, argumentSize);
    }

    public int Register(int ring, RegisterOp operation, nuint argument, uint count) => engine.Register(ring, operation, argument, count);

    public int Release(int ring) => engine.Release(ring);

    private void RequireOperations(int descriptor)
    {
        SeamRing? ring = rings.Find(known => known.Descriptor == descriptor);
        if (ring is null)
            return;
        bool hasArray = (ring.Params.Flags & SetupFlags.NoSqArray) == 0;
        for (uint at = ring.SqHead; at != ring.SqTail && at - ring.SqHead < ring.SqEntries; at++)
        {
            uint index = hasArray ? ring.SqArray(at) : at & (ring.SqEntries - 1);
            if (index >= ring.SqEntries)
                continue;
            Opcode operation = ring.SqeAt(index).Opcode;
            // What is refused for good has rows about the refusal.
            if (OpFacts.IsToCome(operation))
                throw new NotRunException($"{Lacks}{operation} yet");
        }
    }
}
