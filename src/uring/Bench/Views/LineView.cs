namespace UserRing.Tool.Bench.Views;

/// <summary>Plain lines, for files, pipes and terminals without cursor movement.</summary>
internal sealed class LineView(TextWriter output, BenchPlan plan) : BenchView(output, plan)
{
    public override Task Show(EngineRecord[] engines, Func<Task> rounds)
    {
        Output.WriteLine(Plan.Describe());
        return rounds();
    }

    public override void Ended(EngineRecord engine, int round)
    {
        string outcome = engine.Rounds[round] is { } result
            ? $"{Figures.Count(result.Rate)} per second{(result.Errors > 0 ? $", {Figures.Count(result.Errors)} errors" : "")}"
            : engine.Unavailable ?? engine.Failure ?? "";
        Output.WriteLine($"round {round + 1} of {Plan.Rounds}: {engine.Name}: {outcome}");
    }

    public override void Summarise(EngineRecord[] engines) => SummariseInLines(engines);
}
