using System.Globalization;
using Spectre.Console;

namespace UserRing.Tool.Probing;

/// <summary>A probe for people.</summary>
internal static class ProbeView
{
    private const int PlainWidth = 140;

    public static void Write(ProbeReport report)
    {
        if (!Console.IsOutputRedirected)
        {
            Write(AnsiConsole.Create(new AnsiConsoleSettings()), report);
            return;
        }
        using StringWriter page = new();
        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(page), Ansi = AnsiSupport.No });
        plain.Profile.Width = PlainWidth;
        Write(plain, report);
        foreach (string line in page.ToString().Split('\n'))
        {
            // Tables fill their lines with spaces.
            Console.Out.WriteLine(line.TrimEnd());
        }
    }

    private static void Write(IAnsiConsole console, ProbeReport report)
    {
        console.Write(Machine(report.Machine));
        console.WriteLine();
        console.Write(Engines(report));
        console.WriteLine();
        console.Write(Operations(report));
    }

    private static Grid Machine(Machine machine)
    {
        Grid grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Add(grid, "kernel", machine.Kernel ?? "unknown");
        Add(grid, "io_uring_disabled", machine.IoUringDisabled switch
        {
            null => "no such switch (it came with Linux 6.6)",
            0 => "0: everybody may",
            1 => Text($"1: privileged processes may{(machine.IoUringGroup >= 0 ? Text($", and group {machine.IoUringGroup}") : "")}"),
            { } value => Text($"{value}: nobody may"),
        });
        Add(grid, "seccomp", machine.Seccomp switch
        {
            null => "unknown",
            "off" => "off",
            { } mode => $"{mode}: system calls may be refused",
        });
        Add(grid, "memlock limit", machine.MemlockBytes is { } bytes
            ? Text($"{bytes / 1024:N0} KiB{(machine.MemlockExempt ? ", lifted by CAP_IPC_LOCK" : "")}")
            : "none");
        Add(grid, "Linux AIO", machine.LinuxAioError ?? "works");
        Add(grid, "URING_ENGINE", machine.UringEngine ?? "not set");
        return grid;
    }

    private static Grid Engines(ProbeReport report)
    {
        Grid grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        foreach (EngineProbe engine in report.Engines)
        {
            Add(grid, engine.Name, engine.Available ? $"works: {string.Join(", ", engine.Features)}" : engine.Reason ?? "no");
        }
        Add(grid, "auto", report.Auto switch
        {
            { Engine: null } => $"no ring: {report.Auto.Reason}",
            { Reason: null } => $"takes {report.Auto.Engine}",
            _ => $"takes {report.Auto.Engine}: {report.Auto.Reason}",
        });
        return grid;
    }

    private static Table Operations(ProbeReport report)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("code").AddColumn("operation").AddColumn("since").AddColumn("kernel").AddColumn("managed");
        foreach (OperationProbe operation in report.Operations)
        {
            string kernel = operation.Kernel switch { true => "yes", false => "no", null => "?" };
            string[] cells = [Text($"{operation.Code}"), operation.Name, operation.Since ?? "", kernel,
                operation.Managed == "part" ? $"part: {operation.Why}" : operation.Managed];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }
        return table;
    }

    private static void Add(Grid grid, string name, string value) =>
        grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
