using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>What tells one open file from another, and of what kind it is.</summary>
internal struct FileIdentity
{
    /// <summary>st_mode: type and permissions.</summary>
    public ushort Mode;

    /// <summary>The device the file lives on.</summary>
    public ulong Dev;

    /// <summary>The inode on that device.</summary>
    public ulong Ino;

    /// <summary>Size in bytes.</summary>
    public long Size;

    /// <summary>Its file system knows immutable files: those on disks and in memory do, what asks a server does not.</summary>
    public bool IsLocal;

    /// <summary>The mount's number that is never used again. Linux 6.8.</summary>
    public ulong Mount;
}

/// <summary>sys/stat.h and sys/vfs.h</summary>
internal static unsafe partial class Libc
{
    /// <summary>The two numbers of a device (sys/sysmacros.h).</summary>
    public static (uint Major, uint Minor) SplitDevice(ulong device) =>
        ((uint)((device >> 8) & 0xFFF | (device >> 32) & 0xFFFFF000), (uint)(device & 0xFF | (device >> 12) & 0xFFFFFF00));

    public const int S_IFMT = 0xF000;
    public const int S_IFSOCK = 0xC000;
    public const int S_IFREG = 0x8000;
    public const int S_IFBLK = 0x6000;
    public const int S_IFDIR = 0x4000;
    public const int S_IFCHR = 0x2000;
    public const int S_IFIFO = 0x1000;

    public const long EXT4_SUPER_MAGIC = 0xEF53;
    public const long XFS_SUPER_MAGIC = 0x58465342;
    public const long BTRFS_SUPER_MAGIC = 0x9123683E;
    public const long PROC_SUPER_MAGIC = 0x9FA0;
    public const long TMPFS_MAGIC = 0x01021994;
    public const long OVERLAYFS_SUPER_MAGIC = 0x794C7630;

    public const uint STATX_BASIC_STATS = 0x7FF;
    public const uint STATX_MNT_ID_UNIQUE = 0x4000;

    private const ulong STATX_ATTR_IMMUTABLE = 0x10;
    private const nint SYS_statmount = 457;
    private const ulong STATMOUNT_SB_BASIC = 1;

    /// <summary>
    /// statx(2) of a path in native memory, by number (musl wraps it since 1.2.5); the layout of the 256 bytes is the same everywhere.
    /// </summary>
    public static int Statx(int dirfd, nuint path, int flags, uint mask, nuint buffer) =>
        IntResult(Syscall(IsX64 ? 332 : 291, dirfd, (nint)path, flags, (nint)mask, (nint)buffer));

    /// <summary>As <see cref="Statx(int, nuint, int, uint, nuint)"/>, into local memory.</summary>
    public static int Statx(int dirfd, nuint path, int flags, uint mask, Span<byte> buffer)
    {
        fixed (byte* local = buffer)
            return Statx(dirfd, path, flags, mask, (nuint)local);
    }

    /// <summary>
    /// statx(2) of a descriptor, with what is known here: a network file system, or FUSE, would else be asked, and might not answer.
    /// </summary>
    public static int StatFd(int fd, out FileIdentity id)
    {
        byte* buffer = stackalloc byte[256];
        byte empty = 0;
        int result = Statx(fd, (nuint)(&empty), AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, (nuint)buffer);
        id = result < 0 ? default : new FileIdentity
        {
            Mode = *(ushort*)(buffer + 28),
            Ino = *(ulong*)(buffer + 32),
            Size = *(long*)(buffer + 40),
            Dev = ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140),
            IsLocal = (*(ulong*)(buffer + 56) & STATX_ATTR_IMMUTABLE) != 0,
            Mount = *(ulong*)(buffer + 144),
        };
        return result;
    }

    /// <summary>mkdirat(2) of a path in native memory.</summary>
    public static int Mkdirat(int dirfd, nuint path, uint mode) => Result(mkdirat(dirfd, path, mode));

    /// <summary>The type word of fstatfs(2), or -errno.</summary>
    public static long StatfsType(int fd)
    {
        // struct statfs is 120 bytes on both architectures and begins with f_type.
        long* buffer = stackalloc long[32];
        int result = Result(fstatfs(fd, buffer));
        return result < 0 ? result : buffer[0];
    }

    /// <summary>
    /// The type of the file system, found out without asking it where that might wait: fstatfs(2) goes to the server of a network file
    /// system, or of FUSE. -errno if it is not to be known.
    /// </summary>
    public static long FileSystemType(int fd, in FileIdentity id)
    {
        if (id.IsLocal)
            return StatfsType(fd);
        long type = MountType(id.Mount);
        // Before Linux 6.8, or in a sandbox: there is no other way.
        return type is -Errno.ENOSYS or -Errno.EPERM ? StatfsType(fd) : type;
    }

    /// <summary>The type word of statmount(2), or -errno: of what is mounted in this process's sight.</summary>
    private static long MountType(ulong mount)
    {
        // struct mnt_id_req, and of struct statmount what goes before its strings: sb_magic is at 24.
        ulong* request = stackalloc ulong[3] { 24, mount, STATMOUNT_SB_BASIC };
        byte* answer = stackalloc byte[512];
        int result = IntResult(Syscall(SYS_statmount, (nint)request, (nint)answer, 512, 0));
        return result < 0 ? result : *(long*)(answer + 24);
    }

    [LibraryImport(Name)]
    private static partial int mkdirat(int dirfd, nuint path, uint mode);

    [LibraryImport(Name)]
    private static partial int fstatfs(int fd, long* buffer);
}
