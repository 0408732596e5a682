using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace UserRing.Conformance;

/// <summary>What the program says about a run: a line for each deviation and totals, or the same as JSON.</summary>
internal sealed record Report(
    [property: JsonPropertyName("engine")] string Engine,
    [property: JsonPropertyName("rows")] int Rows,
    [property: JsonPropertyName("same")] int Same,
    [property: JsonPropertyName("different")] IReadOnlyList<Report.Deviation> Different,
    [property: JsonPropertyName("not_run")] IReadOnlyList<Report.Omission> NotRun)
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [JsonIgnore]
    public string Totals => string.Create(
        CultureInfo.InvariantCulture, $"{Engine}: {Rows} rows, {Same} same, {Different.Count} different, {NotRun.Count} not run");

    /// <summary>Runs and reports; the exit code.</summary>
    public static int Make(Request request)
    {
        // A file that cannot be written is found before the run, not after it.
        using Stream? file = request.Json is null or "-" ? null : File.Create(request.Json);
        List<Verdict> verdicts = EngineRun.Verdicts(request.Engine, request.Rows);
        Report report = Of(request.Engine, verdicts);
        if (request.Json == "-")
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, Readable));
        }
        else
        {
            foreach (Verdict verdict in verdicts.Where(verdict => verdict.Standing == Standing.Different))
                Console.Out.WriteLine(verdict);
            foreach (IGrouping<string, Omission> why in report.NotRun.GroupBy(omission => omission.Why))
                Console.Out.WriteLine($"{request.Engine} not run, {why.Count()}: {why.Key}");
            Console.Out.WriteLine(report.Totals);
        }

        if (file is not null)
            JsonSerializer.Serialize(file, report, Readable);
        return verdicts.Exists(verdict => verdict.IsUnexplained) ? 1 : 0;
    }

    private static Report Of(string engine, List<Verdict> verdicts) => new(
        engine,
        verdicts.Count,
        verdicts.Count(verdict => verdict.Standing == Standing.Same),
        [
            .. from verdict in verdicts
               where verdict.Standing == Standing.Different
               select new Deviation(verdict.Row.Name, NumberOrWords(verdict.Expected), NumberOrWords(verdict.Got)),
        ],
        [
            .. from verdict in verdicts
               where verdict.Standing == Standing.NotRun
               select new Omission(verdict.Row.Name, verdict.Got),
        ]);

    private static object NumberOrWords(string value) =>
        long.TryParse(value, CultureInfo.InvariantCulture, out long number) ? number : value;

    internal sealed record Deviation(
        [property: JsonPropertyName("row")] string Row,
        [property: JsonPropertyName("expected")] object Expected,
        [property: JsonPropertyName("got")] object Got);

    internal sealed record Omission(
        [property: JsonPropertyName("row")] string Row,
        [property: JsonPropertyName("why")] string Why);
}
