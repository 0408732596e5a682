namespace UserRing.Tool.Bench;

/// <summary>A median and how far the rounds lay apart.</summary>
internal readonly record struct Spread(double Median, double Minimum, double Maximum)
{
    public static Spread Of(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}

/// <summary>All turns of one engine. <see cref="Rounds"/> has a place per round, null where that turn failed.</summary>
internal sealed class EngineRecord(string name, int rounds)
{
    public string Name { get; } = name;

    public WorkerResult?[] Rounds { get; } = new WorkerResult?[rounds];

    public string? Unavailable { get; set; }

    /// <summary>What went wrong: a broken worker, or the first error a request met.</summary>
    public string? Failure { get; set; }

    public bool HasResult => Rounds.Any(round => round is not null);

    public IEnumerable<WorkerResult> Results => Rounds.OfType<WorkerResult>();

    public long Errors => Results.Sum(result => result.Errors);

    public long VerifiedBlocks => Results.Sum(result => result.VerifiedBlocks);

    public Spread Rate => Median(result => result.Rate);

    /// <summary>Null where no call was made, as with a polling thread that never slept.</summary>
    public double? RequestsPerCall
    {
        get
        {
            long calls = Results.Sum(result => result.Calls);
            return calls == 0 ? null : (double)Results.Sum(result => result.Requests) / calls;
        }
    }

    public double CpuMicrosecondsPerRequest =>
        Median(result => result.Requests == 0 ? 0 : result.CpuSeconds * 1e6 / result.Requests).Median;

    public LatencyMicroseconds? Latency => Results.All(result => result.Latency is not null)
        ? new LatencyMicroseconds
        {
            P50 = Median(result => result.Latency!.P50).Median,
            P99 = Median(result => result.Latency!.P99).Median,
            P999 = Median(result => result.Latency!.P999).Median,
        }
        : null;

    /// <summary>
    /// This engine's rate over another's, round by round: the machine's mood changes between rounds more than within one. Null where no
    /// round has both.
    /// </summary>
    public Spread? RatioTo(EngineRecord other)
    {
        List<double> ratios = [];
        for (int round = 0; round < Rounds.Length; round++)
        {
            if (Rounds[round] is { } mine && other.Rounds[round] is { Requests: > 0 } theirs)
            {
                ratios.Add(mine.Rate / theirs.Rate);
            }
        }
        return ratios.Count == 0 ? null : Spread.Of(ratios);
    }

    private Spread Median(Func<WorkerResult, double> value) => Spread.Of([.. Results.Select(value)]);
}
