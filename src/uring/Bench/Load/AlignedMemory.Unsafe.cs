using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace UserRing.Tool.Bench.Load;

/// <summary>
/// Native memory on page boundaries, which O_DIRECT asks for and the collector does not move; zeroed, so every page is there.
/// </summary>
internal sealed unsafe class AlignedMemory : IDisposable
{
    private const int PageBytes = 4096;

    private readonly nuint _bytes;
    private void* _memory;

    public AlignedMemory(nuint bytes)
    {
        _bytes = bytes;
        _memory = NativeMemory.AlignedAlloc(bytes, PageBytes);
        NativeMemory.Clear(_memory, bytes);
    }

    public nuint Address => (nuint)_memory;

    public Span<byte> Slice(nuint offset, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (nuint)bytes, _bytes);
        return new Span<byte>((byte*)_memory + offset, bytes);
    }

    public Span<T> As<T>()
        where T : unmanaged => new(_memory, (int)(_bytes / (nuint)Unsafe.SizeOf<T>()));

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
