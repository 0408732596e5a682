using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Bench.Load;

/// <summary>
/// One preadv2 after the other: what a program without a ring does. It goes round as many buffers as a ring submits at a time, since
/// whoever reads a batch wants each block in a place of its own; one hot buffer would measure the cache, not the interface.
/// </summary>
internal sealed class SyncLoad(WorkerOrder order, int thread, LoadSwitches switches) : BlockLoad(order, thread, switches)
{
    private readonly bool _remembers = order.Load.Verify || order.Load.Latency;
    private readonly nint[] _results = new nint[order.Load.Batch];
    private readonly int[] _slots = new int[order.Load.Batch];
    private readonly long[] _ended = new long[order.Load.Batch];
    private AlignedMemory _vector = null!;

    protected override int SlotCount => Spec.Batch;

    public override void Open()
    {
        base.Open();
        if (Spec.Nop)
        {
            throw new LoadUnavailableException("a synchronous read has no NOP");
        }
        _vector = new AlignedMemory(16);
    }

    protected override void Step()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = Slots.Take();
            _results[i] = Read(_slots[i]);
            _ended[i] = Now();
        }
        for (int i = 0; i < _slots.Length; i++)
        {
            Completed(_slots[i], _results[i], _ended[i]);
        }
        Count(_slots.Length, _slots.Length);
    }

    protected override void Close() => _vector?.Dispose();

    private nint Read(int slot)
    {
        ulong offset = Source.Next(out int file);
        if (_remembers)
        {
            Slots.Remember(slot, file, offset, Now());
        }
        _vector.As<IoVec>()[0] = new IoVec { Base = Slots.AddressOf(slot), Len = (nuint)Spec.Block };
        return Libc.Preadv2(Descriptors[file], _vector.Address, 1, (long)offset, 0);
    }
}
