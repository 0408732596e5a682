using System.Collections.Concurrent;

namespace UserRing.Conformance;

/// <summary>Runs cases on an engine, in children, so that whatever a case does ends no other.</summary>
internal static class EngineRun
{
    // Cases mostly wait; more threads than processors shorten the run without making waits late.
    private const int Threads = 4;

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyDictionary<string, Verdict>>> Known = new();

    /// <summary>Every row on that engine, run once for all who ask.</summary>
    public static IReadOnlyDictionary<string, Verdict> Everything(string engine) =>
        Known.GetOrAdd(engine, name => new(() => Verdicts(name, ErrorRow.All).ToDictionary(verdict => verdict.Row.Name))).Value;

    public static List<Verdict> Verdicts(string engine, IReadOnlyCollection<ErrorRow> rows)
    {
        Dictionary<string, Outcome> outcomes = Outcomes(engine, rows);
        Dictionary<string, Outcome> onKernel = engine == TestEngines.Kernel
            ? []
            : Outcomes(TestEngines.Kernel, [.. rows.Where(row => Conditions.WhyOther(row) is not null)]);
        return
        [
            .. from row in rows
               let name = AllCases.Of(row.Name)?.Name ?? ""
               select Verdict.Of(engine, row, outcomes.GetValueOrDefault(name), onKernel.GetValueOrDefault(name)),
        ];
    }

    private static Dictionary<string, Outcome> Outcomes(string engine, IReadOnlyCollection<ErrorRow> rows)
    {
        List<CaseEntry> cases = [.. rows.Select(row => AllCases.Of(row.Name)).OfType<CaseEntry>().Distinct()];
        if (engine == TestEngines.Kernel && !TestEngines.HasKernel)
            return cases.ToDictionary(entry => entry.Name, entry => new Outcome(entry.Name, [], null, "the kernel refuses rings here", 0));
        var outcomes = new ConcurrentDictionary<string, Outcome>();
        Parallel.Invoke(
            () => RunTogether(engine, [.. cases.Where(entry => entry.Run == Run.Together).Select(entry => entry.Name)], outcomes),
            () => Parallel.ForEach(
                cases.Where(entry => entry.Run == Run.Alone),
                new ParallelOptions { MaxDegreeOfParallelism = 2 },
                entry => RunAlone(engine, entry.Name, outcomes)));
        return new(outcomes);
    }

    private static void RunTogether(string engine, HashSet<string> names, ConcurrentDictionary<string, Outcome> outcomes)
    {
        while (names.Count > 0)
        {
            ChildRun child = ChildRun.Of(engine, Threads, names);
            foreach (Outcome outcome in child.Outcomes)
                outcomes[outcome.Case] = outcome;
            names.ExceptWith(child.Outcomes.Select(outcome => outcome.Case));
            if (names.Count == 0)
                return;
            // One of these ended the process: alone, it shows which.
            List<string> suspects = [.. child.Running];
            if (suspects.Count == 0)
                throw new InvalidOperationException($"The cases could not be run: {child.End}");
            foreach (string name in suspects)
                RunAlone(engine, name, outcomes);
            names.ExceptWith(suspects);
        }
    }

    private static void RunAlone(string engine, string name, ConcurrentDictionary<string, Outcome> outcomes)
    {
        ChildRun child = ChildRun.Of(engine, 1, [name]);
        outcomes[name] = child.Outcomes.Count == 1 ? child.Outcomes[0] : Outcome.Failed(name, $"crash: {child.End}");
    }
}
