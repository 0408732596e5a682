using System.Text.Json.Serialization;

namespace UserRing.Tool.Bench;

/// <summary>The result as JSON.</summary>
internal sealed record BenchReport
{
    /// <summary>The file read, the first of several; a made one is gone by now; null with NOPs.</summary>
    public required string? File { get; init; }

    /// <summary>All of them, where there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Files { get; init; }

    public required int Depth { get; init; }

    public required int Batch { get; init; }

    public required int Block { get; init; }

    /// <summary>"random", "sequential" or "nop".</summary>
    public required string Mode { get; init; }

    public required bool Direct { get; init; }

    public required bool Fixed { get; init; }

    [JsonPropertyName("sqpoll")]
    public required bool SqPoll { get; init; }

    public required bool Verify { get; init; }

    public required int Threads { get; init; }

    public required double Seconds { get; init; }

    public required int Rounds { get; init; }

    public required EngineReport[] Engines { get; init; }

    public static BenchReport Of(BenchPlan plan, string[] files, EngineRecord[] engines)
    {
        EngineRecord? first = engines.FirstOrDefault(engine => engine.HasResult);
        return new BenchReport
        {
            File = files.FirstOrDefault(),
            Files = files.Length > 1 ? files : null,
            Depth = plan.Load.Depth,
            Batch = plan.Load.Batch,
            Block = plan.Load.Block,
            Mode = plan.Load.Mode,
            Direct = plan.Load.Direct,
            Fixed = plan.Load.Fixed,
            SqPoll = plan.Load.SqPoll,
            Verify = plan.Load.Verify,
            Threads = plan.Load.Threads,
            Seconds = plan.Load.Seconds,
            Rounds = plan.Rounds,
            Engines = [.. engines.Select(engine => EngineReport.Of(plan, engine, first))],
        };
    }
}

/// <summary>
/// One engine: either its figures, or its name and why it is "unavailable", or its name and the "failure" that left it without figures.
/// </summary>
internal sealed record EngineReport
{
    public required string Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unavailable { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Iops { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double[]? IopsRounds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BytesPerSecond { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RequestsPerCall { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CpuUsPerRequest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Errors { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? VerifiedBlocks { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LatencyMicroseconds? LatencyUs { get; init; }

    /// <summary>To the first engine that ran: the median of the rounds' ratios.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RatioReport? Ratio { get; init; }

    public static EngineReport Of(BenchPlan plan, EngineRecord engine, EngineRecord? first)
    {
        if (!engine.HasResult)
        {
            return new EngineReport { Name = engine.Name, Unavailable = engine.Unavailable, Failure = engine.Failure };
        }
        double rate = engine.Rate.Median;
        return new EngineReport
        {
            Name = engine.Name,
            Failure = engine.Failure,
            Iops = Math.Round(rate, 1),
            IopsRounds = [.. engine.Results.Select(result => Math.Round(result.Rate, 1))],
            BytesPerSecond = plan.Load.Nop ? 0 : Math.Round(rate * plan.Load.Block),
            RequestsPerCall = engine.RequestsPerCall is { } perCall ? Math.Round(perCall, 2) : null,
            CpuUsPerRequest = Math.Round(engine.CpuMicrosecondsPerRequest, 4),
            Errors = engine.Errors,
            VerifiedBlocks = engine.VerifiedBlocks,
            LatencyUs = engine.Latency,
            Ratio = RatioReport.Of(engine.RatioTo(first!)),
        };
    }

}

/// <summary>A ratio over the rounds.</summary>
internal sealed record RatioReport(double Median, double Min, double Max)
{
    public static RatioReport? Of(Spread? ratio) =>
        ratio is { } known ? new RatioReport(Round(known.Median), Round(known.Minimum), Round(known.Maximum)) : null;

    private static double Round(double ratio) => Math.Round(ratio, 4);
}

/// <summary>For people as well as programs, so indented.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
