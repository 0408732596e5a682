using Spectre.Console;

namespace UserRing.Tool.Bench.Views;

/// <summary>A table redrawn in place while the engines run, replaced by the figures at the end.</summary>
internal sealed class LiveView(IAnsiConsole console, TextWriter output, BenchPlan plan) : BenchView(output, plan)
{
    private readonly Dictionary<EngineRecord, (string State, string Rate)> _lines = [];
    private LiveDisplayContext? _display;

    public override Task Show(EngineRecord[] engines, Func<Task> rounds)
    {
        console.MarkupLineInterpolated($"[bold]{Plan.Describe()}[/]");
        foreach (EngineRecord engine in engines)
        {
            _lines[engine] = ("waiting", "");
        }
        return console.Live(Draw()).AutoClear(true).StartAsync(async display =>
        {
            _display = display;
            await rounds();
        });
    }

    public override void Started(EngineRecord engine, int round) => Update(engine, $"round {round + 1} of {Plan.Rounds}", "warming up");

    public override void Progressed(EngineRecord engine, int round, WorkerProgress progress)
    {
        double rate = progress.Requests / Math.Max(progress.Seconds, 0.001);
        Update(engine, $"round {round + 1} of {Plan.Rounds}, {progress.Seconds:F1} s", Figures.Count(rate));
    }

    public override void Ended(EngineRecord engine, int round)
    {
        string rate = engine.HasResult ? Figures.Count(engine.Rate.Median) : "-";
        string state = engine switch
        {
            { Unavailable: not null } => "cannot run here",
            { Failure: not null } => "failed",
            _ => $"done {round + 1} of {Plan.Rounds}",
        };
        Update(engine, state, rate);
    }

    public override void Summarise(EngineRecord[] engines)
    {
        string[][] rows = Figures.Table(Plan, engines);
        // Two spaces and a border per column, and the last border. A table that does not fit loses its columns; lines only wrap.
        if (Figures.Widths(rows).Sum(width => width + 3) + 1 > console.Profile.Width)
        {
            SummariseInLines(engines);
            return;
        }
        Table table = new() { Border = TableBorder.Rounded };
        foreach (string title in rows[0])
        {
            Justify alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right;
            table.AddColumn(new TableColumn(Markup.Escape(title)) { Alignment = alignment, NoWrap = true });
        }
        foreach ((EngineRecord engine, string[] row) in engines.Zip(rows.Skip(1)))
        {
            Style style = engine.Failure is not null ? new Style(Color.Red) : engine.HasResult ? Style.Plain : new Style(Color.Grey);
            table.AddRow(row.Select(cell => new Text(cell, style)));
        }
        console.Write(table);
        foreach (string note in Notes(engines))
        {
            console.WriteLine(note);
        }
    }

    private void Update(EngineRecord engine, string state, string rate)
    {
        _lines[engine] = (state, rate);
        _display?.UpdateTarget(Draw());
        _display?.Refresh();
    }

    private Table Draw()
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("engine").AddColumn("state").AddColumn(new TableColumn("per second") { Alignment = Justify.Right });
        foreach ((EngineRecord engine, (string state, string rate)) in _lines)
        {
            table.AddRow(new Text(engine.Name), new Text(state), new Text(rate));
        }
        return table;
    }
}
