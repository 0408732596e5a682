namespace UserRing.Engine.Tests;

/// <summary>
/// How much of what is random or racing is run: an ordinary run finds what breaks often; URING_CAMPAIGN=full is for what breaks rarely.
/// </summary>
internal static class Campaign
{
    private static readonly int Factor = Environment.GetEnvironmentVariable("URING_CAMPAIGN") == "full" ? 50 : 1;

    public static int Rounds(int ordinary) => ordinary * Factor;

    /// <summary>How long something is raced. The longest is still bounded: no single race gets more than a minute.</summary>
    public static TimeSpan Time(double ordinarySeconds) => TimeSpan.FromSeconds(Math.Min(ordinarySeconds * Factor, 60));

    /// <summary>For what runs in a process of its own: one process for each seed, which is the scenario's last argument.</summary>
    public static void Children(Action<string[]> scenario, params ReadOnlySpan<string> arguments)
    {
        for (int seed = 1; seed <= Factor; seed++)
            Child.Succeeds(scenario, [.. arguments, seed.ToString()]);
    }
}
