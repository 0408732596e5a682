using UserRing.Tool.Bench;

namespace UserRing.Benchmarks.Ratios;

/// <summary>Who can take part, besides the engines of <c>uring bench</c>.</summary>
internal static class Contestants
{
    /// <summary>io_uring driven from C.</summary>
    public const string UringLoop = "uring_loop";

    /// <summary>Plain preadv2 from C.</summary>
    public const string PreadLoop = "preadv2_loop";

    public static string Title(string contestant) => contestant switch
    {
        UringLoop => "C",
        PreadLoop => "preadv2 in C",
        BenchEngines.Kernel => "K",
        BenchEngines.Managed => "M",
        _ => contestant,
    };
}

/// <summary>What one turn measured. Processor time stays true where other work on the machine makes the rate a lottery.</summary>
internal readonly record struct Turn(double Rate, double CpuSecondsPerRequest);

/// <summary>One line of the result: a contestant over another, and what it should reach.</summary>
internal sealed record RatioLine(string Over, string Under, double? Reach = null)
{
    public string Title => $"{Contestants.Title(Over)} / {Contestants.Title(Under)}";
}

/// <summary>One load in one place, run by several contestants in turns.</summary>
internal sealed record Contest(string Name, LoadSpec Load, RatioLine[] Lines)
{
    public string[] Contestants { get; } = [.. Lines.SelectMany(line => new[] { line.Under, line.Over }).Distinct()];

    private static LoadSpec Usual(double seconds) => new() { Depth = 128, Batch = 32, Block = 4096, Seconds = seconds };

    /// <summary>Loads that read nothing.</summary>
    public static Contest[] Nops(double seconds) =>
    [
        new("NOP, batch 32", Usual(seconds) with { Nop = true },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop, 0.95),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 5),
        ]),
        new("NOP, one per call", Usual(seconds) with { Nop = true, Depth = 1, Batch = 1 },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 2),
        ]),
    ];

    /// <summary>Loads that read from the page cache, whose cost depends on the file system; goals are for ext4.</summary>
    public static Contest[] CachedReads(double seconds) =>
    [
        new("cached random 4 KiB", Usual(seconds),
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop, 0.95),
            new(BenchEngines.Managed, BenchEngines.Sync, 0.95),
            new(BenchEngines.Managed, Ratios.Contestants.PreadLoop, 0.95),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 0.85),
        ]),
        new("cached random 4 KiB, fixed", Usual(seconds) with { Fixed = true },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop, 0.95),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 0.85),
        ]),
        new("cached sequential 4 KiB, depth 32", Usual(seconds) with { Sequential = true, Depth = 32 },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 1.5),
        ]),
    ];

    /// <summary>Loads that read from the device.</summary>
    public static Contest[] DirectReads(double seconds) =>
    [
        new("O_DIRECT random 4 KiB, depth 128", Usual(seconds) with { Direct = true },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop, 0.97),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop, 0.90),
        ]),
        new("O_DIRECT random 4 KiB, depth 32", Usual(seconds) with { Direct = true, Depth = 32 },
        [
            new(BenchEngines.Kernel, Ratios.Contestants.UringLoop, 0.97),
            new(BenchEngines.Managed, Ratios.Contestants.UringLoop),
        ]),
    ];
}
