using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>Whole pages that stay put, followed by a page that nobody may touch: an engine that goes too far meets EFAULT.</summary>
internal sealed unsafe class TestMemory : IDisposable
{
    private static readonly nuint Page = (nuint)Environment.SystemPageSize;

    private readonly nuint _pages;
    private bool _disposed;

    public TestMemory(int bytes = 4096)
    {
        Length = bytes;
        _pages = ((nuint)bytes + Page - 1) / Page * Page;
        nint at = Libc.Mmap(0, _pages + Page, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        Assert.InRange(at, 1, nint.MaxValue);
        Address = (nuint)at;
        Assert.Equal(0, Libc.Mprotect(End, Page, Libc.PROT_NONE));
    }

    /// <summary>An address that cannot be read or written, whatever else the process maps.</summary>
    public static nuint Bad { get; } = Reserve(1 << 20, Libc.PROT_NONE);

    /// <summary>A zeroed page that can be read and not written.</summary>
    public static nuint ReadOnly { get; } = Reserve(4096, Libc.PROT_READ);

    public nuint Address { get; }

    public int Length { get; }

    /// <summary>The first address behind the pages, which cannot be touched.</summary>
    public nuint End => Address + _pages;

    public Span<byte> Bytes => new((void*)Address, Length);

    public Span<byte> this[Range range] => Bytes[range];

    /// <summary>The memory as something else, at a byte offset.</summary>
    public ref T As<T>(int offset = 0)
        where T : unmanaged => ref *(T*)(Address + (nuint)offset);

    public nuint At(int offset) => Address + (nuint)offset;

    /// <summary>Writes values one behind the other; the address of the first.</summary>
    public nuint Put<T>(int offset, params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        values.CopyTo(new Span<T>((void*)At(offset), values.Length));
        return At(offset);
    }

    /// <summary>Writes a path, and the 0 behind it.</summary>
    public nuint PutPath(int offset, string path) => Put(offset, Encoding.UTF8.GetBytes(path + '\0'));

    public nuint PutTime(int offset, TimeSpan time) =>
        Put(
            offset,
            new KernelTimespec { TvSec = (long)Math.Floor(time.TotalSeconds), TvNsec = time.Ticks % TimeSpan.TicksPerSecond * 100 });

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = Libc.Munmap(Address, _pages + Page);
    }

    private static nuint Reserve(nuint bytes, int protection) =>
        (nuint)Libc.Mmap(0, bytes, protection, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
}
