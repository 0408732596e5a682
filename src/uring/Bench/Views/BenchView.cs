using Spectre.Console;

namespace UserRing.Tool.Bench.Views;

/// <summary>What people see of a benchmark: a live table on a terminal, else a line per turn; at the end the figures.</summary>
internal abstract class BenchView(TextWriter output, BenchPlan plan)
{
    protected TextWriter Output { get; } = output;

    protected BenchPlan Plan { get; } = plan;

    public static BenchView Create(TextWriter output, BenchPlan plan)
    {
        bool redirected = output == Console.Out ? Console.IsOutputRedirected : Console.IsErrorRedirected;
        if (redirected || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb")
        {
            return new LineView(output, plan);
        }
        AnsiConsoleSettings settings = new() { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.Yes };
        return new LiveView(AnsiConsole.Create(settings), output, plan);
    }

    /// <summary>Runs the rounds with the view open.</summary>
    public abstract Task Show(EngineRecord[] engines, Func<Task> rounds);

    public virtual void Started(EngineRecord engine, int round)
    {
    }

    public virtual void Progressed(EngineRecord engine, int round, WorkerProgress progress)
    {
    }

    public abstract void Ended(EngineRecord engine, int round);

    public abstract void Summarise(EngineRecord[] engines);

    protected void SummariseInLines(EngineRecord[] engines)
    {
        string[][] rows = Figures.Table(Plan, engines);
        int[] widths = Figures.Widths(rows);
        Output.WriteLine();
        foreach (string[] row in rows)
        {
            IEnumerable<string> cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]));
            Output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
        foreach (string note in Notes(engines))
        {
            Output.WriteLine(note);
        }
    }

    /// <summary>What stands beside the figures: why an engine has none, or what its requests met.</summary>
    protected static IEnumerable<string> Notes(EngineRecord[] engines) =>
        from engine in engines
        let note = engine.Unavailable ?? engine.Failure
        where note is not null
        select $"{engine.Name}: {(engine.Unavailable is null ? "failed" : "cannot run here")}: {note}";
}
