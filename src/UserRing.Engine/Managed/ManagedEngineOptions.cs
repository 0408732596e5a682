namespace UserRing.Engine.Managed;

/// <summary>What a managed engine may be told before its first ring.</summary>
public sealed class ManagedEngineOptions
{
    /// <summary>
    /// Whether ring memory and registered buffers count against RLIMIT_MEMLOCK, as they do in Linux 6.18 (default: true).
    /// A ring that stands in for a forbidden kernel ring locks no memory and is not charged: Auto turns this off.
    /// </summary>
    public bool ChargeMemlock { get; init; } = true;

    /// <summary>Which kernel's interface its rings speak (default: Linux 6.18's).</summary>
    public AbiLevel Abi { get; init; }

    /// <summary>
    /// How many completions a ring holds back for a full CQ before they are lost. The kernel's end is memory; an entry costs 32 bytes here.
    /// </summary>
    internal int MostHeldBack { get; init; } = 1 << 20;
}
