using System.CommandLine;
using System.Text.Json;
using UserRing.Tool.Probing;

namespace UserRing.Tool.Commands;

/// <summary><c>uring probe</c>.</summary>
internal static class ProbeCommand
{
    private const string Description = "What this machine allows, which engine Auto would take and why, and who serves which operation.";

    private static readonly Option<bool> Json = Options.Switch("--json", "As JSON.");

    public static Command Create()
    {
        Command command = new("probe", Description) { Json };
        command.SetAction(parsed => Run(parsed.GetValue(Json)));
        return command;
    }

    private static int Run(bool json)
    {
        ProbeReport report = ProbeReport.Make();
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, ProbeJson.Default.ProbeReport));
        }
        else
        {
            ProbeView.Write(report);
        }
        return 0;
    }
}
