namespace UserRing.Engine.Tests;

/// <summary>
/// How much of what is random or racing is run: an ordinary run finds what breaks often; URING_CAMPAIGN=full is for what breaks rarely.
/// </summary>
internal static class Campaign
{
    private static readonly int Factor = Environment.GetEnvironmentVariable("URING_CAMPAIGN") == "full" ? 50 : 1;

    public static int Rounds(int ordinary) => ordinary * Factor;
}
