namespace UserRing.Conformance;

/// <summary>Every case on both engines. The runs are made once, in children; each test looks at the rows of one case.</summary>
public sealed class RowTests
{
    public static TheoryData<string> Names => [.. AllCases.Entries.Select(entry => entry.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Kernel_answers_as_measured(string name) => Check(TestEngines.Kernel, name);

    [Theory, MemberData(nameof(Names))]
    public void Managed_engine_answers_as_measured(string name) => Check(TestEngines.Managed, name);

    [Fact]
    public void Every_row_belongs_to_one_case()
    {
        ILookup<string, string> cases = AllCases.Entries
            .SelectMany(entry => entry.Rows, (entry, row) => (entry, row))
            .ToLookup(pair => pair.row, pair => pair.entry.Name);
        Assert.Empty(cases.Where(row => row.Count() > 1).Select(row => $"{row.Key}: {string.Join(", ", row)}"));
        Assert.Empty(cases.Select(row => row.Key).Except(ErrorRow.All.Select(row => row.Name)));
        Assert.Empty(ErrorRow.All.Where(row => !cases.Contains(row.Name)).Select(row => row.Name));
    }

    [Fact]
    public void Row_that_continues_another_is_in_its_case() => Assert.Empty(
        from row in ErrorRow.All
        where row.Follows is not null && AllCases.Of(row.Name) is { } entry && entry != AllCases.Of(row.Follows)
        select $"{row.Name} is not in the case of {row.Follows}");

    [Fact]
    public void Every_error_was_seen_not_to_come_without_its_cause() => Assert.Empty(
        from verdict in EngineRun.Everything(TestEngines.Kernel).Values
        where verdict.Lacks is not null
        select $"{verdict.Row.Name} lacks {verdict.Lacks}");

    [Fact]
    public void Known_differences_are_those_there_are()
    {
        IReadOnlyDictionary<string, Verdict> managed = EngineRun.Everything(TestEngines.Managed);
        Assert.Empty(KnownDifferences.All.Keys.Where(row => managed[row].Standing == Standing.Same).Select(row => $"{row} is met"));
        Assert.Empty(managed.Values.Where(verdict => verdict.IsUnexplained).Select(verdict => verdict.ToString()));
    }

    [Fact]
    public void Rows_are_counted_once()
    {
        Assert.Equal(1209, ErrorRow.All.Count);
        Assert.Equal(ErrorRow.All.Count, ErrorRow.All.DistinctBy(row => row.Name).Count());
    }

    private static void Check(string engine, string name)
    {
        IReadOnlyDictionary<string, Verdict> all = EngineRun.Everything(engine);
        List<Verdict> verdicts = [.. AllCases.Of(name)!.Rows.Select(row => all[row])];
        Assert.Empty(verdicts.Where(verdict => verdict.IsUnexplained).Select(verdict => verdict.ToString()));
        // A known difference is no lack of this machine's: it is as it is listed, which is all there is to see.
        if (engine != TestEngines.Kernel)
        {
            Assert.DoesNotContain(
                verdicts, verdict => verdict.Standing == Standing.Same && KnownDifferences.All.ContainsKey(verdict.Row.Name));
        }

        Verdict? notRun = verdicts.Find(verdict => verdict.Standing == Standing.NotRun);
        Requirements.SkipUnless(notRun is null, $"{notRun}");
    }
}
