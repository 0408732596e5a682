using System.CommandLine;
using UserRing.Tool.Bench;

namespace UserRing.Tool.Commands;

/// <summary><c>uring bench-worker</c>, hidden: one engine's turn, in a process of its own.</summary>
/// <seealso cref="WorkerProcess"/>
internal static class BenchWorkerCommand
{
    public const string Name = "bench-worker";

    public static Command Create()
    {
        Command command = new(Name, "One engine's turn: reads a specification from stdin, writes JSON lines to stdout.") { Hidden = true };
        command.SetAction(_ => BenchWorker.Run(Console.In, Console.Out));
        return command;
    }
}
