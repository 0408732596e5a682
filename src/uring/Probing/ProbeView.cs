using Spectre.Console;

namespace UserRing.Tool.Probing;

/// <summary>A probe for people.</summary>
internal static class ProbeView
{
    public static void Write(ProbeReport report) => Page.Write(Console.Out, Machine(report.Machine), Engines(report), Operations(report));

    private static Grid Machine(Machine machine)
    {
        Grid grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Add(grid, "kernel", machine.Kernel ?? "unknown");
        Add(grid, "io_uring_disabled", machine.IoUringDisabled switch
        {
            null => "no such switch (it came with Linux 6.6)",
            0 => "0: everybody may",
            1 when machine.IoUringGroup >= 0 => Page.Text($"1: privileged processes may, and group {machine.IoUringGroup}"),
            1 => "1: privileged processes may",
            { } value => Page.Text($"{value}: nobody may"),
        });
        Add(grid, "seccomp", machine.Seccomp switch
        {
            null => "unknown",
            "off" => "off",
            { } mode => $"{mode}: system calls may be refused",
        });
        Add(grid, "memlock limit", machine.MemlockBytes is { } bytes
            ? Page.Text($"{bytes / 1024:N0} KiB{(machine.MemlockExempt ? ", lifted by CAP_IPC_LOCK" : "")}")
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
        Table table = Page.Table("code", "operation", "since", "kernel", "managed");
        foreach (OperationProbe operation in report.Operations)
        {
            string kernel = operation.Kernel switch { true => "yes", false => "no", null => "?" };
            string managed = operation.Managed == "part" ? $"part: {operation.Why}" : operation.Managed;
            Page.Add(table, Page.Text($"{operation.Code}"), operation.Name, operation.Since ?? "", kernel, managed);
        }
        return table;
    }

    private static void Add(Grid grid, string name, string value) =>
        grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
}
