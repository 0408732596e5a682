using System.CommandLine;
using System.Text.Json;
using UserRing.Tool.Probing;

namespace UserRing.Tool.Commands;

/// <summary><c>uring ops</c>.</summary>
internal static class OpsCommand
{
    private const string Description = "Every operation: since which Linux it is there, how much of it is managed, and where it waits.";

    private static readonly Option<bool> Json = Options.Switch("--json", "As JSON.");

    public static Command Create()
    {
        Command command = new("ops", Description) { Json };
        command.SetAction(parsed => Write(parsed.InvocationConfiguration.Output, parsed.GetValue(Json)));
        return command;
    }

    private static void Write(TextWriter output, bool json)
    {
        OperationReport[] operations = OperationReport.All();
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(operations, ProbeJson.Default.OperationReportArray));
            return;
        }
        var table = Page.Table("code", "operation", "since", "managed", "waits", "why");
        foreach (OperationReport operation in operations)
        {
            string waits = operation.Managed == "refused" ? "" : operation.Waits;
            Page.Add(
                table, Page.Text($"{operation.Code}"), operation.Name, operation.Since ?? "", operation.Managed, waits,
                operation.Why ?? "");
        }
        Page.Write(output, table);
    }
}
