namespace UserRing.Engine.Managed;

/// <summary>What a managed engine may be told before its first ring.</summary>
public sealed class ManagedEngineOptions
{
    /// <summary>
    /// Whether ring memory and registered buffers count against RLIMIT_MEMLOCK, as they do in Linux 6.18 (default: true).
    /// A ring that stands in for a forbidden kernel ring locks no memory and is not charged: Auto turns this off.
    /// </summary>
    public bool ChargeMemlock { get; init; } = true;
}
