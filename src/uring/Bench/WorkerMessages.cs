using System.Text.Json.Serialization;

namespace UserRing.Tool.Bench;

/// <summary>Parent to worker, one line: whose turn it is, and what to do.</summary>
internal sealed record WorkerOrder(string Engine, string[] Files, LoadSpec Load);

/// <summary>Worker to parent, one line each: progress while it runs, a result or a refusal at the end.</summary>
internal sealed record WorkerMessage
{
    public WorkerProgress? Progress { get; init; }

    public WorkerResult? Result { get; init; }

    /// <summary>Why this engine cannot run here.</summary>
    public string? Unavailable { get; init; }

    /// <summary>What broke.</summary>
    public string? Failure { get; init; }
}

/// <summary>How far the measured part has come.</summary>
internal sealed record WorkerProgress(double Seconds, long Requests);

/// <summary>
/// What one turn measured. Counts exclude the warm-up, except errors and verified blocks, which count wherever they happen.
/// </summary>
internal sealed record WorkerResult
{
    public required double Seconds { get; init; }

    public required long Requests { get; init; }

    public required long Calls { get; init; }

    public required double CpuSeconds { get; init; }

    public required long Errors { get; init; }

    /// <summary>What the first error was.</summary>
    public string? FirstError { get; init; }

    public required long VerifiedBlocks { get; init; }

    public LatencyMicroseconds? Latency { get; init; }

    [JsonIgnore]
    public double Rate => Requests / Seconds;
}

/// <summary>Percentiles of the time from submission to completion, in microseconds.</summary>
internal sealed record LatencyMicroseconds
{
    [JsonPropertyName("p50")]
    public required double P50 { get; init; }

    [JsonPropertyName("p99")]
    public required double P99 { get; init; }

    [JsonPropertyName("p99.9")]
    public required double P999 { get; init; }
}

/// <summary>One message a line, so compact.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WorkerOrder))]
[JsonSerializable(typeof(WorkerMessage))]
internal sealed partial class WorkerJson : JsonSerializerContext;
