namespace UserRing.Testing;

/// <summary>
/// What a test needs from the machine beyond .NET. On a developer's machine a lack skips the test; under CI, where the set-up script
/// installs everything, a lack is a hole in that script and fails the test.
/// </summary>
internal static class Requirements
{
    private static bool UnderCi => Environment.GetEnvironmentVariable("CI") is { Length: > 0 } ci && ci is not ("0" or "false");

    /// <summary>Skips the running test unless the condition holds; under CI fails it instead.</summary>
    public static void SkipUnless(bool condition, string reason)
    {
        if (condition)
            return;
        if (UnderCi)
            Assert.Fail($"Would skip, which CI does not accept: {reason}");
        Assert.Skip(reason);
    }
}
