namespace UserRing.Conformance;

/// <summary>
/// How many rows the managed engine answers as measured, known without asking it: those that are not listed as different. A test sees that
/// they are.
/// </summary>
internal sealed record RowCounts(int Rows, int Different)
{
    public int Same => Rows - Different;

    public static RowCounts Of(IEnumerable<ErrorRow> rows)
    {
        List<ErrorRow> all = [.. rows];
        return new(all.Count, all.Count(row => KnownDifferences.All.ContainsKey(row.Name)));
    }
}
