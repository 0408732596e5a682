using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Bench.Load;

/// <summary>One preadv2 after the other into one buffer: what a program without a ring does.</summary>
internal sealed class SyncLoad(WorkerOrder order, int thread, LoadSwitches switches) : BlockLoad(order, thread, switches)
{
    /// <summary>Reads between two looks at the stop switch and two updates of the counters.</summary>
    private const int ReadsPerStep = 32;

    private readonly bool _remembers = order.Load.Verify || order.Load.Latency;
    private AlignedMemory _vector = null!;

    protected override int SlotCount => 1;

    public override void Open()
    {
        base.Open();
        if (Spec.Nop)
        {
            throw new LoadUnavailableException("a synchronous read has no NOP");
        }
        _vector = new AlignedMemory(16);
        _vector.As<IoVec>()[0] = new IoVec { Base = Slots.AddressOf(0), Len = (nuint)Spec.Block };
    }

    protected override void Step()
    {
        for (int i = 0; i < ReadsPerStep; i++)
        {
            Read();
        }
        Count(ReadsPerStep, ReadsPerStep);
    }

    protected override void Close() => _vector?.Dispose();

    private void Read()
    {
        int slot = Slots.Take();
        ulong offset = Source.Next(out int file);
        if (_remembers)
        {
            Slots.Remember(slot, file, offset, Now());
        }
        nint result = Libc.Preadv2(Descriptors[file], _vector.Address, 1, (long)offset, 0);
        Completed(slot, result, Now());
    }
}
