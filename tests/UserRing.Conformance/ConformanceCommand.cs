using System.CommandLine;

namespace UserRing.Conformance;

/// <summary>Which rows, on which engine, and where the report goes.</summary>
internal sealed record Request(string Engine, IReadOnlyCollection<ErrorRow> Rows, string? Json, string? PendingFile);

/// <summary>
/// The command line. Answers an exit code: 0 nothing differs but what is known to, 1 something does, 2 what was asked for makes no sense.
/// </summary>
internal static class ConformanceCommand
{
    private const int BadInput = 2;

    private static readonly string[] Engines = [TestEngines.Kernel, TestEngines.Managed, TestEngines.Copying];

    private static readonly Option<string> Engine = new("--engine")
    {
        Description = $"Which engine answers: {string.Join(", ", Engines)}.",
        HelpName = "NAME",
        Required = true,
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

    private static readonly Option<string?> WritePending = new("--write-pending")
    {
        Description = "Write the rows that differ to this file: Data/pending.txt, which keeps the tests of an unfinished engine green.",
        HelpName = "FILE",
    };

    public static int Run(string[] arguments)
    {
        RootCommand root = new("Every row of the measured errors of io_uring, asked of an engine.")
        {
            Engine, Area, Op, Row, Json, WritePending,
        };
        root.Validators.Add(result =>
        {
            Check(result.GetValue(Area), ErrorRow.Areas, "area");
            Check(result.GetValue(Op), ErrorRow.Ops, "operation");
            Check(result.GetValue(Engine), Engines, "engine");
            if (result.GetValue(Row) is { } row && ErrorRow.All.All(known => known.Name != row))
                result.AddError($"There is no row {row}.");

            void Check(string? given, IReadOnlyList<string> known, string what)
            {
                if (given is not null && !known.Contains(given, StringComparer.OrdinalIgnoreCase))
                    result.AddError($"There is no {what} {given}. Known: {string.Join(", ", known)}.");
            }
        });
        root.SetAction(parsed => Report.Make(new Request(
            parsed.GetRequiredValue(Engine).ToLowerInvariant(), Rows(parsed), parsed.GetValue(Json), parsed.GetValue(WritePending))));
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
