namespace UserRing.Testing;

/// <summary>Compares runs on two engines whose answers depend on how long a thread of ours was kept waiting, if it was for long.</summary>
internal static class Comparison
{
    private const int Attempts = 6;

    /// <summary>
    /// Fails if there is a difference each time. A rule that is not kept shows always; what a busy machine makes of a run does not.
    /// </summary>
    /// <param name="difference">Runs on both engines: null if they answered alike.</param>
    public static void AssertAlike(Func<string?> difference)
    {
        string? found = null;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            found = difference();
            if (found is null)
                return;
        }

        Assert.Fail(found!);
    }
}
