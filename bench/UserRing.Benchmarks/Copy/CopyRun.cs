using System.Diagnostics;
using UserRing.Engine;

namespace UserRing.Benchmarks.Copy;

/// <summary>A copy of a tree on one engine, compared with what was copied.</summary>
internal sealed class CopyRun(IRingEngine engine, string from, string to)
{
    private TreeCopy? _copy;

    /// <summary>Files, folders and links that are there.</summary>
    public int Ended => Volatile.Read(ref _copy)?.Ended ?? 0;

    /// <summary>Throws <see cref="Traffic.TrafficException"/> if a request fails or the trees differ.</summary>
    public CopyResult Run(CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        CopyResult result;
        using (TreeCopy copy = new(engine, from, to))
        {
            Volatile.Write(ref _copy, copy);
            copy.Run(stop);
            copy.SetModes(from, to);
            result = copy.Result(Stopwatch.GetElapsedTime(start));
        }

        TreeComparison.Demand(from, to, stop);
        return result;
    }
}
