using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/mman.h</summary>
internal static unsafe partial class Libc
{
    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;

    public const int MAP_SHARED = 0x01;
    public const int MAP_PRIVATE = 0x02;
    public const int MAP_FIXED = 0x10;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;
    public const int MAP_POPULATE = 0x8000;

    public const int MADV_DONTNEED = 4;
    public const int MADV_DONTFORK = 10;
    public const int MADV_POPULATE_WRITE = 23;

    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;

    /// <summary>mmap(2): an address or -errno.</summary>
    public static nint Mmap(nuint addr, nuint len, int prot, int flags, int fd, long off) => Result(mmap(addr, len, prot, flags, fd, off));

    /// <summary>munmap(2)</summary>
    public static int Munmap(nuint addr, nuint len) => Result(munmap(addr, len));

    /// <summary>mprotect(2)</summary>
    public static int Mprotect(nuint addr, nuint len, int prot) => Result(mprotect(addr, len, prot));

    /// <summary>madvise(2)</summary>
    public static int Madvise(nuint addr, nuint len, int advice) => Result(madvise(addr, len, advice));

    /// <summary>memfd_create(2)</summary>
    public static int MemfdCreate(string name, uint flags) => Result(memfd_create(name, flags));

    /// <summary>ioctl PROCMAP_QUERY of /proc/PID/maps, on a struct procmap_query: 0 or -errno.</summary>
    public static int ProcMapQuery(int maps, void* query) => Result(ioctl(maps, 0xC068_6611, query)); // _IOWR('f', 17, 104 bytes)

    [LibraryImport(Name)]
    private static partial nint mmap(nuint addr, nuint len, int prot, int flags, int fd, long off);

    [LibraryImport(Name)]
    private static partial int munmap(nuint addr, nuint len);

    [LibraryImport(Name)]
    private static partial int mprotect(nuint addr, nuint len, int prot);

    [LibraryImport(Name)]
    private static partial int madvise(nuint addr, nuint len, int advice);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
