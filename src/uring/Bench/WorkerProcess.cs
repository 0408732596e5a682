using System.Diagnostics;
using System.Text.Json;
using UserRing.Tool.Commands;

namespace UserRing.Tool.Bench;

/// <summary>How a turn ended: a result, or why the engine cannot run here, or what broke.</summary>
internal readonly record struct TurnOutcome(WorkerResult? Result, string? Unavailable, string? Failure);

/// <summary>
/// One turn in a process of its own, because an engine leaves traces in its process: .NET raises its thread pool for good, rings keep
/// threads. The worker lives no longer than its parent: it ends when its stdin does, so even a killed parent leaves nothing behind.
/// </summary>
internal static class WorkerProcess
{
    /// <summary>Beyond the measured time: start-up, warm-up, and requests that are slow to come back.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    public static async Task<TurnOutcome> Run(WorkerOrder order, Action<WorkerProgress> progress, CancellationToken stop)
    {
        using Process worker = Process.Start(StartInfo())!;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(order.Load.Seconds) + Grace);
        try
        {
            Task<string> complaints = worker.StandardError.ReadToEndAsync(limit.Token);
            await worker.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order, WorkerJson.Default.WorkerOrder));
            await worker.StandardInput.FlushAsync(limit.Token);
            WorkerMessage? last = await Listen(worker.StandardOutput, progress, limit.Token);
            await worker.WaitForExitAsync(limit.Token);
            return Judge(last, worker.ExitCode, await complaints);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new TurnOutcome(null, null, "the worker did not finish in time");
        }
        catch (IOException error) when (!stop.IsCancellationRequested)
        {
            return new TurnOutcome(null, null, $"the worker broke off: {error.Message}");
        }
        finally
        {
            await End(worker);
        }
    }

    private static async Task<WorkerMessage?> Listen(StreamReader output, Action<WorkerProgress> progress, CancellationToken stop)
    {
        WorkerMessage? last = null;
        while (await output.ReadLineAsync(stop) is { } line)
        {
            last = JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerMessage);
            if (last?.Progress is { } made)
            {
                progress(made);
            }
        }
        return last;
    }

    private static TurnOutcome Judge(WorkerMessage? last, int exitCode, string complaints)
    {
        if (last is { Result: not null } or { Unavailable: not null } or { Failure: not null })
        {
            return new TurnOutcome(last.Result, last.Unavailable, last.Failure);
        }
        string[] lines = complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new TurnOutcome(null, null, $"the worker ended with exit code {exitCode}{(lines.Length > 0 ? $": {lines[0]}" : "")}");
    }

    private static async Task End(Process worker)
    {
        if (!worker.HasExited)
        {
            worker.Kill();
            await worker.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static ProcessStartInfo StartInfo()
    {
        (string program, string? assembly) = Self();
        ProcessStartInfo info = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (assembly is not null)
        {
            info.ArgumentList.Add(assembly);
        }
        info.ArgumentList.Add(BenchWorkerCommand.Name);
        return info;
    }

    /// <summary>How to start this tool again: as itself (a native file, or its own launcher), else through the dotnet host.</summary>
    private static (string Program, string? Assembly) Self()
    {
        string process = Environment.ProcessPath ?? "dotnet";
        string launcher = Path.Combine(AppContext.BaseDirectory, "uring");
        string assembly = launcher + ".dll";
        if (!File.Exists(assembly))
        {
            return (process, null);
        }
        if (File.Exists(launcher))
        {
            return (launcher, null);
        }
        return (Path.GetFileName(process) == "dotnet" ? process : "dotnet", assembly);
    }
}
