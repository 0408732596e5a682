using System.CommandLine;
using System.Runtime.InteropServices;
using UserRing.Tool.Commands;

namespace UserRing.Tool;

/// <summary>
/// Parses, runs, and answers an exit code: 0 done, 1 something went wrong while running, 2 what was asked for makes no sense, 130 stopped
/// by a signal. Whatever goes wrong is one line on stderr.
/// </summary>
internal static class Program
{
    private const int Stopped = 130;

    private static async Task<int> Main(string[] arguments)
    {
        RootCommand root = new("io_uring on this machine: what it can do, and how fast its engines are.")
        {
            ProbeCommand.Create(),
            OpsCommand.Create(),
            BenchCommand.Create(),
            BenchWorkerCommand.Create(),
        };
        ParseResult parsed = root.Parse(
            arguments.Length == 0 ? ["--help"] : arguments,
            new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            // Of several complaints the most telling: a word nobody knows also makes the parser miss a command.
            string? unknown = parsed.UnmatchedTokens.Count > 0 ? $"{parsed.UnmatchedTokens[0]}: no such command or option" : null;
            return Fail(unknown ?? parsed.Errors[0].Message, ToolException.BadInput);
        }
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, stop);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP, stop);
        return await Run(parsed, stop.Token);
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken stop)
    {
        // Signals are ours (above): a temporary file has to go before the process does, however long that takes.
        InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parsed.InvokeAsync(configuration, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Stopped;
        }
        catch (ToolException error)
        {
            return Fail(error.Message, error.ExitCode);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return Fail(error.Message, ToolException.Failed);
        }
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });

    private static int Fail(string message, int exitCode)
    {
        Console.Error.WriteLine($"uring: {message.ReplaceLineEndings(" ").Trim()}");
        return exitCode;
    }
}
