using UserRing.Abi;

namespace UserRing.Engine;

/// <summary>What a ring asks of the kernel before <see cref="AutoEngine"/> lets the kernel serve it. Immutable.</summary>
public sealed class RingRequirements
{
    /// <summary>Completions that are never dropped, polling without worker threads, waits with a timeout: Linux 5.11.</summary>
    public static RingRequirements Default { get; } = new();

    /// <summary>Features the kernel must report.</summary>
    public RingFeatures Features { get; init; } = RingFeatures.NoDrop | RingFeatures.FastPoll | RingFeatures.ExtArg;

    /// <summary>Operations the kernel's probe must confirm.</summary>
    public IReadOnlyCollection<Opcode> Operations { get; init; } = [];

    /// <summary>
    /// Whether ENOMEM, which mostly means RLIMIT_MEMLOCK, is a reason to use the managed engine too (default: no, since the program would
    /// silently lose the kernel's speed for want of a limit that its owner can raise).
    /// </summary>
    public bool FallBackWhenOutOfMemory { get; init; }
}
