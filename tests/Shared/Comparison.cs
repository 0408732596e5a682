namespace UserRing.Testing;

/// <summary>Compares runs on two engines whose answers depend on how long a thread of ours was kept waiting, if it was for long.</summary>
internal static class Comparison
{
    private const int Attempts = 6;

    /// <summary>
    /// Fails if a run differs each time. A rule that is not kept shows always; what a busy machine makes of a run does not.
    /// </summary>
    /// <param name="runs">How many, numbered from 0.</param>
    /// <param name="difference">Makes the run of that number on both engines: null if they answered alike.</param>
    public static void AssertAlike(int runs, Func<int, string?> difference)
    {
        for (int run = 0; run < runs; run++)
        {
            string? found = difference(run);
            for (int attempt = 1; attempt < Attempts && found is not null; attempt++)
                found = difference(run);
            Assert.True(found is null, found);
        }
    }
}
