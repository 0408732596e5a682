using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Tests;

/// <summary>A ring by its number and the addresses of its memory, wherever they come from.</summary>
internal sealed unsafe class RawRing(IRingEngine engine, int number, RingParams parameters, nuint rings, nuint sqes, EnterFlags how = 0)
{
    public RingParams Params => parameters;

    public ref uint SqHead => ref Word(parameters.SqOff.Head);

    public ref uint SqTail => ref Word(parameters.SqOff.Tail);

    public ref uint CqHead => ref Word(parameters.CqOff.Head);

    public ref uint CqTail => ref Word(parameters.CqOff.Tail);

    public uint Ready => Volatile.Read(ref CqTail) - CqHead;

    public ref uint Word(uint offset) => ref *(uint*)(rings + offset);

    public ref Sqe SqeAt(uint position) =>
        ref *(Sqe*)(sqes + (position & (parameters.SqEntries - 1)) * ((parameters.Flags & SetupFlags.Sqe128) != 0 ? 128u : 64u));

    public ref Cqe CqeAt(uint position) => ref *(Cqe*)(
        rings + parameters.CqOff.Cqes + (position & (parameters.CqEntries - 1)) * ((parameters.Flags & SetupFlags.Cqe32) != 0 ? 32u : 16u));

    public void Queue(in Sqe sqe)
    {
        uint tail = SqTail;
        SqeAt(tail) = sqe;
        if ((parameters.Flags & SetupFlags.NoSqArray) == 0)
            Word(parameters.SqOff.Array + (tail & (parameters.SqEntries - 1)) * 4) = tail & (parameters.SqEntries - 1);
        Volatile.Write(ref SqTail, tail + 1);
    }

    public void Nops(params ReadOnlySpan<ulong> userData)
    {
        foreach (ulong value in userData)
            Queue(new Sqe { UserData = value });
    }

    public int Enter(uint toSubmit, uint minComplete = 0) =>
        engine.Enter(number, toSubmit, minComplete, EnterFlags.GetEvents | how, 0, 0);

    /// <summary>The user_data of everything unread, which is read now.</summary>
    public ulong[] Take()
    {
        var taken = new ulong[Ready];
        for (int i = 0; i < taken.Length; i++)
            taken[i] = CqeAt(CqHead++).UserData;
        return taken;
    }
}
