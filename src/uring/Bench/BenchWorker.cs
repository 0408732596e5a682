using System.Text.Json;
using UserRing.Tool.Bench.Load;

namespace UserRing.Tool.Bench;

/// <summary>The worker's side of <see cref="WorkerProcess"/>.</summary>
internal static class BenchWorker
{
    public static int Run(TextReader input, TextWriter output)
    {
        if (input.ReadLine() is not { } line || JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerOrder) is not { } order)
        {
            throw new ToolException("bench-worker: expected one line of JSON on stdin");
        }
        EndWithParent(input);
        try
        {
            WorkerResult result = LoadRun.Measure(order, progress => Send(output, new WorkerMessage { Progress = progress }));
            Send(output, new WorkerMessage { Result = result });
        }
        catch (LoadUnavailableException refusal)
        {
            Send(output, new WorkerMessage { Unavailable = refusal.Message });
        }
        catch (Exception error)
        {
            Send(output, new WorkerMessage { Failure = $"{error.GetType().Name}: {error.Message}" });
        }
        return 0;
    }

    /// <summary>The parent keeps our stdin open and writes nothing more: its end means that there is nobody left to measure for.</summary>
    private static void EndWithParent(TextReader input)
    {
        Thread watcher = new(() =>
        {
            input.ReadLine();
            Environment.Exit(ToolException.Failed);
        }) { IsBackground = true, Name = "parent watch" };
        watcher.Start();
    }

    private static void Send(TextWriter output, WorkerMessage message)
    {
        output.WriteLine(JsonSerializer.Serialize(message, WorkerJson.Default.WorkerMessage));
        output.Flush();
    }
}
