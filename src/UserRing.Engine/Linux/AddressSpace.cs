using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>
/// Where the addresses end that a program may have (TASK_SIZE): beyond them, system calls refuse a range before they touch it. No call
/// tells; a read of nothing from an empty file, which looks at the range and copies nothing, does.
/// </summary>
internal static unsafe class AddressSpace
{
    private static readonly Lazy<nuint> LazyEnd = new(Find);

    /// <summary>The first address that no program can use.</summary>
    internal static nuint End => LazyEnd.Value;

    private static nuint Find()
    {
        int file = Libc.MemfdCreate("end", Libc.MFD_CLOEXEC);
        int bits = 40;
        while (bits < 62 && Accepts(file, (nuint)1 << bits))
            bits++;
        nuint end = (nuint)1 << bits, page = (nuint)Environment.SystemPageSize;
        end = Accepts(file, end - page) ? end : end - page; // x86-64 keeps its last page from everybody
        Libc.Close(file);
        return end;
    }

    private static bool Accepts(int file, nuint address)
    {
        var part = new IoVec { Base = address, Len = 1 };
        return Libc.Preadv2(file, (nuint)(&part), 1, 0, 0) == 0;
    }
}
