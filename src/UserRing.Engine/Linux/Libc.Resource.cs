using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/resource.h and linux/capability.h</summary>
internal static unsafe partial class Libc
{
    public const int RLIMIT_NPROC = 6;
    public const int RLIMIT_NOFILE = 7;
    public const int RLIMIT_MEMLOCK = 8;
    public const int RUSAGE_SELF = 0;
    public const int RUSAGE_THREAD = 1;
    public const ulong RLIM_INFINITY = ulong.MaxValue;
    public const int CAP_IPC_LOCK = 14;
    public const int CAP_SYS_ADMIN = 21;

    private const uint LinuxCapabilityVersion3 = 0x20080522;

    /// <summary>getrlimit(2)</summary>
    public static int Getrlimit(int resource, out ulong soft, out ulong hard)
    {
        ulong* limit = stackalloc ulong[2];
        int result = Result(getrlimit(resource, limit));
        (soft, hard) = result < 0 ? (0UL, 0UL) : (limit[0], limit[1]);
        return result;
    }

    /// <summary>setrlimit(2)</summary>
    public static int Setrlimit(int resource, ulong soft, ulong hard)
    {
        ulong* limit = stackalloc ulong[2] { soft, hard };
        return Result(setrlimit(resource, limit));
    }

    /// <summary>getrusage(2): processor time in microseconds, user and system, or -errno.</summary>
    public static int GetrusageMicroseconds(int who, out long user, out long system)
    {
        // struct rusage: two timevals, then counters that nobody here asks for; 144 bytes on both architectures, and room to spare.
        long* usage = stackalloc long[32];
        int result = Result(getrusage(who, usage));
        (user, system) = result < 0 ? (0L, 0L) : (usage[0] * 1_000_000 + usage[1], usage[2] * 1_000_000 + usage[3]);
        return result;
    }

    /// <summary>Whether the calling thread holds <paramref name="cap"/>; by number, since libc leaves capget to libcap.</summary>
    public static bool HasCapability(int cap)
    {
        uint* header = stackalloc uint[2] { LinuxCapabilityVersion3, 0 };
        uint* sets = stackalloc uint[6];
        nint result = Syscall(IsX64 ? 125 : 90, (nint)header, (nint)sets);
        return result == 0 && (sets[cap / 32 * 3] & (1u << (cap % 32))) != 0;
    }

    [LibraryImport(Name)]
    private static partial int getrlimit(int resource, ulong* limit);

    [LibraryImport(Name)]
    private static partial int setrlimit(int resource, ulong* limit);

    [LibraryImport(Name)]
    private static partial int getrusage(int who, long* usage);
}
