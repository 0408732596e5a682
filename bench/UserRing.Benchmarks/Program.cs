using System.CommandLine;
using BenchmarkDotNet.Running;
using UserRing.Benchmarks.Copy;
using UserRing.Benchmarks.Echo;
using UserRing.Benchmarks.Ratios;
using UserRing.Tool;

namespace UserRing.Benchmarks;

/// <summary>
/// <c>ratios</c> compares the engines with the loops of bench/native in alternated runs; <c>echo</c> and <c>copy</c> have them do real
/// work and check it; anything else goes to BenchmarkDotNet (<c>--filter '*'</c> for all micro-benchmarks).
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        RootCommand root = new("Ratios, real traffic; anything else is BenchmarkDotNet's.")
        {
            RatiosCommand.Create(), EchoCommand.Create(), CopyCommand.Create(),
        };
        if (arguments is [var first, ..] && (first is "--help" or "-h" || root.Subcommands.Any(command => command.Name == first)))
        {
            ParseResult parsed = root.Parse(arguments);
            if (parsed.Errors.Count == 0)
                return await parsed.InvokeAsync();
            await Console.Error.WriteLineAsync(parsed.Errors[0].Message);
            return ToolException.BadInput;
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
        return 0;
    }
}
