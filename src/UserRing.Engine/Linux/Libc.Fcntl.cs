using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>fcntl.h</summary>
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_ACCMODE = 3;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    /// <summary>The bit of O_TMPFILE that is not O_DIRECTORY.</summary>
    public const int O_TMPFILE_ALONE = 0x400000;

    /// <summary>Every bit that open(2) knows; it ignores the others. The architectures differ only in which of four is which.</summary>
    public const int O_KNOWN = 0x7FFFC3;

    /// <summary>Place of a relative path: the current directory.</summary>
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_SYMLINK_FOLLOW = 0x400;
    public const int AT_NO_AUTOMOUNT = 0x800;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_STATX_DONT_SYNC = 0x4000;
    public const int AT_STATX_SYNC_TYPE = 0x6000;

    public const uint SPLICE_F_MOVE = 1;
    public const uint SPLICE_F_NONBLOCK = 2;
    public const uint SPLICE_F_MORE = 4;
    public const uint SPLICE_F_GIFT = 8;

    public const int FALLOC_FL_KEEP_SIZE = 1;
    public const int FALLOC_FL_PUNCH_HOLE = 2;

    public const int POSIX_FADV_NORMAL = 0;
    public const int POSIX_FADV_RANDOM = 1;
    public const int POSIX_FADV_SEQUENTIAL = 2;

    public const ulong RESOLVE_BENEATH = 0x08;

    /// <summary>Answer EAGAIN rather than wait for a name that is not in memory (Linux 5.12).</summary>
    public const ulong RESOLVE_CACHED = 0x20;

    public const int F_DUPFD = 0;
    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_SETPIPE_SZ = 1031;
    public const int F_GETPIPE_SZ = 1032;
    public const int F_ADD_SEALS = 1033;
    public const int F_GET_SEALS = 1034;
    public const int FD_CLOEXEC = 1;

    public const int F_SEAL_SEAL = 0x1;
    public const int F_SEAL_SHRINK = 0x2;
    public const int F_SEAL_GROW = 0x4;
    public const int F_SEAL_WRITE = 0x8;

    /// <summary>O_DIRECT, one of the few flags whose value is the architecture's own.</summary>
    public static int O_DIRECT => IsX64 ? 0x4000 : 0x10000;

    /// <summary>O_DIRECTORY, likewise.</summary>
    public static int O_DIRECTORY => IsX64 ? 0x10000 : 0x4000;

    /// <summary>O_NOFOLLOW, likewise.</summary>
    public static int O_NOFOLLOW => IsX64 ? 0x20000 : 0x8000;

    /// <summary>open(2)</summary>
    public static int Open(string path, int flags, int mode) => Result(open(path, flags, mode));

    /// <summary>openat(2) of a path in native memory.</summary>
    public static int Openat(int dirfd, nuint path, int flags, uint mode) => Result(openat(dirfd, path, flags, mode));

    /// <summary>openat2(2), by number: libc leaves it out. The number is the same everywhere.</summary>
    public static int Openat2(int dirfd, nuint path, OpenHow how) =>
        IntResult(Syscall(437, dirfd, (nint)path, (nint)(&how), sizeof(OpenHow)));

    /// <summary>fcntl(2)</summary>
    public static int Fcntl(int fd, int cmd, nint arg) => Result(fcntl(fd, cmd, arg));

    /// <summary>fallocate(2)</summary>
    public static int Fallocate(int fd, int mode, long offset, long length) => Result(fallocate(fd, mode, offset, length));

    /// <summary>posix_fadvise(2)</summary>
    public static int Fadvise(int fd, long offset, long length, int advice) => -posix_fadvise(fd, offset, length, advice);

    /// <summary>splice(2); an offset of -1 is none.</summary>
    public static int Splice(int from, long fromOffset, int to, long toOffset, uint length, uint flags) => IntResult(
        splice(from, fromOffset == -1 ? null : &fromOffset, to, toOffset == -1 ? null : &toOffset, length, flags));

    /// <summary>tee(2)</summary>
    public static int Tee(int from, int to, uint length, uint flags) => IntResult(tee(from, to, length, flags));

    /// <summary>sync_file_range(2)</summary>
    public static int SyncFileRange(int fd, long offset, long count, uint flags) => Result(sync_file_range(fd, offset, count, flags));

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport(Name)]
    private static partial int openat(int dirfd, nuint path, int flags, uint mode);

    [LibraryImport(Name)]
    private static partial int fcntl(int fd, int cmd, nint arg);

    [LibraryImport(Name)]
    private static partial int fallocate(int fd, int mode, long offset, long length);

    [LibraryImport(Name)]
    private static partial int posix_fadvise(int fd, long offset, long length, int advice);

    [LibraryImport(Name)]
    private static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nuint length, uint flags);

    [LibraryImport(Name)]
    private static partial nint tee(int from, int to, nuint length, uint flags);

    [LibraryImport(Name)]
    private static partial int sync_file_range(int fd, long offset, long count, uint flags);
}
