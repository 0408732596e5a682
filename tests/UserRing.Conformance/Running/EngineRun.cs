using System.Collections.Concurrent;

namespace UserRing.Conformance;

/// <summary>Runs cases on an engine, in children, so that whatever a case does ends no other.</summary>
internal static class EngineRun
{
    // Cases mostly wait; more threads than processors shorten the run without making waits late.
    private const int Threads = 4;

    // Seconds a case may take; waits of its own give up before.
    private const int Patience = 20;

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyDictionary<string, Verdict>>> Known = new();

    /// <summary>Every row on that engine, run once for all who ask.</summary>
    public static IReadOnlyDictionary<string, Verdict> Everything(string engine) =>
        Known.GetOrAdd(engine, name => new(() => Verdicts(name, ErrorRow.All).ToDictionary(verdict => verdict.Row.Name))).Value;

    public static List<Verdict> Verdicts(string engine, IReadOnlyCollection<ErrorRow> rows)
    {
        Dictionary<string, Outcome> outcomes = Outcomes(engine, rows);
        Dictionary<string, Outcome> onKernel = engine == TestEngines.Kernel
            ? []
            : Outcomes(TestEngines.Kernel, rows.Where(row => Conditions.WhyOther(row) is not null));
        return
        [
            .. from row in rows
               let name = AllCases.Of(row.Name)?.Name ?? ""
               select Verdict.Of(engine, row, outcomes.GetValueOrDefault(name), onKernel.GetValueOrDefault(name)),
        ];
    }

    /// <summary>Runs the cases; one that takes longer than it may is said to hang.</summary>
    public static Dictionary<string, Outcome> Outcomes(string engine, IReadOnlyCollection<CaseEntry> cases, int secondsPerCase = Patience)
    {
        var outcomes = new ConcurrentDictionary<string, Outcome>();
        void Alone(string name) => RunAlone(engine, name, secondsPerCase, outcomes);
        Parallel.Invoke(
            () => RunTogether(engine, [.. Names(cases, Run.Together)], secondsPerCase, outcomes, Alone),
            () => Parallel.ForEach(Names(cases, Run.Alone), new ParallelOptions { MaxDegreeOfParallelism = 2 }, Alone));
        return new(outcomes);
    }

    private static Dictionary<string, Outcome> Outcomes(string engine, IEnumerable<ErrorRow> rows)
    {
        List<CaseEntry> cases = [.. rows.Select(row => AllCases.Of(row.Name)).OfType<CaseEntry>().Distinct()];
        return engine != TestEngines.Kernel || TestEngines.HasKernel
            ? Outcomes(engine, cases)
            : cases.ToDictionary(entry => entry.Name, entry => new Outcome(entry.Name, [], null, "the kernel refuses rings here", 0));
    }

    private static IEnumerable<string> Names(IEnumerable<CaseEntry> cases, Run run) =>
        cases.Where(entry => entry.Run == run).Select(entry => entry.Name);

    private static void RunTogether(
        string engine, HashSet<string> names, int secondsPerCase, ConcurrentDictionary<string, Outcome> outcomes, Action<string> alone)
    {
        while (names.Count > 0)
        {
            ChildRun child = ChildRun.Of(engine, Threads, secondsPerCase, names);
            foreach (Outcome outcome in child.Outcomes)
                outcomes[outcome.Case] = outcome;
            names.ExceptWith(child.Outcomes.Select(outcome => outcome.Case));
            if (names.Count == 0)
                return;
            // One of these ended the process: alone, it shows which.
            List<string> suspects = [.. child.Running];
            if (suspects.Count == 0)
                throw new InvalidOperationException($"The cases could not be run: {child.End}");
            suspects.ForEach(alone);
            names.ExceptWith(suspects);
        }
    }

    private static void RunAlone(string engine, string name, int secondsPerCase, ConcurrentDictionary<string, Outcome> outcomes)
    {
        ChildRun child = ChildRun.Of(engine, 1, secondsPerCase, [name]);
        outcomes[name] = child.Outcomes.Count == 1 ? child.Outcomes[0] : Outcome.Failed(name, $"crash: {child.End}");
    }
}
