using System.Diagnostics;
using HdrHistogram;

namespace UserRing.Tool.Bench.Load;

/// <summary>Times in nanoseconds, three digits, up to a minute; recording allocates nothing.</summary>
internal sealed class LatencyRecorder
{
    private const long LongestNanoseconds = 60_000_000_000;
    private const int Digits = 3;

    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly LongHistogram _histogram = new(1, LongestNanoseconds, Digits);

    public void Record(long ticks) => _histogram.RecordValue(Math.Clamp((long)(ticks * NanosecondsPerTick), 1, LongestNanoseconds));

    public static LatencyMicroseconds? Percentiles(IEnumerable<LatencyRecorder> recorders)
    {
        LongHistogram all = new(1, LongestNanoseconds, Digits);
        foreach (LatencyRecorder recorder in recorders)
        {
            all.Add(recorder._histogram);
        }
        return all.TotalCount == 0
            ? null
            : new LatencyMicroseconds { P50 = Microseconds(all, 50), P99 = Microseconds(all, 99), P999 = Microseconds(all, 99.9) };
    }

    private static double Microseconds(LongHistogram histogram, double percentile) => histogram.GetValueAtPercentile(percentile) / 1e3;
}
