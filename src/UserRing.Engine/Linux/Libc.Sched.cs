using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sched.h</summary>
internal static unsafe partial class Libc
{
    /// <summary>As many bytes as a mask of processors has on any machine.</summary>
    public const int MostCpuMaskBytes = 1024;

    /// <summary>
    /// The processors that a thread (0: the calling one) may run on: how many bytes the kernel's masks have, or -errno. By number, since
    /// libc does not say.
    /// </summary>
    public static int SchedGetaffinity(int thread, Span<byte> mask)
    {
        fixed (byte* first = mask)
            return IntResult(Syscall(IsX64 ? 204 : 123, thread, mask.Length, (nint)first));
    }

    /// <summary>sched_setaffinity(2) of the calling thread: 0 or -errno.</summary>
    public static int SchedSetaffinity(ReadOnlySpan<byte> mask)
    {
        fixed (byte* first = mask)
            return Result(sched_setaffinity(0, (nuint)mask.Length, first));
    }

    [LibraryImport(Name)]
    private static partial int sched_setaffinity(int thread, nuint bytes, byte* mask);
}
