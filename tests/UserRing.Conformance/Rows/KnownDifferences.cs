namespace UserRing.Conformance;

/// <summary>
/// Rows the managed engine cannot meet, and why. Kept exact by a test: a row that is listed and passes fails it, and so does a row that
/// differs and is not listed.
/// </summary>
internal static class KnownDifferences
{
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["ring-fd.read"] = "the descriptor of a managed ring is a memory file, which can be read",
        ["ring-fd.write"] = "the descriptor of a managed ring is a memory file, which can be written",
        ["setup.attach-sqpoll-other-process"] = "a managed ring means nothing to another process that inherits its descriptor",
    };
}
