using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/xattr.h. Names, paths and values are addresses: native memory of ours, or a value's place in the program.</summary>
internal static unsafe partial class Libc
{
    public const uint XATTR_CREATE = 1;
    public const uint XATTR_REPLACE = 2;

    /// <summary>setxattr(2)</summary>
    public static int Setxattr(nuint path, nuint name, nuint value, uint size, uint flags) =>
        Result(setxattr(path, name, value, size, (int)flags));

    /// <summary>fsetxattr(2)</summary>
    public static int Fsetxattr(int fd, nuint name, nuint value, uint size, uint flags) =>
        Result(fsetxattr(fd, name, value, size, (int)flags));

    /// <summary>getxattr(2): the size of the value or -errno.</summary>
    public static int Getxattr(nuint path, nuint name, nuint value, uint size) => IntResult(getxattr(path, name, value, size));

    /// <summary>fgetxattr(2): the size of the value or -errno.</summary>
    public static int Fgetxattr(int fd, nuint name, nuint value, uint size) => IntResult(fgetxattr(fd, name, value, size));

    [LibraryImport(Name)]
    private static partial int setxattr(nuint path, nuint name, nuint value, nuint size, int flags);

    [LibraryImport(Name)]
    private static partial int fsetxattr(int fd, nuint name, nuint value, nuint size, int flags);

    [LibraryImport(Name)]
    private static partial nint getxattr(nuint path, nuint name, nuint value, nuint size);

    [LibraryImport(Name)]
    private static partial nint fgetxattr(int fd, nuint name, nuint value, nuint size);
}
