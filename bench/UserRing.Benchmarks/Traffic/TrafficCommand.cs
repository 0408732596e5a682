using System.CommandLine;
using System.Diagnostics;
using System.Net.Sockets;
using UserRing.Engine;
using UserRing.Engine.Linux;
using UserRing.Tool;
using UserRing.Tool.Bench;

namespace UserRing.Benchmarks.Traffic;

/// <summary>
/// What the commands with real traffic share: the choice of an engine, progress on stderr, errors in one line, exit codes.
/// </summary>
internal static class TrafficCommand
{
    private const int Stopped = 130;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    public static Option<string[]> Engines() => Tool.Commands.Options.Names(
        "--engine", "NAMES", "Engines to run it on, one after the other: kernel, managed. Default: both.", BenchEngines.Rings);

    /// <summary>Runs it on each engine; 0, or what <see cref="ToolException"/> says, or 130 if it was stopped.</summary>
    /// <param name="chosen">Names of engines; none: all.</param>
    /// <param name="run">Does the work and answers the line to be printed.</param>
    /// <param name="progress">How far it is.</param>
    /// <param name="stop">Ends it early.</param>
    public static async Task<int> RunEach(
        string[]? chosen, Func<IRingEngine, CancellationToken, string> run, Func<string> progress, CancellationToken stop)
    {
        foreach (string name in chosen is null or [] ? BenchEngines.Rings : chosen)
        {
            try
            {
                IRingEngine engine = name == BenchEngines.Kernel ? RingEngines.Kernel : RingEngines.Managed;
                Task<string> running = Task.Factory.StartNew(
                    () => run(engine, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                await Watch(name, running, progress);
                Console.WriteLine($"{name}: {await running}");
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return Fail(name, "stopped", Stopped);
            }
            catch (ToolException error)
            {
                return Fail(name, error.Message, error.ExitCode);
            }
            catch (Exception error) when (error is TrafficException or RingException or IOException or UnauthorizedAccessException
                or SocketException)
            {
                return Fail(name, error.Message, ToolException.Failed);
            }
        }

        return 0;
    }

    /// <summary>Raises the limit of open descriptors as far as need be; a <see cref="ToolException"/> says that it may not.</summary>
    public static void RequireDescriptors(int count)
    {
        if (Libc.Getrlimit(Libc.RLIMIT_NOFILE, out ulong soft, out ulong hard) < 0 || soft >= (ulong)count)
            return;
        if (Libc.Setrlimit(Libc.RLIMIT_NOFILE, (ulong)count, Math.Max(hard, (ulong)count)) < 0)
        {
            throw new ToolException(
                $"needs {count} open descriptors, and no more than {hard} are allowed (ulimit -Hn)", ToolException.Failed);
        }
    }

    private static async Task Watch(string name, Task running, Func<string> progress)
    {
        long start = Stopwatch.GetTimestamp();
        string clear = Console.IsErrorRedirected ? "" : "\r\e[K";
        while (await Task.WhenAny(running, Task.Delay(Step)) != running)
        {
            string line = $"{name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s, {progress()}";
            if (Console.IsErrorRedirected)
                await Console.Error.WriteLineAsync(line);
            else
                await Console.Error.WriteAsync(clear + line);
        }

        await Console.Error.WriteAsync(clear);
    }

    /// <summary>One line on stderr: the exit code.</summary>
    public static int Fail(string who, string message, int exitCode)
    {
        Console.Error.WriteLine($"{who}: {message.ReplaceLineEndings(" ").Trim()}");
        return exitCode;
    }
}
