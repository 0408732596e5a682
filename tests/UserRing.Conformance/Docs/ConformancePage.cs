using System.Globalization;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>
/// docs/conformance.md: what the engine's own tables, the rows and the lists of differences say, so that it cannot say more. Nothing on it
/// depends on the machine or on a run.
/// </summary>
internal sealed class ConformancePage
{
    /// <summary>Where it lies in the repository.</summary>
    public const string Path = "docs/conformance.md";

    /// <summary>What writes it.</summary>
    public const string Command = "dotnet run -c Release --project tests/UserRing.Conformance -- --write-docs";

    private static readonly OperationReport[] Operations =
        [.. Enumerable.Range(0, OpcodeNames.Count).Select(code => new OperationReport((Opcode)code))];

    private readonly StringBuilder _text = new();

    private ConformancePage()
    {
    }

    public static string Text { get; } = new ConformancePage().Make();

    /// <summary>Writes the page to a file, or to its place; an exit code.</summary>
    public static int Write(string? file)
    {
        file ??= RepositoryRoot.Combine(Path);
        File.WriteAllText(file, Text);
        Console.Out.WriteLine($"wrote {file}");
        return 0;
    }

    private string Make()
    {
        Line($"""
            # Conformance

            What of io_uring the two engines do, and where the managed one differs from Linux 6.18. Written by
            `{Command}`
            from the engine's own tables, the measured rows and the lists of known differences; a test fails while it is out of date.

            *kernel* is the first Linux that has the item. The kernel engine passes every call on: it has what the running kernel has.
            The managed engine does what 6.18 does: *yes* is all of it, *part* all but what is said, *no* is refused, as 6.18 refuses what
            it does not know. A flag or register command gives EINVAL, an operation EOPNOTSUPP (EINVAL if it is newer); a feature bit is
            not set.

            """);
        Summary();
        foreach (SupportTable table in SupportTable.All)
            Items(table);
        OperationTable();
        Areas();
        Differences();
        return _text.ToString();
    }

    private void Summary()
    {
        Header("managed", "yes>", "part>", "no>", "newer than 6.18>");
        foreach (SupportTable table in SupportTable.All)
            Count(table.Title, table.Lines.Select(line => line.Managed));
        Count("Operations", Operations.Select(operation => operation.Managed));
        Line("");

        void Count(string title, IEnumerable<(OperationState State, string? Why)> items)
        {
            ILookup<OperationState, string?> by = items.ToLookup(item => item.State, item => item.Why);
            int refused = by[OperationState.Refused].Count(), newer = by[OperationState.Refused].Count(IsNewer);
            Cells(title, by[OperationState.Full].Count(), by[OperationState.Part].Count(), refused - newer, newer);
        }
    }

    private void Items(SupportTable table)
    {
        Line($"## {table.Title} (`{table.Prefix}`)\n");
        Header(table.AreBits ? "bit>" : "number>", "name", "kernel", "managed");
        foreach (SupportLine line in table.Lines)
        {
            AbiItem item = line.Item;
            string number = table.AreBits || item.Value >= int.MaxValue
                ? string.Create(CultureInfo.InvariantCulture, $"`0x{item.Value:x}`")
                : item.Value.ToString(CultureInfo.InvariantCulture);
            Cells(number, item.Name[table.Prefix.Length..], item.Since, Words(line.Managed));
        }

        Line("");
    }

    private void OperationTable()
    {
        Line("""
            ## Operations (`IORING_OP_`)

            *waits*: where the managed engine keeps a request that cannot be finished when it is submitted (inline: there is no such
            request; poll: or, on a file without readiness, a worker). *rows*: how many measured rows are about the operation.

            """);
        Header("code>", "name", "kernel", "managed", "waits", "rows>", "different>");
        foreach (OperationReport operation in Operations)
        {
            RowCounts counts = RowCounts.Of(ErrorRow.All.Where(row => row.Op == operation.Name));
            bool refused = operation.Managed.State == OperationState.Refused;
            Cells(
                operation.Code, operation.Name, operation.Since, Words(operation.Managed), refused ? "" : operation.Waits, counts.Rows,
                counts.Different);
        }

        Line("");
    }

    private void Areas()
    {
        Line($"""
            ## Measured rows

            A row of `tests/UserRing.Conformance/Data/errors.json` is what Linux 6.18 answered to a few steps. The tests ask all of them of
            both engines; a row with an errno is also asked without its fault, and must then be answered otherwise.
            *same*: as measured, or a test fails. *different*: for the reasons below.

            """);
        Header("area", "rows>", "same>", "different>");
        foreach (string area in ErrorRow.Areas)
            Count($"`{area}`", ErrorRow.All.Where(row => row.Area == area));
        Count("all", ErrorRow.All);
        Line("");
        Line("Some need the machine they were measured on; elsewhere the managed engine is held to the kernel's answers there, if any:\n");
        Line("- all: Linux 6.18 and root; a few name a capability that root may have been deprived of.");
        foreach (IGrouping<string?, ErrorRow> needs in ErrorRow.All.Where(row => row.DependsOn is not null).GroupBy(row => row.DependsOn))
            Line($"- {Needs(needs.Key)}: {string.Join(", ", needs.Select(row => $"`{row.Name}`"))}.");
        Line("");

        void Count(string title, IEnumerable<ErrorRow> rows)
        {
            RowCounts counts = RowCounts.Of(rows);
            Cells(title, counts.Rows, counts.Same, counts.Different);
        }
    }

    private static string Needs(string? condition) => condition switch
    {
        "timing" => "a machine that is not stalled while they run",
        _ => $"{condition} where the tests lie",
    };

    private void Differences()
    {
        Line("## Known differences\n");
        Line("What no row shows is in [the architecture](architecture.md#what-is-known-to-be-weaker-than-the-kernel).\n");
        Dictionary<string, ErrorRow> rows = ErrorRow.All.ToDictionary(row => row.Name);
        foreach (IGrouping<string, string> reason in KnownDifferences.All.GroupBy(pair => pair.Value.Reason, pair => pair.Key))
        {
            Line($"- {Plain(reason.Key)}");
            foreach (ErrorRow row in reason.Select(name => rows[name]))
                Line($"  - `{row.Name}`: {Plain(row.Steps)}. Kernel: {row.Errno ?? Plain(row.Expected)} ({row.Where}).");
        }

        Line("\n## Corrections\n");
        Line(Corrections.All.Count == 0
            ? "No row was measured again with another outcome."
            : "Rows that were measured again, with another outcome; the engines are held to it.\n");
        foreach ((string name, Correction correction) in Corrections.All)
            Line($"- `{name}`: {Plain(rows[name].Steps)}. Kernel: {Plain(correction.Value)}: {Plain(correction.Reason)}");
    }

    private static bool IsNewer(string? why) => why is OpFacts.Newer or OpFacts.NewerThere;

    private static string Words((OperationState State, string? Why) managed) => managed.State switch
    {
        OperationState.Full => "yes",
        OperationState.Part => $"part: {managed.Why}",
        _ => $"no: {managed.Why}",
    };

    /// <summary>The head of a table; numbers stand on the right, in columns marked with &gt;.</summary>
    private void Header(params IReadOnlyList<string> titles)
    {
        Cells([.. titles.Select(title => title.TrimEnd('>'))]);
        Line($"|{string.Concat(titles.Select(title => title.EndsWith('>') ? "--:|" : "---|"))}");
    }

    private void Cells(params IEnumerable<object> cells) => Line($"| {string.Join(" | ", cells.Select(Cell))} |");

    private static string Cell(object cell) => Plain($"{cell}").Replace("|", "\\|", StringComparison.Ordinal);

    private void Line(string text) => _text.Append(text).Append('\n');

    private static string Plain(string text) => text.Replace("<", "&lt;", StringComparison.Ordinal);

    /// <summary>An operation as the page shows it.</summary>
    private sealed record OperationReport(int Code, string Name, string Since, (OperationState State, string? Why) Managed, string Waits)
    {
        public OperationReport(Opcode opcode)
            : this(opcode, ManagedEngine.Describe(opcode))
        {
        }

        private OperationReport(Opcode opcode, OperationSupport support)
            : this(
                (int)opcode, OpcodeNames.NameOf(opcode), OpcodeNames.SinceOf(opcode)!, (support.State, support.Why),
                support.Waits.ToString().ToLowerInvariant())
        {
        }
    }
}
