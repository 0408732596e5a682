using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>
/// sys/fsuid.h, grp.h and linux/capability.h for one thread. libc's functions change every thread of the process; the system calls
/// change the one that makes them, which is what is wanted here.
/// </summary>
internal static unsafe partial class Libc
{
    // An id that stays as it is in a call that sets several.
    private const int Unchanged = -1;

    /// <summary>Effective user, the one that file systems look at, and whether the former is the real or saved one as well.</summary>
    public static (uint Effective, uint ForFiles, bool IsOwn) UserOfThread()
    {
        uint real, effective, saved;
        _ = getresuid(&real, &effective, &saved);
        return (effective, (uint)setfsuid(uint.MaxValue), effective == real || effective == saved);
    }

    /// <summary>The same of the group.</summary>
    public static (uint Effective, uint ForFiles, bool IsOwn) GroupOfThread()
    {
        uint real, effective, saved;
        _ = getresgid(&real, &effective, &saved);
        return (effective, (uint)setfsgid(uint.MaxValue), effective == real || effective == saved);
    }

    public static uint[] GroupsOfThread()
    {
        while (true)
        {
            var groups = new uint[Math.Max(getgroups(0, null), 0)];
            fixed (uint* first = groups)
            {
                if (groups.Length == 0 || getgroups(groups.Length, first) == groups.Length)
                    return groups;
            }
        }
    }

    /// <summary>Capability sets, a bit each.</summary>
    public static (ulong Effective, ulong Permitted, ulong Inheritable) CapabilitiesOfThread()
    {
        uint* header = stackalloc uint[2] { LinuxCapabilityVersion3, 0 };
        uint* sets = stackalloc uint[6];
        _ = Syscall(IsX64 ? 125 : 90, (nint)header, (nint)sets);
        return (sets[0] | (ulong)sets[3] << 32, sets[1] | (ulong)sets[4] << 32, sets[2] | (ulong)sets[5] << 32);
    }

    public static int SetCapabilitiesOfThread(ulong effective, ulong permitted, ulong inheritable)
    {
        uint* header = stackalloc uint[2] { LinuxCapabilityVersion3, 0 };
        uint* sets = stackalloc uint[6]
        {
            (uint)effective, (uint)permitted, (uint)inheritable,
            (uint)(effective >> 32), (uint)(permitted >> 32), (uint)(inheritable >> 32),
        };
        return IntResult(Syscall(IsX64 ? 126 : 91, (nint)header, (nint)sets));
    }

    public static int SetEffectiveUserOfThread(uint user) =>
        IntResult(Syscall(IsX64 ? 117 : 147, Unchanged, (nint)user, Unchanged));

    public static int SetEffectiveGroupOfThread(uint group) =>
        IntResult(Syscall(IsX64 ? 119 : 149, Unchanged, (nint)group, Unchanged));

    public static int SetGroupsOfThread(ReadOnlySpan<uint> groups)
    {
        fixed (uint* first = groups)
            return IntResult(Syscall(IsX64 ? 116 : 159, groups.Length, (nint)first));
    }

    /// <summary>setfsuid(2), which says nothing of failure.</summary>
    public static void SetFileUserOfThread(uint user) => _ = setfsuid(user);

    /// <summary>setfsgid(2), which says nothing of failure.</summary>
    public static void SetFileGroupOfThread(uint group) => _ = setfsgid(group);

    /// <summary>
    /// Blocks, or admits again, the signal by which libc changes the credentials of all threads: it has the number below the first one that
    /// is free for others, and libc's own mask function leaves it out.
    /// </summary>
    public static void HoldCredentialChanges(bool hold)
    {
        ulong mask = 1UL << (__libc_current_sigrtmin() - 2);
        _ = Syscall(IsX64 ? 14 : 135, hold ? SIG_BLOCK : SIG_UNBLOCK, (nint)(&mask), 0, sizeof(ulong));
    }

    [LibraryImport(Name)]
    private static partial int getresuid(uint* real, uint* effective, uint* saved);

    [LibraryImport(Name)]
    private static partial int getresgid(uint* real, uint* effective, uint* saved);

    [LibraryImport(Name)]
    private static partial int getgroups(int size, uint* list);

    [LibraryImport(Name)]
    private static partial int setfsuid(uint user);

    [LibraryImport(Name)]
    private static partial int setfsgid(uint group);
}
