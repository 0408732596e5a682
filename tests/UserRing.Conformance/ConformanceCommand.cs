using System.CommandLine;

namespace UserRing.Conformance;

/// <summary>Which rows, on which engine, and where the report goes.</summary>
internal sealed record Request(string Engine, IReadOnlyCollection<ErrorRow> Rows, string? Json);

/// <summary>
/// The command line. Answers an exit code: 0 nothing differs but what is known to, 1 something does, 2 what was asked for makes no sense.
/// </summary>
internal static class ConformanceCommand
{
    private const int BadInput = 2;

    private static readonly string[] Engines = [TestEngines.Kernel, TestEngines.Managed, TestEngines.Copying];

    private static readonly Option<string?> Engine = new("--engine")
    {
        Description = $"Which engine answers: {string.Join(", ", Engines)}.",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Area = new("--area")
    {
        Description = $"Only this area: {string.Join(", ", ErrorRow.Areas)}.",
        HelpName = "AREA",
    };

    private static readonly Option<string?> Op = new("--op") { Description = "Only this operation, such as READ.", HelpName = "OP" };

    private static readonly Option<string?> Row = new("--row") { Description = "Only this row, such as setup.ok.", HelpName = "ROW" };

    private static readonly Option<string?> Json = new("--json")
    {
        Description = "Also write the report as JSON to a file, or only as JSON to standard output (-).",
        HelpName = "FILE",
    };

    private static readonly Option<string?> WriteDocs = new("--write-docs")
    {
        Description = $"Ask nothing; write what is known of both engines to {ConformancePage.Path}, or to this file.",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static int Run(string[] arguments)
    {
        RootCommand root = new("Every row of the measured errors of io_uring, asked of an engine.")
        {
            Engine, Area, Op, Row, Json, WriteDocs,
        };
        Allow(Engine, Engines, "engine");
        Allow(Area, ErrorRow.Areas, "area");
        Allow(Op, ErrorRow.Ops, "operation");
        Allow(Row, [.. ErrorRow.All.Select(row => row.Name)], "row");
        root.SetAction(Run);
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not System.CommandLine.Help.HelpAction)
            return Fail(parsed.Errors[0].Message);
        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return Fail(error.Message);
        }
    }

    private static int Run(ParseResult parsed)
    {
        if (parsed.GetResult(WriteDocs) is not null)
            return ConformancePage.Write(parsed.GetValue(WriteDocs));
        if (parsed.GetValue(Engine) is not { } engine)
            return Fail($"Which engine? {Engine.Name} {string.Join(", ", Engines)}.");
        List<ErrorRow> rows = Rows(parsed);
        return rows.Count == 0
            ? Fail("No row is of that area and of that operation.")
            : Report.Make(new Request(engine.ToLowerInvariant(), rows, parsed.GetValue(Json)));
    }

    /// <summary>Refuses what is not known; names what is, unless that fills screens.</summary>
    private static void Allow(Option option, IReadOnlyList<string> known, string what) => option.Validators.Add(result =>
    {
        foreach (string given in result.Tokens.Select(token => token.Value))
        {
            if (!known.Contains(given, StringComparer.OrdinalIgnoreCase))
                result.AddError($"There is no {what} {given}.{(known.Count < 100 ? $" Known: {string.Join(", ", known)}." : "")}");
        }
    });

    private static List<ErrorRow> Rows(ParseResult parsed)
    {
        static bool Fits(string? wanted, string? has) => wanted is null || string.Equals(wanted, has, StringComparison.OrdinalIgnoreCase);
        string? area = parsed.GetValue(Area), op = parsed.GetValue(Op), name = parsed.GetValue(Row);
        return [.. ErrorRow.All.Where(row => Fits(area, row.Area) && Fits(op, row.Op) && Fits(name, row.Name))];
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"conformance: {message.ReplaceLineEndings(" ").Trim()}");
        return BadInput;
    }
}
