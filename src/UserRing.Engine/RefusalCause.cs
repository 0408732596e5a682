using System.Globalization;
using System.Numerics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine;

/// <summary>Turns the errno of a refused setup into the likely cause, in words that say what to change. Never on a hot path.</summary>
internal static class RefusalCause
{
    // Setup flags and the kernel that brought them; 5.1 had the first three.
    private static readonly (SetupFlags Flag, string Since)[] Since =
    [
        (SetupFlags.CqSize, "5.5"), (SetupFlags.Clamp, "5.6"), (SetupFlags.AttachWq, "5.6"), (SetupFlags.RDisabled, "5.10"),
        (SetupFlags.SubmitAll, "5.18"), (SetupFlags.CoopTaskrun, "5.19"), (SetupFlags.TaskrunFlag, "5.19"), (SetupFlags.Sqe128, "5.19"),
        (SetupFlags.Cqe32, "5.19"), (SetupFlags.SingleIssuer, "6.0"), (SetupFlags.DeferTaskrun, "6.1"), (SetupFlags.NoMmap, "6.5"),
        (SetupFlags.RegisteredFdOnly, "6.5"), (SetupFlags.NoSqArray, "6.6"), (SetupFlags.HybridIoPoll, "6.13"),
        (SetupFlags.CqeMixed, "6.18"), (SetupFlags.SqeMixed, "6.19"), (SetupFlags.SqRewind, "7.0"),
    ];

    private const string Filtered = "A seccomp filter is active on this process (Seccomp: 2 in /proc/self/status)";

    /// <summary>One or two sentences on why <paramref name="engine"/> answered -errno to a setup of these parameters.</summary>
    internal static string OfSetup(string engine, int error, uint entries, in RingParams asked)
    {
        bool kernel = engine != "managed";
        MachineReport machine = new();
        return error switch
        {
            -Errno.EPERM when kernel => OfPermission(machine, asked.Flags),
            -Errno.ENOSYS when kernel => machine.HasSeccompFilter
                ? $"{Filtered}; container and sandbox profiles hide io_uring this way."
                : $"Kernel {machine.KernelRelease} has no io_uring: it came with Linux 5.1 and may be left out (CONFIG_IO_URING).",
            -Errno.EACCES when kernel => "A security module (SELinux, AppArmor or another) forbids this process to make rings.",
            -Errno.ENOMEM => OfMemory(machine, entries, asked),
            -Errno.EMFILE => $"This process may open {machine.Descriptors} descriptors (RLIMIT_NOFILE, ulimit -n) and has used them up.",
            -Errno.ENFILE => "The file table of the whole system is full (fs.file-max).",
            -Errno.EINVAL => OfArguments(engine, machine, entries, asked),
            -Errno.ENXIO => "ATTACH_WQ names a descriptor that is not open.",
            -Errno.EOPNOTSUPP => "Neither the kernel's io_uring nor the managed engine can do all that the ring requires.",
            -Errno.EPROTO => "The engine describes a ring that cannot be: sizes or offsets are out of bounds.",
            _ => "The engine refused the ring.",
        };
    }

    /// <summary>Bytes of ring memory that are charged: the SQE array and the rings, each rounded up to pages.</summary>
    internal static ulong RingBytes(uint entries, in RingParams asked)
    {
        const ulong Header = 64 * 6;
        ulong page = (ulong)Environment.SystemPageSize;
        ulong sq = BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(entries, 1, RingLimits.MaxEntries));
        ulong cq = (asked.Flags & SetupFlags.CqSize) == 0
            ? 2 * sq
            : BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(asked.CqEntries, 1, RingLimits.MaxCqEntries));
        ulong rings = Header + 16 * cq + ((asked.Flags & SetupFlags.NoSqArray) == 0 ? 4 * sq : 0);
        return (64 * sq + page - 1) / page * page + (rings + page - 1) / page * page;
    }

    private static string OfPermission(MachineReport machine, SetupFlags flags)
    {
        if (machine.Disabled == 2)
            return "kernel.io_uring_disabled is 2: io_uring is switched off on this machine for everybody.";
        if (machine.Disabled == 1 && !machine.IsPrivileged)
        {
            string group = machine.Group is >= 0 ? $"group {machine.Group}" : "a group";
            return $"kernel.io_uring_disabled is 1: rings are for processes with CAP_SYS_ADMIN or in {group} (kernel.io_uring_group), "
                + "and this one is neither.";
        }

        if (machine.HasSeccompFilter)
            return $"{Filtered} and forbids io_uring, as the default profiles of Docker, Podman and containerd do.";

        return (flags & SetupFlags.SqPoll) != 0 && !machine.IsPrivileged
            ? "SQPOLL needs CAP_SYS_ADMIN before Linux 5.11 and CAP_SYS_NICE before 5.13; otherwise a security module forbids it."
            : "Neither kernel.io_uring_disabled nor seccomp explains it: a security module (SELinux, AppArmor or another) forbids rings.";
    }

    private static string OfMemory(MachineReport machine, uint entries, in RingParams asked)
    {
        if (machine.MayLockMemory || machine.MemlockBytes == Libc.RLIM_INFINITY)
            return "There is no memory left for the ring; RLIMIT_MEMLOCK does not apply to this process.";
        return string.Create(CultureInfo.InvariantCulture,
            $"The ring needs {RingBytes(entries, asked)} bytes of locked memory; RLIMIT_MEMLOCK (ulimit -l) is {machine.MemlockBytes} "
            + $"bytes, which all rings and registered buffers of this user share. Raise it, or ask for fewer entries.");
    }

    private static string OfArguments(string engine, MachineReport machine, uint entries, in RingParams asked)
    {
        if (entries == 0)
            return "A ring has at least one entry.";
        bool clamp = (asked.Flags & SetupFlags.Clamp) != 0;
        if (entries > RingLimits.MaxEntries && !clamp)
            return $"A ring has at most {RingLimits.MaxEntries} entries (4096 before Linux 5.4); CLAMP would reduce the number.";
        if ((asked.Flags & SetupFlags.CqSize) != 0)
        {
            if (asked.CqEntries > RingLimits.MaxCqEntries && !clamp)
                return $"A completion queue has at most {RingLimits.MaxCqEntries} entries; CLAMP would reduce the number.";
            if (BitOperations.RoundUpToPowerOf2(asked.CqEntries) < BitOperations.RoundUpToPowerOf2(entries))
                return "The completion queue must not be smaller than the submission queue.";
        }

        SetupFlags given = asked.Flags;
        string[] newer = [.. Since.Where(row => (row.Flag & given) != 0).Select(row => $"{row.Flag} (Linux {row.Since})")];
        string flags = newer.Length == 0 ? "" : $" Newer flags among those asked for: {string.Join(", ", newer)}.";
        return engine == "managed"
            ? $"The setup flags [{asked.Flags}] do not go together or are not served by the managed engine."
            : $"The setup flags [{asked.Flags}] do not go together or are unknown to kernel {machine.KernelRelease}.{flags}";
    }
}
