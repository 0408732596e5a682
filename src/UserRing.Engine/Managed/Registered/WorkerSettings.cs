using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// How many workers there may be, and where they run. Belongs to a task, whose rings share it, as the kernel's workers do; a ring with
/// a polling thread has one of its own. Read by workers at any time.
/// </summary>
internal sealed class WorkerSettings
{
    // Beyond what the program asked for by itself, so many that wait for ever should not have a thread each.
    private const int UsualUnbounded = 256;

    private readonly Lock _lock = new();
    private uint _bounded, _unbounded;
    private bool _isUnboundedAsked;
    private volatile byte[]? _affinity;

    /// <summary>As for the first ring of a task: no more than its queue holds.</summary>
    internal WorkerSettings(RingContext ring, Caller caller)
    {
        _bounded = Math.Min(ring.Layout.SqEntries, 4 * (uint)Environment.ProcessorCount);
        _unbounded = MostOf(caller);
        (uint bounded, uint unbounded) = ring.AskedWorkers;
        SetLimits(caller, ref bounded, ref unbounded);
    }

    /// <summary>How many may execute requests that end by themselves.</summary>
    internal int Bounded => (int)Math.Min(Volatile.Read(ref _bounded), int.MaxValue);

    /// <summary>How many may execute requests that may wait for ever.</summary>
    internal int Unbounded
    {
        get
        {
            int most = (int)Math.Min(Volatile.Read(ref _unbounded), int.MaxValue);
            return _isUnboundedAsked ? most : Math.Min(most, UsualUnbounded);
        }
    }

    /// <summary>The processors they run on, a bit each; null: those of the process.</summary>
    internal byte[]? Affinity => _affinity;

    /// <summary>Sets what is not 0, no higher than the caller may have processes; hands back what was.</summary>
    internal void SetLimits(Caller caller, ref uint bounded, ref uint unbounded)
    {
        lock (_lock)
        {
            (uint newBounded, uint newUnbounded) = (bounded, unbounded);
            (bounded, unbounded) = (_bounded, _unbounded);
            if (newBounded != 0)
                _bounded = Math.Min(newBounded, MostOf(caller));
            if (newUnbounded != 0)
                (_unbounded, _isUnboundedAsked) = (Math.Min(newUnbounded, MostOf(caller)), true);
        }
    }

    /// <summary>REGISTER_IOWQ_AFF: any mask is taken; a processor that is not there, or not allowed, is nobody's.</summary>
    internal int SetAffinity(Caller caller, nuint mask, uint bytes)
    {
        Span<byte> most = stackalloc byte[Libc.MostCpuMaskBytes];
        int size = Libc.SchedGetaffinity(0, most);
        var copy = new byte[Math.Min(bytes, (uint)Math.Max(size, sizeof(ulong)))];
        int error = caller.CopyIn(mask, copy);
        if (error == 0)
            _affinity = copy;
        return error;
    }

    internal int ResetAffinity()
    {
        _affinity = null;
        return 0;
    }

    private static uint MostOf(Caller caller) => (uint)Math.Min(caller.Limit(Libc.RLIMIT_NPROC), uint.MaxValue);
}

/// <summary>The register commands about workers.</summary>
internal static class WorkerCommands
{
    /// <summary>Those whose workers execute the caller's requests on this ring; null: the calling task has none.</summary>
    private static WorkerSettings? SettingsOf(RingContext ring, Caller caller) =>
        ring.SqPoll is null ? caller.Task(createFor: null)?.Workers : ring.WorkerSettings;

    internal static int SetAffinity(RingContext ring, Caller caller, nuint mask, uint bytes)
    {
        if (mask == 0 || bytes == 0)
            return -Errno.EINVAL;
        // A task without workers is found after its mask was read.
        return SettingsOf(ring, caller) is { } settings
            ? settings.SetAffinity(caller, mask, bytes)
            : new WorkerSettings(ring, caller).SetAffinity(caller, mask, bytes) is < 0 and var error ? error : -Errno.EINVAL;
    }

    internal static int ResetAffinity(RingContext ring, Caller caller) => SettingsOf(ring, caller)?.ResetAffinity() ?? -Errno.EINVAL;

    /// <summary>
    /// Submit lock held. The limits are the ring's from now on, for every task that submits to it; what is handed back are the calling
    /// task's before, and zeros if it has no workers.
    /// </summary>
    internal static int SetLimits(RingContext ring, Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 2)
            return -Errno.EINVAL;
        Span<uint> limits = stackalloc uint[2];
        int error = caller.CopyIn(argument, MemoryMarshal.AsBytes(limits));
        if (error < 0)
            return error;
        if (limits[0] > RingLimits.MaxWorkers || limits[1] > RingLimits.MaxWorkers)
            return -Errno.EINVAL;
        (uint askedBounded, uint askedUnbounded) = ring.AskedWorkers;
        ring.AskedWorkers = (limits[0] != 0 ? limits[0] : askedBounded, limits[1] != 0 ? limits[1] : askedUnbounded);
        WorkerSettings? settings = SettingsOf(ring, caller);
        if (settings != ring.WorkerSettings)
        {
            (uint bounded, uint unbounded) = (limits[0], limits[1]);
            ring.WorkerSettings.SetLimits(caller, ref bounded, ref unbounded);
        }

        if (settings is not null)
            settings.SetLimits(caller, ref limits[0], ref limits[1]);
        else
            limits.Clear();
        return caller.CopyOut(argument, MemoryMarshal.AsBytes(limits));
    }
}
