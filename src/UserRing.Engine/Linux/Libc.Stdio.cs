namespace UserRing.Engine.Linux;

/// <summary>stdio.h</summary>
internal static unsafe partial class Libc
{
    public const uint RENAME_NOREPLACE = 1;
    public const uint RENAME_EXCHANGE = 2;

    /// <summary>renameat2(2) of paths in native memory, by number: musl wraps it only since 1.2.5, glibc since 2.28.</summary>
    public static int Renameat2(int oldDirfd, nuint oldPath, int newDirfd, nuint newPath, uint flags) =>
        IntResult(Syscall(IsX64 ? 316 : 276, oldDirfd, (nint)oldPath, newDirfd, (nint)newPath, (nint)flags));
}
