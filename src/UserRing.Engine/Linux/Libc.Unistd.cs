using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>unistd.h</summary>
internal static unsafe partial class Libc
{
    public const int SEEK_SET = 0;
    public const int SEEK_CUR = 1;
    public const int SEEK_END = 2;

    /// <summary>close(2). The descriptor is gone even on EINTR: never repeat it.</summary>
    public static int Close(int fd) => Result(close(fd));

    /// <summary>read(2)</summary>
    public static nint Read(int fd, void* buf, nuint n) => Result(read(fd, buf, n));

    /// <summary>write(2)</summary>
    public static nint Write(int fd, void* buf, nuint n) => Result(write(fd, buf, n));

    /// <summary>ftruncate(2)</summary>
    public static int Ftruncate(int fd, long length) => Result(ftruncate(fd, length));

    /// <summary>unlinkat(2) of a path in native memory, as all paths here.</summary>
    public static int Unlinkat(int dirfd, nuint path, uint flags) => Result(unlinkat(dirfd, path, (int)flags));

    /// <summary>symlinkat(2)</summary>
    public static int Symlinkat(nuint target, int dirfd, nuint path) => Result(symlinkat(target, dirfd, path));

    /// <summary>linkat(2)</summary>
    public static int Linkat(int oldDirfd, nuint oldPath, int newDirfd, nuint newPath, uint flags) =>
        Result(linkat(oldDirfd, oldPath, newDirfd, newPath, (int)flags));

    /// <summary>fsync(2)</summary>
    public static int Fsync(int fd) => Result(fsync(fd));

    /// <summary>fdatasync(2)</summary>
    public static int Fdatasync(int fd) => Result(fdatasync(fd));

    /// <summary>lseek(2)</summary>
    public static nint Lseek(int fd, long offset, int whence) => Result(lseek(fd, offset, whence));

    /// <summary>pipe2(2); <paramref name="fds"/> has room for two.</summary>
    public static int Pipe2(int* fds, int flags) => Result(pipe2(fds, flags));

    /// <summary>dup3(2): the second number means the first one's file from now on.</summary>
    public static int Dup3(int from, int to, int flags) => Result(dup3(from, to, flags));

    /// <summary>dup(2)</summary>
    public static int Dup(int fd) => Result(dup(fd));

    /// <summary>getpid(2)</summary>
    public static int Getpid() => getpid();

    /// <summary>geteuid(2)</summary>
    public static uint Geteuid() => geteuid();

    /// <summary>getpagesize(3)</summary>
    public static int Getpagesize() => getpagesize();

    /// <summary>gettid(2), by number: glibc wraps it only since 2.30.</summary>
    public static int Gettid() => (int)Syscall(IsX64 ? 186 : 178, 0);

    /// <summary>
    /// Whether two descriptors share one open file description (kcmp(2), by number). Where that call is forbidden (a sandbox): whether they
    /// are the same file.
    /// </summary>
    public static bool IsSameOpenFile(int fd, int other)
    {
        const int KcmpFile = 0;
        int pid = Environment.ProcessId;
        nint order = fd == other ? 0 : Syscall(IsX64 ? 312 : 272, pid, pid, KcmpFile, fd, other);
        if (order >= 0)
            return order == 0;
        return StatFd(fd, out FileIdentity one) == 0 && StatFd(other, out FileIdentity another) == 0
            && (one.Dev, one.Ino) == (another.Dev, another.Ino);
    }

    [LibraryImport(Name)]
    private static partial int close(int fd);

    [LibraryImport(Name)]
    private static partial nint read(int fd, void* buf, nuint n);

    [LibraryImport(Name)]
    private static partial nint write(int fd, void* buf, nuint n);

    [LibraryImport(Name)]
    private static partial int ftruncate(int fd, long length);

    [LibraryImport(Name)]
    private static partial int unlinkat(int dirfd, nuint path, int flags);

    [LibraryImport(Name)]
    private static partial int symlinkat(nuint target, int dirfd, nuint path);

    [LibraryImport(Name)]
    private static partial int linkat(int oldDirfd, nuint oldPath, int newDirfd, nuint newPath, int flags);

    [LibraryImport(Name)]
    private static partial int fsync(int fd);

    [LibraryImport(Name)]
    private static partial int fdatasync(int fd);

    [LibraryImport(Name)]
    private static partial nint lseek(int fd, long offset, int whence);

    [LibraryImport(Name)]
    private static partial int pipe2(int* fds, int flags);

    [LibraryImport(Name)]
    private static partial int dup3(int from, int to, int flags);

    [LibraryImport(Name)]
    private static partial int dup(int fd);

    [LibraryImport(Name)]
    private static partial int getpid();

    [LibraryImport(Name)]
    private static partial uint geteuid();

    [LibraryImport(Name)]
    private static partial int getpagesize();
}
