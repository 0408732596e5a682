using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/eventfd.h</summary>
internal static unsafe partial class Libc
{
    public const int EFD_SEMAPHORE = 1;
    public const int EFD_NONBLOCK = 0x800;
    public const int EFD_CLOEXEC = 0x80000;

    /// <summary>eventfd(2)</summary>
    public static int Eventfd(uint init, int flags) => Result(eventfd(init, flags));

    [LibraryImport(Name)]
    private static partial int eventfd(uint init, int flags);
}
