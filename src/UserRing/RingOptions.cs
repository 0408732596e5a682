using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

/// <summary>How a <see cref="Ring"/> is made. Zero or null means the default everywhere.</summary>
public sealed class RingOptions
{
    private readonly IRingEngine? _engine;

    /// <summary>Who serves the ring. Default: <see cref="RingEngines.Auto"/>. An engine chosen here never falls back to another.</summary>
    public IRingEngine Engine
    {
        get => _engine ?? RingEngines.Auto;
        init => _engine = value;
    }

    /// <summary>Completion queue entries, rounded up to a power of two; not below the submission queue's. 0: twice those.</summary>
    public uint CqEntries { get; init; }

    /// <summary>
    /// Setup flags. <see cref="SetupFlags.CqSize"/> follows from <see cref="CqEntries"/>. Flags that change the size of an entry or whose
    /// memory it is are not for <see cref="Ring"/>, which refuses them.
    /// </summary>
    public SetupFlags Flags { get; init; }

    /// <summary>With <see cref="SetupFlags.SqPoll"/>: milliseconds of idling before the polling thread sleeps. 0: one second.</summary>
    public uint SqThreadIdleMs { get; init; }

    /// <summary>What the kernel must be able to do for <see cref="AutoEngine"/> to choose it. Null: as the engine has it.</summary>
    public RingRequirements? Requires { get; init; }
}
