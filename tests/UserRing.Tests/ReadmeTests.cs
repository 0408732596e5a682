namespace UserRing.Tests;

/// <summary>The README's example is code of this file: it compiles, it runs, and the page shows these very lines.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void The_example_of_the_readme_is_the_one_that_runs_here()
    {
        string shown = Between(File.ReadAllText(RepositoryRoot.Combine("README.md")), "<!-- example -->", "<!-- /example -->");
        string source = File.ReadAllText(RepositoryRoot.Combine("tests/UserRing.Tests/ReadmeTests.cs"));
        string here = Between(source, "// the example begins\n", "// the example ends");

        string[] without = ["using UserRing;", "```csharp", "```"];
        Assert.Equal(Lines(shown).Where(line => !without.Contains(line)), Lines(here));
    }

    [Fact]
    public void The_example_of_the_readme_reads_a_file()
    {
        TextWriter before = Console.Out;
        using var written = new StringWriter();
        Console.SetOut(written);
        try
        {
            Example();
        }
        finally
        {
            Console.SetOut(before);
        }

        long expected = Math.Min(4096, File.ReadAllBytes("/etc/os-release").Length);
        Assert.Matches($"^True: {expected} bytes on the (kernel|managed) engine", written.ToString());
    }

    private static void Example()
    {
        // the example begins
        using var ring = new Ring(entries: 64);
        using var file = File.OpenHandle("/etc/os-release");
        byte[] buffer = new byte[4096];

        ulong token = ring.Read(file, buffer, offset: 0);   // queued; the ring pins the memory and keeps the file open
        ring.SubmitAndWait(1);                              // one call for any number of requests
        if (ring.TryPeek(out var completion))               // reaping needs no call
        {
            Console.WriteLine($"{completion.UserData == token}: {completion.Res} bytes on the {ring.Engine.Name} engine");
            ring.Advance(1);
        }
        // the example ends
    }

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0);

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
