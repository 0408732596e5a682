using UserRing.Benchmarks.Traffic;

namespace UserRing.Benchmarks.Copy;

/// <summary>Whether two trees have the same entries, with the same permissions, content and link targets. By plain calls only.</summary>
internal static class TreeComparison
{
    /// <summary>Throws <see cref="TrafficException"/> at the first difference.</summary>
    public static void Demand(string from, string to, CancellationToken stop)
    {
        TreeEntry[] expected = TreeEntry.List(from), found = TreeEntry.List(to);
        Dictionary<string, TreeEntry> copies = found.ToDictionary(entry => entry.Path);
        if (File.GetUnixFileMode(from) != File.GetUnixFileMode(to))
            throw new TrafficException($"{to} has other permissions than {from}");
        foreach (TreeEntry entry in expected)
        {
            stop.ThrowIfCancellationRequested();
            if (!copies.Remove(entry.Path, out TreeEntry? copy))
                throw new TrafficException($"{entry.Path} was not copied");
            if (copy != entry)
                throw new TrafficException($"{entry} became {copy}");
            if (!entry.IsFolder && entry.Link is null && !SameContent(Path.Combine(from, entry.Path), Path.Combine(to, entry.Path)))
                throw new TrafficException($"{entry.Path} has other content");
        }

        if (copies.Count > 0)
            throw new TrafficException($"{copies.Keys.First()} is only in the copy");
    }

    private static bool SameContent(string one, string other) =>
        File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(other));
}
