using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Probing;

/// <summary>What the machine says about itself that bears on io_uring. Null: it does not say.</summary>
internal sealed record Machine
{
    public required string Kernel { get; init; }

    /// <summary>0 for everybody, 1 for privileged processes or the group, 2 for nobody; absent before Linux 6.6.</summary>
    public required int? IoUringDisabled { get; init; }

    /// <summary>The group that may when <see cref="IoUringDisabled"/> is 1; -1 for none.</summary>
    public required int? IoUringGroup { get; init; }

    /// <summary>"off", "strict" or "filter".</summary>
    public required string? Seccomp { get; init; }

    /// <summary>Null for no limit.</summary>
    public required ulong? MemlockBytes { get; init; }

    /// <summary>CAP_IPC_LOCK lifts the limit.</summary>
    public required bool MemlockExempt { get; init; }

    /// <summary>Null when it works, else why not. The managed engine and the benchmark's rival use it.</summary>
    public required string? LinuxAioError { get; init; }

    /// <summary>The environment variable that overrides Auto.</summary>
    public required string? UringEngine { get; init; }

    public static Machine Read()
    {
        MachineReport report = new();
        return new Machine
        {
            Kernel = report.KernelRelease,
            IoUringDisabled = report.Disabled,
            IoUringGroup = report.Group,
            Seccomp = report.Seccomp switch { 0 => "off", 1 => "strict", 2 => "filter", _ => null },
            MemlockBytes = report.MemlockBytes == Libc.RLIM_INFINITY ? null : report.MemlockBytes,
            MemlockExempt = report.MayLockMemory,
            LinuxAioError = TryLinuxAio(),
            UringEngine = Environment.GetEnvironmentVariable(RingEngines.OverrideVariable),
        };
    }

    private static string? TryLinuxAio()
    {
        int error = Libc.IoSetup(1, out nuint context);
        if (error < 0)
        {
            return Errno.Name(-error);
        }
        _ = Libc.IoDestroy(context);
        return null;
    }
}
