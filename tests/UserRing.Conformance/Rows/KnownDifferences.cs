namespace UserRing.Conformance;

/// <summary>What the managed engine answers to a row that it cannot meet, as a verdict says it, and why.</summary>
internal sealed record KnownDifference(string Answer, string Reason);

/// <summary>
/// Rows the managed engine cannot meet. Kept exact by tests: a row that is listed and is met fails one, one that is answered in yet another
/// way does, and so does a row that differs and is not listed.
/// </summary>
internal static class KnownDifferences
{
    private const string Transferred = "8, and so without the fault";

    public static IReadOnlyDictionary<string, KnownDifference> All { get; } = new Dictionary<string, KnownDifference>
    {
        ["ring-fd.read"] = new(Transferred, "the descriptor of a managed ring is a memory file, which can be read"),
        ["ring-fd.write"] = new(Transferred, "the descriptor of a managed ring is a memory file, which can be written"),
        ["setup.attach-sqpoll-other-process"] = new(
            "-22", "a managed ring means nothing to another process that inherits its descriptor"),
    };
}
