using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>linux/futex.h: futexes private to the process, by number (no libc wraps the call).</summary>
internal static unsafe partial class Libc
{
    private const nint FutexWaitPrivate = 0 | 128;
    private const nint FutexWakePrivate = 1 | 128;

    private static nint SysFutex => IsX64 ? 202 : 98;

    /// <summary>Sleeps while the word still holds <paramref name="expected"/>: 0, or -EAGAIN, -EINTR, -ETIMEDOUT.</summary>
    public static int FutexWait(nuint address, uint expected, KernelTimespec* relativeOrNull) =>
        IntResult(Syscall(SysFutex, (nint)address, FutexWaitPrivate, (nint)expected, (nint)relativeOrNull));

    /// <summary>Wakes up to <paramref name="count"/> sleepers: how many there were.</summary>
    public static int FutexWake(nuint address, int count) => IntResult(Syscall(SysFutex, (nint)address, FutexWakePrivate, count));
}
