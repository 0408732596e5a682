using System.Reflection;

namespace UserRing.Conformance;

/// <summary>Every case there is: what the static fields of type <see cref="CaseList"/> hold.</summary>
internal static class AllCases
{
    public static IReadOnlyList<CaseEntry> Entries { get; } =
    [
        .. typeof(AllCases).Assembly.GetTypes()
            .OrderBy(type => type.FullName, StringComparer.Ordinal)
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => field.FieldType == typeof(CaseList))
            .SelectMany(field => (CaseList)field.GetValue(null)!),
    ];

    private static readonly Dictionary<string, CaseEntry> ByRow = Entries
        .SelectMany(entry => entry.Rows, (entry, row) => (entry, row))
        .DistinctBy(pair => pair.row)
        .ToDictionary(pair => pair.row, pair => pair.entry);

    public static CaseEntry? Of(string row) => ByRow.GetValueOrDefault(row);
}
