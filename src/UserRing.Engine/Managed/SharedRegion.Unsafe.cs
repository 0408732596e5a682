using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// Whole pages shared with the program: a sealed memfd, the engine's own view of it, and a way for the program to map it. What the program
/// does with its mapping harms nobody else; the words in it may hold anything at any time.
/// </summary>
internal sealed unsafe class SharedRegion
{
    private const int SealAll = Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW;
    private const int ReadWrite = Libc.PROT_READ | Libc.PROT_WRITE;

    private readonly int _descriptor;
    private readonly byte* _address;
    private readonly nuint _bytes;

    private SharedRegion(int descriptor, nint address, nuint bytes)
    {
        _address = (byte*)address;
        (_descriptor, _bytes) = (descriptor, bytes);
    }

    internal nuint Bytes => _bytes;

    /// <summary>Zeroed memory of whole pages: 0 or -errno. Paired with <see cref="Free"/>.</summary>
    internal static int TryCreate(string name, nuint bytes, out SharedRegion? region)
    {
        region = null;
        // A memfd is a file: beyond RLIMIT_FSIZE the kernel would not refuse but kill us with SIGXFSZ.
        if (Libc.Getrlimit(Libc.RLIMIT_FSIZE, out ulong largestFile, out _) < 0 || largestFile < bytes)
            return -Errno.ENOMEM;
        int descriptor = Libc.MemfdCreate(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        if (descriptor < 0)
            return descriptor;
        int error = Libc.Ftruncate(descriptor, (long)bytes);
        if (error == 0)
            error = Libc.Fcntl(descriptor, Libc.F_ADD_SEALS, SealAll);
        nint address = error < 0 ? error : Libc.Mmap(0, bytes, ReadWrite, Libc.MAP_SHARED, descriptor, 0);
        if (address is < 0 and > -4096)
        {
            Libc.Close(descriptor);
            return (int)address;
        }

        region = new SharedRegion(descriptor, address, bytes);
        return 0;
    }

    /// <summary>Maps it for the program: address or -errno. All of it must fit.</summary>
    internal nint MapForCaller(nuint length, int protection, int flags)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return ((length + page - 1) & ~(page - 1)) < _bytes
            ? -Errno.EFAULT
            : Libc.Mmap(0, length, protection, flags, _descriptor, 0);
    }

    /// <summary>A word at an offset inside, which the caller has checked.</summary>
    internal ref T At<T>(nuint offset)
        where T : unmanaged => ref *(T*)(_address + offset);

    internal void Free()
    {
        Libc.Munmap((nuint)_address, _bytes);
        Libc.Close(_descriptor);
    }
}
