using System.Diagnostics;
using System.Text;

namespace UserRing.Tests;

/// <summary>A scenario run in a process of its own, for what counts descriptors, sets limits or may end the process.</summary>
internal sealed record Child(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Runs it and expects it to succeed: what it wrote.</summary>
    public static string Succeeds(Action scenario, string[]? arguments = null, Dictionary<string, string?>? environment = null) =>
        Run(scenario.Method, arguments ?? [], environment).Checked();

    public static string Succeeds(Action<string[]> scenario, string[] arguments, Dictionary<string, string?>? environment = null) =>
        Run(scenario.Method, arguments, environment).Checked();

    public static Child Run(Action<string[]> scenario, string[] arguments, Dictionary<string, string?>? environment = null) =>
        Run(scenario.Method, arguments, environment);

    private static Child Run(System.Reflection.MethodInfo scenario, string[] arguments, Dictionary<string, string?>? environment)
    {
        string self = Environment.ProcessPath!;
        bool byMuxer = Path.GetFileNameWithoutExtension(self) == "dotnet";
        string[] program = byMuxer ? ["exec", typeof(Child).Assembly.Location] : [];
        var start = new ProcessStartInfo(self, [.. program, "child", Scenarios.NameOf(scenario), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // What the parent was told must not decide what the child's engines are.
        start.Environment.Remove("URING_ENGINE");
        foreach ((string name, string? value) in environment ?? [])
            start.Environment[name] = value;
        return Run(start);
    }

    private static Child Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
                errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            Assert.Fail($"The child did not end: {string.Join(' ', start.ArgumentList)}\n{output.Result}\n{errors}");
        }

        process.WaitForExit();
        lock (errors)
            return new Child(process.ExitCode, output.Result, errors.ToString());
    }

    private string Checked()
    {
        Assert.True(ExitCode == 0, $"The child ended with {ExitCode}.\n{Output}\n{Errors}");
        return Output;
    }
}
