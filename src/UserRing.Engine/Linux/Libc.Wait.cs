using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/wait.h and sys/pidfd.h</summary>
internal static unsafe partial class Libc
{
    public const int WNOWAIT = 0x1000000;

    /// <summary>sizeof(siginfo_t)</summary>
    public const int SiginfoBytes = 128;

    /// <summary>waitid(2): 0 or -errno; <paramref name="info"/> has room for a siginfo_t and is zero if no child was there.</summary>
    public static int Waitid(int idType, int id, Span<byte> info, int options)
    {
        info.Clear();
        fixed (byte* local = info)
            return Result(waitid(idType, id, local, options));
    }

    /// <summary>Whether <see cref="Waitid"/> found a child: then there is a signal number.</summary>
    public static bool HasSiginfo(ReadOnlySpan<byte> info) => BitConverter.ToInt32(info) != 0;

    /// <summary>pidfd_open(2), by number: a descriptor or -errno.</summary>
    public static int PidfdOpen(int pid) => IntResult(Syscall(434, pid, 0));

    [LibraryImport(Name)]
    private static partial int waitid(int idType, int id, byte* info, int options);
}
