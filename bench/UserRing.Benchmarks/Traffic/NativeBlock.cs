using System.Runtime.InteropServices;

namespace UserRing.Benchmarks.Traffic;

/// <summary>Zeroed memory that stays where it is, for what requests in flight refer to. Let go only after their ring is gone.</summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private const nuint Page = 4096;

    private readonly int _length;
    private void* _memory;

    public NativeBlock(int length)
    {
        _length = length;
        _memory = NativeMemory.AlignedAlloc((nuint)length, Page);
        Bytes.Clear();
    }

    public Span<byte> Bytes => new(_memory, _length);

    public nuint At(int offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)offset, (uint)_length);
        return (nuint)_memory + (nuint)offset;
    }

    public ref T As<T>(int offset)
        where T : unmanaged => ref *(T*)At(offset);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
