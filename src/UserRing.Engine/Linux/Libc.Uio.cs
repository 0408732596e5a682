using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>sys/uio.h</summary>
internal static unsafe partial class Libc
{
    public const int RWF_HIPRI = 0x1;
    public const int RWF_DSYNC = 0x2;
    public const int RWF_SYNC = 0x4;
    public const int RWF_NOWAIT = 0x8;
    public const int RWF_APPEND = 0x10;
    public const int RWF_NOAPPEND = 0x20;
    public const int RWF_ATOMIC = 0x40;
    public const int RWF_DONTCACHE = 0x80;

    // By number: musl wraps them only since 1.2.5. The raw call takes the offset in two halves, the upper one unused where a long holds it.
    private static nint SysPreadv2 => IsX64 ? 327 : 286;
    private static nint SysPwritev2 => IsX64 ? 328 : 287;

    /// <summary>preadv2(2); <paramref name="off"/> -1 is the file's own position.</summary>
    public static nint Preadv2(int fd, nuint iov, int count, long off, int flags) =>
        Result(Syscall(SysPreadv2, fd, (nint)iov, count, (nint)off, 0, flags));

    /// <summary>pwritev2(2); <paramref name="off"/> -1 is the file's own position.</summary>
    public static nint Pwritev2(int fd, nuint iov, int count, long off, int flags) =>
        Result(Syscall(SysPwritev2, fd, (nint)iov, count, (nint)off, 0, flags));

    /// <summary>preadv2(2): bytes, or exactly -1 when it failed for whatever reason (errno is not looked at).</summary>
    public static nint PreadvTry(int fd, nuint iov, int count, long off, int flags) =>
        Syscall(SysPreadv2, fd, (nint)iov, count, (nint)off, 0, flags);

    /// <summary>pwritev2(2): bytes, or exactly -1 when it failed for whatever reason (errno is not looked at).</summary>
    public static nint PwritevTry(int fd, nuint iov, int count, long off, int flags) =>
        Syscall(SysPwritev2, fd, (nint)iov, count, (nint)off, 0, flags);

    /// <summary>process_vm_readv(2)</summary>
    public static nint ProcessVmReadv(int pid, IoVec* local, nuint nlocal, IoVec* remote, nuint nremote) =>
        Result(process_vm_readv(pid, local, nlocal, remote, nremote, 0));

    /// <summary>process_vm_writev(2)</summary>
    public static nint ProcessVmWritev(int pid, IoVec* local, nuint nlocal, IoVec* remote, nuint nremote) =>
        Result(process_vm_writev(pid, local, nlocal, remote, nremote, 0));

    [LibraryImport(Name)]
    private static partial nint process_vm_readv(int pid, IoVec* local, nuint nlocal, IoVec* remote, nuint nremote, nuint flags);

    [LibraryImport(Name)]
    private static partial nint process_vm_writev(int pid, IoVec* local, nuint nlocal, IoVec* remote, nuint nremote, nuint flags);
}
