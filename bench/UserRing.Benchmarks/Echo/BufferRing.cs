using UserRing.Abi;
using UserRing.Benchmarks.Traffic;

namespace UserRing.Benchmarks.Echo;

/// <summary>Buffers that the engine picks from as data arrive; a shared ring of them, registered with a <see cref="Ring"/>.</summary>
internal sealed unsafe class BufferRing : IDisposable
{
    public const ushort Group = 1;

    private readonly NativeBlock _entries, _memory;
    private readonly int _bytes, _mask;
    private ushort _tail;

    /// <param name="ring">Who uses them; it has to go before they do.</param>
    /// <param name="count">A power of two.</param>
    /// <param name="bytes">The size of each.</param>
    public BufferRing(Ring ring, int count, int bytes)
    {
        (_bytes, _mask) = (bytes, count - 1);
        _entries = new NativeBlock(count * sizeof(Buf));
        _memory = new NativeBlock(count * bytes);
        BufReg registration = new() { RingAddr = _entries.At(0), RingEntries = (uint)count, Bgid = Group };
        int result = ring.Register(RegisterOp.RegisterPbufRing, (nuint)(&registration), 1);
        if (result < 0)
            throw TrafficException.Of("registering buffers", result);
        for (int id = 0; id < count; id++)
            GiveBack(id);
    }

    public nuint AddressOf(int id) => _memory.At(id * _bytes);

    public ReadOnlySpan<byte> Content(int id, int length) => _memory.Bytes.Slice(id * _bytes, length);

    public void GiveBack(int id)
    {
        ref Buf entry = ref _entries.As<Buf>((_tail & _mask) * sizeof(Buf));
        // Field by field: the ring's tail lies in the reserved word of the first entry.
        (entry.Addr, entry.Len, entry.Bid) = (AddressOf(id), (uint)_bytes, (ushort)id);
        Volatile.Write(ref _entries.As<BufRing>(0).Tail, ++_tail);
    }

    public void Dispose()
    {
        _entries.Dispose();
        _memory.Dispose();
    }
}
