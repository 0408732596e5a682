using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>
/// How many rows the managed engine answers as measured, known without asking it: those that are neither listed as different nor open. A
/// test sees that the others are.
/// </summary>
internal sealed record RowCounts(int Rows, int Different, int Open)
{
    private static readonly Dictionary<string, Opcode> Opcodes =
        Enumerable.Range(0, OpcodeNames.Count).Select(code => (Opcode)code).ToDictionary(OpcodeNames.NameOf);

    private static readonly HashSet<string> ToCome =
        [.. ErrorRow.All.Where(row => row.Op is not null && OpFacts.IsToCome(Opcodes[row.Op])).Select(row => row.Name)];

    public int Same => Rows - Different - Open;

    public static RowCounts Of(IEnumerable<ErrorRow> rows)
    {
        List<ErrorRow> all = [.. rows];
        return new(all.Count, all.Count(row => KnownDifferences.All.ContainsKey(row.Name)), all.Count(IsOpen));
    }

    /// <summary>
    /// Nothing can be said of the row yet: it has no case, or its case needs an operation that is still to come, as can be seen from the
    /// rows of the case.
    /// </summary>
    public static bool IsOpen(ErrorRow row) => AllCases.Of(row.Name) is not { } entry || entry.Rows.Any(ToCome.Contains);
}
