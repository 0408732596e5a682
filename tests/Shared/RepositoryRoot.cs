namespace UserRing.Testing;

/// <summary>The directory that holds UserRing.slnx, found by walking up from the test binary.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    /// <summary>The absolute form of a path written relative to the root with forward slashes.</summary>
    public static string Combine(string relative) => System.IO.Path.Combine(Path, relative);

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "UserRing.slnx")))
                return at.FullName;
        }

        throw new InvalidOperationException($"No UserRing.slnx above {AppContext.BaseDirectory}: these tests read the sources.");
    }
}
