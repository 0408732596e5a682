namespace UserRing.Tool.Bench.Load;

/// <summary>
/// A place per request in flight: its buffer, and what has to be remembered until it completes. Free places are kept on a stack, so the
/// buffer used last, still in the cache, is the next to be used; bench/native does the same.
/// </summary>
internal sealed class RequestSlots : IDisposable
{
    private readonly AlignedMemory _buffers;
    private readonly int _block;
    private readonly int[] _free;
    private readonly int[] _files;
    private readonly ulong[] _offsets;
    private readonly long[] _started;
    private readonly BlockCheck? _check;
    private int _freeCount;

    public RequestSlots(int count, int block, BlockCheck? check)
    {
        _block = block;
        _buffers = new AlignedMemory((nuint)count * (nuint)_block);
        _check = check;
        _files = new int[count];
        _offsets = new ulong[count];
        _started = new long[count];
        _free = [.. Enumerable.Range(0, count).Reverse()];
        _freeCount = count;
    }

    public int Free => _freeCount;

    public int InFlight => _free.Length - _freeCount;

    public int Take() => _free[--_freeCount];

    public void Return(int slot) => _free[_freeCount++] = slot;

    public nuint AddressOf(int slot) => _buffers.Address + (nuint)slot * (nuint)_block;

    /// <summary>Only under --latency or --verify: what the judge of <paramref name="slot"/> will need.</summary>
    public void Remember(int slot, int file, ulong offset, long now)
    {
        Remember(slot, now);
        _files[slot] = file;
        _offsets[slot] = offset;
        if (_check is not null)
        {
            BlockCheck.Prepare(Buffer(slot));
        }
    }

    public void Remember(int slot, long now) => _started[slot] = now;

    /// <summary>Null when the block is right, else what is wrong with it.</summary>
    public string? Fault(int slot) => _check!.Matches(_files[slot], _offsets[slot], Buffer(slot))
        ? null
        : $"the block at offset {_offsets[slot]} differs from what a plain read returns";

    public long Elapsed(int slot, long now) => now - _started[slot];

    public void Dispose() => _buffers.Dispose();

    private Span<byte> Buffer(int slot) => _buffers.Slice((nuint)slot * (nuint)_block, _block);
}
