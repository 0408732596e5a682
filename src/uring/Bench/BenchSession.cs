using System.Text.Json;
using UserRing.Tool.Bench.Views;

namespace UserRing.Tool.Bench;

/// <summary>Carries a plan out: the file, the rounds, the views, the results.</summary>
internal sealed class BenchSession(BenchPlan plan)
{
    private readonly EngineRecord[] _engines = [.. plan.Engines.Select(name => new EngineRecord(name, plan.Rounds))];

    public async Task<int> Run(CancellationToken stop)
    {
        TextWriter people = plan.JsonPath == "-" ? Console.Error : Console.Out;
        BenchView view = BenchView.Create(people, plan);
        string[] files = plan.Files;
        BenchFile? made = null;
        try
        {
            if (files.Length == 0 && !plan.Load.Nop)
            {
                made = BenchFile.Create(stop);
                files = [made.Path];
                people.WriteLine($"No FILE given: made {made.Name} ({BenchFile.Bytes >> 20} MiB), removed at the end.");
            }
            PageCache.Warm(files, plan.Load, stop);
            await view.Show(_engines, () => RunRounds(files, view, stop));
        }
        finally
        {
            made?.Dispose();
        }
        view.Summarise(_engines);
        Write(made is null ? files : [made.Name]);
        return _engines.Any(engine => engine.Failure is not null) || !_engines.Any(engine => engine.HasResult) ? ToolException.Failed : 0;
    }

    /// <summary>Every second round backwards, so that no engine always runs after the same other.</summary>
    private async Task RunRounds(string[] files, BenchView view, CancellationToken stop)
    {
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach (EngineRecord engine in round % 2 == 0 ? _engines : _engines.Reverse())
            {
                if (engine.Unavailable is null)
                {
                    await RunTurn(engine, round, files, view, stop);
                }
            }
        }
    }

    private async Task RunTurn(EngineRecord engine, int round, string[] files, BenchView view, CancellationToken stop)
    {
        view.Started(engine, round);
        WorkerOrder order = new(engine.Name, files, plan.Load);
        TurnOutcome outcome = await WorkerProcess.Run(order, progress => view.Progressed(engine, round, progress), stop);
        engine.Rounds[round] = outcome.Result;
        engine.Unavailable = outcome.Unavailable;
        engine.Failure ??= outcome.Failure ?? ErrorsOf(outcome.Result);
        view.Ended(engine, round);
    }

    private static string? ErrorsOf(WorkerResult? result) =>
        result is { Errors: > 0 } ? $"{result.Errors} errors, the first: {result.FirstError}" : null;

    private void Write(string[] files)
    {
        if (plan.JsonPath is { } path)
        {
            string json = JsonSerializer.Serialize(BenchReport.Of(plan, files, _engines), ReportJson.Default.BenchReport);
            if (path == "-")
            {
                Console.Out.WriteLine(json);
            }
            else
            {
                File.WriteAllText(path, json + "\n");
            }
        }
        if (plan.PlotPath is { } plot && _engines.Any(engine => engine.HasResult))
        {
            SvgPlot.Write(plot, plan, _engines);
        }
    }
}
