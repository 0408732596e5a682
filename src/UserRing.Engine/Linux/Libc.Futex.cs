using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>linux/futex.h, by number (no libc wraps the calls).</summary>
internal static unsafe partial class Libc
{
    private const nint FutexWaitPrivate = 0 | 128;
    private const nint FutexWakePrivate = 1 | 128;

    private const nint FutexWaitBitset = 9, FutexWakeBitset = 10;
    private const uint Futex2Private = 0x80, Futex2Nodes = 0x4 | 0x8;
    private const nint SysFutexWaitv = 449, SysFutex2Wake = 454, SysFutex2Wait = 455;

    private static nint SysFutex => IsX64 ? 202 : 98;

    /// <summary>Sleeps while the word still holds <paramref name="expected"/>: 0, or -EAGAIN, -EINTR, -ETIMEDOUT.</summary>
    public static int FutexWait(nuint address, uint expected, KernelTimespec* relativeOrNull) =>
        IntResult(Syscall(SysFutex, (nint)address, FutexWaitPrivate, (nint)expected, (nint)relativeOrNull));

    /// <summary>
    /// Sleeps while all words hold what is expected: the index of one that was woken, or -EAGAIN, -EINTR, -EFAULT, and -ENOSYS where the
    /// kernel is too old for several words (5.16) or for flags that name memory nodes (6.7).
    /// </summary>
    public static int FutexSleep(ReadOnlySpan<FutexWaitv> futexes, uint mask)
    {
        FutexWaitv one = futexes[0];
        if (futexes.Length == 1 && (one.Flags & Futex2Nodes) == 0)
        {
            nint operation = FutexWaitBitset | (nint)(one.Flags & Futex2Private);
            return IntResult(Syscall(SysFutex, (nint)one.Uaddr, operation, (nint)one.Val, 0, 0, (nint)mask));
        }

        if (futexes.Length == 1)
            return IntResult(Syscall(SysFutex2Wait, (nint)one.Uaddr, (nint)one.Val, (nint)mask, (nint)one.Flags, 0, 0));
        fixed (FutexWaitv* first = futexes)
            return IntResult(Syscall(SysFutexWaitv, (nint)first, futexes.Length, 0, 0, 0));
    }

    /// <summary>Wakes up to <paramref name="count"/> sleepers that share a bit of <paramref name="mask"/>: how many there were.</summary>
    /// <param name="address">The word.</param>
    /// <param name="count">Most to wake.</param>
    /// <param name="mask">Which of them.</param>
    /// <param name="flags">FUTEX2_ flags.</param>
    public static int FutexWake(nuint address, int count, uint mask, uint flags)
    {
        if (count == 0)
            return 0; // the system call would wake one
        if ((flags & Futex2Nodes) != 0)
            return IntResult(Syscall(SysFutex2Wake, (nint)address, (nint)mask, count, (nint)flags));
        nint operation = FutexWakeBitset | (nint)(flags & Futex2Private);
        return IntResult(Syscall(SysFutex, (nint)address, operation, count, 0, 0, (nint)mask));
    }

    /// <summary>Wakes up to <paramref name="count"/> sleepers: how many there were.</summary>
    public static int FutexWake(nuint address, int count) => IntResult(Syscall(SysFutex, (nint)address, FutexWakePrivate, count));
}
