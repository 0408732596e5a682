using System.Text.Json;

namespace UserRing.Conformance;

/// <summary>A measured row: what the kernel answered to the steps.</summary>
/// <param name="Expected">A number, or ">=0".</param>
internal sealed record ErrorRow(
    string Name, string Area, string? Op, string Steps, string Where, string Expected, string? Errno, string? Follows, string? DependsOn)
{
    public static IReadOnlyList<ErrorRow> All { get; } = Read();

    public static IReadOnlyList<string> Areas { get; } = [.. All.Select(row => row.Area).Distinct()];

    public static IReadOnlyList<string> Ops { get; } = [.. All.Select(row => row.Op).OfType<string>().Distinct()];

    private static List<ErrorRow> Read()
    {
        using Stream file = typeof(ErrorRow).Assembly.GetManifestResourceStream("errors.json")!;
        using JsonDocument document = JsonDocument.Parse(file);
        return [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(Of)];
    }

    private static ErrorRow Of(JsonElement row)
    {
        string Text(string name) => row.GetProperty(name).ToString();
        string? Maybe(string name) => row.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;
        string name = Text("name");
        string expected = Corrections.All.TryGetValue(name, out Correction? correction) ? correction.Value : Text("value");
        return new(
            name, Text("area"), Maybe("op"), Text("steps"), Text("where"), expected, Maybe("errno"), Maybe("follows"), Maybe("depends_on"));
    }
}

/// <summary>A row that the running kernel answers otherwise than the file says.</summary>
internal sealed record Correction(string Value, string Reason);

/// <summary>Rows measured again, with another outcome. The kernel is right.</summary>
internal static class Corrections
{
    public static IReadOnlyDictionary<string, Correction> All { get; } = new Dictionary<string, Correction>();
}
