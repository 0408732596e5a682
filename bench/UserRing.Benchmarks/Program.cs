using System.CommandLine;
using BenchmarkDotNet.Running;
using UserRing.Benchmarks.Ratios;

namespace UserRing.Benchmarks;

/// <summary>
/// <c>ratios</c> compares the engines with the loops of bench/native in alternated runs; anything else goes to BenchmarkDotNet
/// (<c>--filter '*'</c> for all micro-benchmarks).
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["ratios", ..])
        {
            BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
            return 0;
        }
        return await new RootCommand("Micro-benchmarks and ratios.") { RatiosCommand.Create() }.Parse(arguments).InvokeAsync();
    }
}
