using System.CommandLine;
using UserRing.Abi;
using UserRing.Tool.Bench;

namespace UserRing.Tool.Commands;

/// <summary><c>uring bench</c>: from the command line to a plan that can be carried out, or one line that says why not.</summary>
internal static class BenchCommand
{
    private const int SectorBytes = 512;
    private const int MaxDepth = (int)RingLimits.MaxEntries;
    private const int MaxFixed = RingLimits.MaxRegisteredBuffers;
    private const long MaxBufferBytes = 4L << 30;

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = $"Files or block devices to read; without one, a file of {BenchFile.Bytes >> 20} MiB is made and removed.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<int> Depth = Options.Number("--depth", "Requests kept in flight.", 128, 1, MaxDepth);
    private static readonly Option<int> Batch = Options.Number("--batch", "Requests submitted at a time.", 32, 1, MaxDepth);
    private static readonly Option<int> Block = Options.Number("--block", "Bytes per request.", 4096, 1, 1 << 30);
    private static readonly Option<double> Seconds = Options.Seconds("--seconds", "Seconds measured per engine and round.", 3, 86_400);
    private static readonly Option<int> Rounds = Options.Number("--rounds", "How often each engine has its turn.", 3, 1, 1000);
    private static readonly Option<int> Threads = Options.Number("--threads", "Threads, each with a ring of its own.", 1, 1, 256);
    private static readonly Option<bool> Sequential = Options.Switch("--sequential", "Read front to back instead of at random.");
    private static readonly Option<bool> Direct = Options.Switch("--direct", "Open with O_DIRECT: past the page cache.");
    private static readonly Option<bool> Fixed = Options.Switch("--fixed", "Registered file and buffers (rings only).");
    private static readonly Option<bool> Nop = Options.Switch("--nop", "Submit NOPs instead of reading (rings only).");
    private static readonly Option<bool> SqPoll = Options.Switch("--sqpoll", "Rings with a polling thread.");
    private static readonly Option<bool> Latency = Options.Switch("--latency", "Record the time from submission to completion.");
    private static readonly Option<bool> Verify = Options.Switch("--verify", "Compare every block with what a plain read returns.");
    private static readonly Option<string?> Json = Options.Text("--json", "FILE|-", "Write the result as JSON to a file, or to stdout.");
    private static readonly Option<string?> Plot = Options.Text("--plot", "FILE.svg", "Draw the result.");

    private static readonly Option<string[]> Engines = Options.Names(
        "--engines",
        "NAME,...",
        $"Of {string.Join(", ", BenchEngines.All)}; the others are compared with the first. [default: all]",
        BenchEngines.All);

    public static Command Create()
    {
        Command command = new("bench", "Read files through every engine that works here, taken in turns, and compare.")
        {
            Files, Depth, Batch, Block, Seconds, Rounds, Threads, Engines,
            Sequential, Direct, Fixed, Nop, SqPoll, Latency, Verify, Json, Plot,
        };
        command.SetAction((parsed, stop) => new BenchSession(Plan(parsed)).Run(stop));
        return command;
    }

    private static BenchPlan Plan(ParseResult parsed)
    {
        int depth = parsed.GetValue(Depth);
        bool nop = parsed.GetValue(Nop);
        BenchPlan plan = new()
        {
            Files = parsed.GetValue(Files) ?? [],
            Engines = parsed.GetValue(Engines) is { Length: > 0 } chosen ? chosen : nop ? BenchEngines.Rings : BenchEngines.All,
            Rounds = parsed.GetValue(Rounds),
            JsonPath = parsed.GetValue(Json),
            PlotPath = parsed.GetValue(Plot),
            Load = new LoadSpec
            {
                Depth = depth,
                Batch = Math.Min(parsed.GetValue(Batch), depth),
                Block = parsed.GetValue(Block),
                Seconds = parsed.GetValue(Seconds),
                Threads = parsed.GetValue(Threads),
                Sequential = parsed.GetValue(Sequential),
                Direct = parsed.GetValue(Direct),
                Fixed = parsed.GetValue(Fixed),
                Nop = nop,
                SqPoll = parsed.GetValue(SqPoll),
                Latency = parsed.GetValue(Latency),
                Verify = parsed.GetValue(Verify),
            },
        };
        Check(plan);
        return plan;
    }

    private static void Check(BenchPlan plan)
    {
        LoadSpec load = plan.Load;
        if (load.Nop && (plan.Files.Length > 0 || load.Verify || load.Direct || load.Fixed || load.Sequential))
        {
            throw new ToolException("--nop reads nothing: it does not go with a FILE, --verify, --direct, --fixed or --sequential");
        }
        if (load.Direct && load.Block % SectorBytes != 0)
        {
            throw new ToolException($"--block {load.Block}: with --direct it must be a multiple of {SectorBytes}");
        }
        if (load.Fixed && load.Depth > MaxFixed)
        {
            throw new ToolException($"--depth {load.Depth}: a ring can register at most {MaxFixed} buffers (--fixed)");
        }
        if ((long)load.Depth * load.Block * load.Threads > MaxBufferBytes)
        {
            throw new ToolException(
                $"--depth {load.Depth} --block {load.Block} --threads {load.Threads}: more than {MaxBufferBytes >> 30} GiB of buffers");
        }
        CheckTarget("--json", plan.JsonPath == "-" ? null : plan.JsonPath);
        CheckTarget("--plot", plan.PlotPath);
        foreach (string file in plan.Files)
        {
            CheckNotAnOption(file);
            TargetFile.Check(file, load);
        }
    }

    /// <summary>The parser takes a misspelt option for a FILE; a file of such a name can be given as ./--name.</summary>
    private static void CheckNotAnOption(string file)
    {
        if (file.StartsWith('-'))
        {
            throw new ToolException($"{file}: no such option");
        }
    }

    /// <summary>What would only fail after the run is better known before it.</summary>
    private static void CheckTarget(string option, string? path)
    {
        if (path is null)
        {
            return;
        }
        if (path.Length == 0 || Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            throw new ToolException($"{option} {path}: no such place to write a file");
        }
    }
}
