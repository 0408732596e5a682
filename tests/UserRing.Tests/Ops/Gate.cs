using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>
/// A read of an empty pipe at the head of a chain: what is linked behind it was taken by enter and is carried out only when the gate
/// opens. Until then a test may spoil the memory that the SQE named.
/// </summary>
internal sealed class Gate(SeamRing ring) : IDisposable
{
    private readonly TestPipe _pipe = new();
    private readonly TestMemory _memory = new();

    /// <summary>Queues the read; the SQE that follows is the gated one.</summary>
    public void Close() =>
        ring.Next().PrepareRead(_pipe.ReadEnd, _memory.Address, 1, ulong.MaxValue).Flags = SqeFlags.IoLink | SqeFlags.CqeSkipSuccess;

    /// <summary>Submits the gate with <paramref name="sqe"/>, has memory spoiled, opens it: the completion.</summary>
    public Cqe Pass(in Sqe sqe, Action spoil)
    {
        Close();
        ring.Next() = sqe;
        Assert.Equal(2, ring.Submit());
        spoil();
        Open();
        return ring.Take();
    }

    public void Open() => _pipe.Write("x");

    public void Dispose()
    {
        _pipe.Dispose();
        _memory.Dispose();
    }
}
