using UserRing.Engine.Tests;

namespace UserRing.Tests;

/// <summary>After a storm of requests about descriptors as many are open, and as many threads left, as before.</summary>
public sealed class DescriptorStormTests
{
    private const int Steps = 1500;

    [Theory, EveryEngine(InPlace = true)]
    public void Storms_of_descriptors_leave_none_open(string engine)
    {
        _ = TestEngines.Get(engine);
        Campaign.Children(Storm, engine);
    }

    [Scenario]
    private static void Storm(string[] arguments)
    {
        int seed = int.Parse(arguments[1]);
        // What the process opens once it opens in the first.
        Run(arguments[0], seed);
        Holdings before = Holdings.Now();
        Run(arguments[0], seed + 1000);
        before.AwaitReturn();
        Holdings.AwaitNoWorkers();
    }

    private static void Run(string engine, int seed)
    {
        using var storm = new DescriptorStorm(TestEngines.Get(engine), seed);
        storm.Run(Steps);
        Console.WriteLine($"{storm.Made} made, {storm.Cancelled} cancelled");
        Assert.InRange(storm.Made, Steps / 10, int.MaxValue);
        Assert.InRange(storm.Cancelled, Steps / 20, int.MaxValue);
    }
}
