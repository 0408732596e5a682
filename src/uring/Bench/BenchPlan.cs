namespace UserRing.Tool.Bench;

/// <summary>What every engine is to do, the same for all.</summary>
internal sealed record LoadSpec
{
    public required int Depth { get; init; }

    public required int Batch { get; init; }

    public required int Block { get; init; }

    public required double Seconds { get; init; }

    public int Threads { get; init; } = 1;

    public bool Sequential { get; init; }

    public bool Direct { get; init; }

    public bool Fixed { get; init; }

    public bool Nop { get; init; }

    public bool SqPoll { get; init; }

    public bool Latency { get; init; }

    public bool Verify { get; init; }

    public string Mode => Nop ? "nop" : Sequential ? "sequential" : "random";
}

/// <summary>A benchmark as asked for: checked, so that carrying it out can only fail for reasons of the machine.</summary>
internal sealed record BenchPlan
{
    public required string[] Files { get; init; }

    public required string[] Engines { get; init; }

    public required int Rounds { get; init; }

    public required LoadSpec Load { get; init; }

    /// <summary>Null: none. "-": stdout, and everything for people goes to stderr.</summary>
    public string? JsonPath { get; init; }

    public string? PlotPath { get; init; }

    /// <summary>"random, direct, fixed": the load in words, for people.</summary>
    public string Describe()
    {
        List<string> words = [Load.Mode];
        AddIf(words, Load.Direct, "direct");
        AddIf(words, Load.Fixed, "fixed");
        AddIf(words, Load.SqPoll, "sqpoll");
        AddIf(words, Load.Verify, "verified");
        string size = Load.Nop ? "" : $", block {Load.Block}";
        string threads = Load.Threads > 1 ? $", {Load.Threads} threads" : "";
        return $"{string.Join(' ', words)}, depth {Load.Depth}, batch {Load.Batch}{size}{threads}";
    }

    private static void AddIf(List<string> words, bool condition, string word)
    {
        if (condition)
        {
            words.Add(word);
        }
    }
}
