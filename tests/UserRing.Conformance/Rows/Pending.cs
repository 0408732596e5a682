namespace UserRing.Conformance;

/// <summary>
/// Rows the managed engine does not meet yet: Data/pending.txt, written by the program with --write-pending. They may pass. Goes away,
/// with the file and the option, once the engine is finished.
/// </summary>
internal static class Pending
{
    private static readonly HashSet<string> Rows = Read();

    public static bool Contains(string row) => Rows.Contains(row);

    public static void Write(string path, IEnumerable<Verdict> verdicts) =>
        System.IO.File.WriteAllLines(path, verdicts.Where(IsToBeListed).Select(verdict => verdict.Row.Name));

    private static bool IsToBeListed(Verdict verdict) =>
        verdict.IsUnexplained || verdict.LacksOperation && !RowCounts.IsToCome(verdict.Row);

    private static HashSet<string> Read()
    {
        using var reader = new StreamReader(typeof(Pending).Assembly.GetManifestResourceStream("pending.txt")!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
