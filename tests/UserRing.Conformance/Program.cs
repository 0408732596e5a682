using System.Globalization;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace UserRing.Conformance;

/// <summary>
/// The conformance program (--engine ...); with xunit's options (-class ...) or under the test platform, the tests; with "child" or
/// "attach", a process that either started.
/// </summary>
internal static class Program
{
    private static readonly string[] PlatformArguments = ["--server", "--internal-msbuild-node"];

    public static async Task<int> Main(string[] args)
    {
        if (args is ["child", var engine, var threads, var seconds])
            return CaseThreads.RunNamed(engine, Number(threads), TimeSpan.FromSeconds(Number(seconds)));
        if (args is ["attach", var of, var ring])
            return SetupPlaceCases.AttachHere(of, ring);
        if (args.Any(PlatformArguments.Contains))
            return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        if (args is [['-', not '-', _, ..], ..])
            return await ConsoleRunner.Run(args);
        return ConformanceCommand.Run(args);
    }

    private static int Number(string argument) => int.Parse(argument, CultureInfo.InvariantCulture);
}
