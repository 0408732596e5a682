using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>sys/timerfd.h and time.h</summary>
internal static unsafe partial class Libc
{
    public const int TFD_NONBLOCK = 0x800;
    public const int TFD_CLOEXEC = 0x80000;
    public const int TFD_TIMER_ABSTIME = 1;

    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;
    public const int CLOCK_BOOTTIME = 7;

    /// <summary>timerfd_create(2)</summary>
    public static int TimerfdCreate(int clock, int flags) => Result(timerfd_create(clock, flags));

    /// <summary>timerfd_settime(2), one shot; zero seconds and nanoseconds disarm it.</summary>
    public static int TimerfdSettime(int fd, int flags, long sec, long nsec)
    {
        KernelTimespec* spec = stackalloc KernelTimespec[2];
        spec[0] = default;
        spec[1] = new KernelTimespec { TvSec = sec, TvNsec = nsec };
        return Result(timerfd_settime(fd, flags, spec, null));
    }

    /// <summary>clock_gettime(2) in nanoseconds, or -errno.</summary>
    public static long ClockGettimeNs(int clock)
    {
        KernelTimespec now;
        int result = Result(clock_gettime(clock, &now));
        return result < 0 ? result : now.TvSec * 1_000_000_000 + now.TvNsec;
    }

    [LibraryImport(Name)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport(Name)]
    private static partial int timerfd_settime(int fd, int flags, KernelTimespec* value, KernelTimespec* old);

    [LibraryImport(Name)]
    private static partial int clock_gettime(int clock, KernelTimespec* now);
}
