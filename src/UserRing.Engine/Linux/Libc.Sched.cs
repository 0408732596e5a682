using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sched.h and sys/prctl.h</summary>
internal static unsafe partial class Libc
{
    /// <summary>As many bytes as a mask of processors has on any machine.</summary>
    public const int MostCpuMaskBytes = 1024;

    /// <summary>More than any kernel is built for (8192).</summary>
    private const int MostCpus = 1 << 16;

    private const int PrSetTimerslack = 29;

    /// <summary>A mask of one processor, empty if there can be none of that number.</summary>
    public static byte[] OneCpu(int cpu)
    {
        if (cpu is < 0 or >= MostCpus)
            return [];
        byte[] mask = new byte[cpu / 8 / sizeof(ulong) * sizeof(ulong) + sizeof(ulong)];
        mask[cpu / 8] = (byte)(1 << (cpu % 8));
        return mask;
    }

    /// <summary>
    /// The processors that a thread (0: the calling one) may run on: how many bytes the kernel's masks have, or -errno. By number, since
    /// libc does not say.
    /// </summary>
    public static int SchedGetaffinity(int thread, Span<byte> mask)
    {
        fixed (byte* first = mask)
            return IntResult(Syscall(IsX64 ? 204 : 123, thread, mask.Length, (nint)first));
    }

    /// <summary>sched_setaffinity(2); thread 0 is the calling one. 0, or -EINVAL if it may use no processor of the mask.</summary>
    public static int SetAffinity(int thread, ReadOnlySpan<byte> mask)
    {
        fixed (byte* first = mask)
            return Result(sched_setaffinity(thread, (nuint)mask.Length, first));
    }

    /// <summary>How late a sleep of the calling thread may end, in ns (prctl PR_SET_TIMERSLACK; the default is 50 µs).</summary>
    public static int SetTimerSlack(nuint nanoseconds) => Result(prctl(PrSetTimerslack, nanoseconds, 0, 0, 0));

    [LibraryImport(Name)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(Name)]
    private static partial int sched_setaffinity(int pid, nuint bytes, byte* mask);
}
