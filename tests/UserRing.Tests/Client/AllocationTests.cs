namespace UserRing.Tests;

/// <summary>From SQE to CQE nothing is allocated, by no thread.</summary>
public sealed class AllocationTests
{
    private const int WarmUpRounds = 150;
    private const int Windows = 12;

    [Theory, EveryEngine(InPlace = true)]
    public void No_request_allocates_a_single_byte(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(MeasureAll, [engine]);
    }

    [Fact]
    public void The_measure_sees_what_another_thread_allocates() => Child.Succeeds(MeasureAnAllocator);

    [Scenario]
    private static void MeasureAll(string[] arguments)
    {
        using var work = new AllocationWork(TestEngines.Get(arguments[0]));
        Measure("nop", 100, work.Nops);
        Measure("cached read", 100, work.CachedReads);
        Measure("parked pipe read", 100, work.ParkedReads);
        Measure("poll", 100, work.Polls);
        Measure("timeout", 60, work.Timeouts);
        Measure("cancel", 100, work.Cancels);
        Measure("held read", 100, work.HeldReads);
        Measure("held write", 100, work.HeldWrites);
        Measure("held parked read", 100, work.HeldParkedReads);
        Measure("waits with a timeout", 100, work.TimedWaits);
        Measure("overflow", 50, work.Overflow);
    }

    [Scenario]
    private static void MeasureAnAllocator()
    {
        object? kept = null;
        using var asked = new AutoResetEvent(false);
        using var done = new AutoResetEvent(false);
        var other = new Thread(() =>
        {
            while (asked.WaitOne())
            {
                kept = new object();
                done.Set();
            }
        })
        {
            IsBackground = true,
        };
        other.Start();
        Assert.InRange(Best(100, () => { asked.Set(); done.WaitOne(); }), 1, long.MaxValue);
        GC.KeepAlive(kept);
    }

    private static void Measure(string what, int rounds, Action round)
    {
        long bytes = Best(rounds, round);
        Assert.True(bytes == 0, $"{what}: {bytes} bytes for {rounds * AllocationWork.Batch} requests, in the best of {Windows} windows");
    }

    /// <summary>
    /// The least of several windows: the runtime's own threads (tiered compilation starting and stopping its worker) allocate now and
    /// then. What a request allocates is there in every window, because each holds thousands of them.
    /// </summary>
    private static long Best(int rounds, Action round)
    {
        for (int i = 0; i < WarmUpRounds; i++)
            round();
        long best = long.MaxValue;
        for (int window = 0; window < Windows && best > 0; window++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < rounds; i++)
                round();
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return best;
    }
}
