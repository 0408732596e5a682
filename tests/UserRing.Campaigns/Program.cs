using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace UserRing.Campaigns;

/// <summary>The test program; with "child SCENARIO ..." it is one of the processes that tests start.</summary>
internal static class Program
{
    private static readonly string[] PlatformArguments = ["--server", "--internal-msbuild-node"];

    public static async Task<int> Main(string[] args)
    {
        if (args is ["child", var scenario, ..])
            return Scenarios.Run(scenario, args[2..]);
        return args.Any(PlatformArguments.Contains)
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
