namespace UserRing.Conformance;

/// <summary>
/// What the engine's tables cannot say of flags, features and register commands: why one is refused for good, and what one that is there
/// lacks. By C name. (Of operations the engine says it itself.) A test sees that no note outlives what it is about.
/// </summary>
internal static class Notes
{
    private const string Resident = "resident, not pinned";

    /// <summary>Why an item is refused; what is refused without a reason is still to come.</summary>
    public static IReadOnlyDictionary<string, string> Refusals { get; } = new Dictionary<string, string>
    {
        ["IORING_REGISTER_ZCRX_IFQ"] = "needs a receive queue of a network card, which the kernel gives to its own rings only",
    };

    /// <summary>What an item that is there lacks.</summary>
    public static IReadOnlyDictionary<string, string> Lacks { get; } = new Dictionary<string, string>
    {
        ["IORING_REGISTER_BUFFERS"] = Resident,
        ["IORING_REGISTER_BUFFERS2"] = Resident,
        ["IORING_REGISTER_BUFFERS_UPDATE"] = Resident,
    };
}
