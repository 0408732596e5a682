using System.Text.RegularExpressions;

namespace UserRing.Tests;

/// <summary>What this process holds that rings may leave behind. Only comparable where nothing else goes on.</summary>
internal sealed partial record Holdings(int Descriptors, int RingMappings, int PollingThreads)
{
    // Opened by the runtime, or once per process by the engine, when they are first needed.
    private static readonly string[] OfProcess = ["/fd", ".dll", ".so", "/dev/urandom", "[eventpoll]", "[timerfd]"];

    // One poller, and ten workers at most for what blocks; more, after many waits at once, end after idle seconds.
    private const int MostSharedThreads = 16;

    public static Holdings Now() => new(OpenDescriptors(), Mappings().Count(), Threads("uring-sqp", "iou-sqp"));

    /// <summary>Resident memory that belongs to this process alone, garbage collected first.</summary>
    public static long PrivateBytes()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return 1024 * File.ReadLines("/proc/self/smaps_rollup")
            .Where(line => line.StartsWith("Rss:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
    }

    /// <summary>Bytes of ring memory that are mapped.</summary>
    public static long RingBytes() => Mappings().Sum(line =>
    {
        Match range = AddressRange().Match(line);
        return Convert.ToInt64(range.Groups[2].Value, 16) - Convert.ToInt64(range.Groups[1].Value, 16);
    });

    /// <summary>What released rings still hold is let go in the engine's own time, hence within bounds.</summary>
    public void AwaitReturn()
    {
        Holdings now = Now();
        bool returned = SpinWait.SpinUntil(() => (now = Now()).IsWithin(this), SeamRing.Patience);
        Assert.True(returned, $"before: {this}, now: {now}");
        AwaitThreads(MostSharedThreads, "uring-", "iou-");
    }

    /// <summary>Until the threads that executed what blocks have ended, as they do when there was nothing to do for seconds.</summary>
    public static void AwaitNoWorkers() => AwaitThreads(0, "uring-work", "iou-wrk");

    private static void AwaitThreads(int most, params string[] beginnings) =>
        Until.True(() => Threads(beginnings) <= most, $"of the engine's threads there are no more than {most}");

    private bool IsWithin(Holdings other) =>
        Descriptors <= other.Descriptors && RingMappings <= other.RingMappings && PollingThreads <= other.PollingThreads;

    private static IEnumerable<string> Mappings() => File.ReadLines("/proc/self/maps").Where(line => line.Contains("io_uring"));

    private static int OpenDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Count(path =>
        TryRead(() => new FileInfo(path).LinkTarget) is { } target
            && !OfProcess.Any(end => target.EndsWith(end, StringComparison.Ordinal)));

    private static int Threads(params string[] beginnings) => Directory.GetDirectories("/proc/self/task").Count(task =>
        TryRead(() => File.ReadAllText($"{task}/comm")) is { } name
        && beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal)));

    /// <summary>Threads and descriptors may go while they are looked at.</summary>
    private static string? TryRead(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }

    [GeneratedRegex("^([0-9a-f]+)-([0-9a-f]+) ")]
    private static partial Regex AddressRange();
}
