using System.Globalization;
using UserRing.Engine.Linux;

namespace UserRing.Engine;

/// <summary>What this machine and process say about io_uring, read when made; a fact that cannot be read is null.</summary>
internal sealed class MachineReport
{
    private const int SeccompFilter = 2;

    internal MachineReport()
    {
        KernelRelease = Read("/proc/sys/kernel/osrelease") ?? "unknown";
        Disabled = Number(Read("/proc/sys/kernel/io_uring_disabled"));
        Group = Number(Read("/proc/sys/kernel/io_uring_group"));
        Seccomp = Number(StatusLine("Seccomp:"));
        IsPrivileged = Libc.HasCapability(Libc.CAP_SYS_ADMIN);
        MayLockMemory = Libc.HasCapability(Libc.CAP_IPC_LOCK);
        _ = Libc.Getrlimit(Libc.RLIMIT_MEMLOCK, out ulong memlock, out _);
        MemlockBytes = memlock;
        _ = Libc.Getrlimit(Libc.RLIMIT_NOFILE, out ulong descriptors, out _);
        Descriptors = descriptors;
    }

    /// <summary>uname -r</summary>
    internal string KernelRelease { get; }

    /// <summary>kernel.io_uring_disabled: 0 open to all, 1 to the group and to the privileged, 2 to nobody (Linux 6.6).</summary>
    internal int? Disabled { get; }

    /// <summary>kernel.io_uring_group, -1 if none.</summary>
    internal int? Group { get; }

    /// <summary>0 none, 1 strict, 2 filter.</summary>
    internal int? Seccomp { get; }

    internal bool HasSeccompFilter => Seccomp == SeccompFilter;

    /// <summary>CAP_SYS_ADMIN</summary>
    internal bool IsPrivileged { get; }

    /// <summary>CAP_IPC_LOCK: RLIMIT_MEMLOCK does not apply.</summary>
    internal bool MayLockMemory { get; }

    /// <summary>RLIMIT_MEMLOCK, soft; <see cref="Libc.RLIM_INFINITY"/> if there is none.</summary>
    internal ulong MemlockBytes { get; }

    /// <summary>RLIMIT_NOFILE, soft.</summary>
    internal ulong Descriptors { get; }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? StatusLine(string key) =>
        Read("/proc/self/status")?.Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..].Trim();
}
