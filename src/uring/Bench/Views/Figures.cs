using System.Globalization;

namespace UserRing.Tool.Bench.Views;

/// <summary>The columns of the result, the same for a terminal and for a file; absent columns are those the run did not measure.</summary>
internal static class Figures
{
    /// <summary>The header and a row per engine.</summary>
    public static string[][] Table(BenchPlan plan, EngineRecord[] engines)
    {
        EngineRecord? first = engines.FirstOrDefault(engine => engine.HasResult);
        return [Header(plan), .. engines.Select(engine => Row(plan, engine, first))];
    }

    public static int[] Widths(string[][] rows) =>
        [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];

    public static string Count(double value) => Text($"{value:N0}");

    private static string[] Header(BenchPlan plan) =>
    [
        "engine", "per second", .. When(!plan.Load.Nop, "MiB/s"), "req/call", "CPU us/req", "ratio",
        .. When(plan.Load.Latency, "p50 us", "p99 us", "p99.9 us"), .. When(plan.Load.Verify, "verified"),
    ];

    private static string[] Row(BenchPlan plan, EngineRecord engine, EngineRecord? first)
    {
        int columns = Header(plan).Length;
        if (!engine.HasResult || first is null)
        {
            return [engine.Name, .. Enumerable.Repeat("-", columns - 1)];
        }
        double rate = engine.Rate.Median;
        LatencyMicroseconds? latency = engine.Latency;
        return
        [
            engine.Name,
            Count(rate),
            .. When(!plan.Load.Nop, Count(rate * plan.Load.Block / (1 << 20))),
            engine.RequestsPerCall is { } perCall ? Text($"{perCall:F1}") : "no calls",
            Text($"{engine.CpuMicrosecondsPerRequest:F3}"),
            Ratio(engine.RatioTo(first), plan.Rounds),
            .. When(plan.Load.Latency, Microseconds(latency?.P50), Microseconds(latency?.P99), Microseconds(latency?.P999)),
            .. When(plan.Load.Verify, Count(engine.VerifiedBlocks)),
        ];
    }

    private static string Ratio(Spread? ratio, int rounds) => ratio switch
    {
        null => "-",
        { } one when rounds == 1 => Text($"{one.Median:F2}"),
        { } many => Text($"{many.Median:F2} ({many.Minimum:F2}..{many.Maximum:F2})"),
    };

    private static string Microseconds(double? value) => value is { } known ? Text($"{known:N1}") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string[] When(bool condition, params string[] columns) => condition ? columns : [];
}
