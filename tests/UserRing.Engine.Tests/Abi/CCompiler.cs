using System.Diagnostics;

namespace UserRing.Engine.Tests.Abi;

/// <summary>The machine's C compiler, <c>cc</c> or what CC names, fed through its standard input.</summary>
internal static class CCompiler
{
    public static bool Exists { get; } = Runs();

    /// <summary>The source with every header and macro expanded, and the macros' definitions kept.</summary>
    public static string Preprocess(string source)
    {
        (int code, string output, string errors) = Run(source, "-E", "-dD", "-P");
        Assert.True(code == 0, $"cc -E failed:\n{errors}");
        return output;
    }

    /// <summary>What the compiler says against the source; empty if it accepts it.</summary>
    public static string Check(string source)
    {
        (int code, _, string errors) = Run(source, "-fsyntax-only");
        return code == 0 ? "" : errors + $"exit code {code}";
    }

    private static (int Code, string Output, string Errors) Run(string source, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("CC") is { Length: > 0 } cc ? cc : "cc")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["-std=gnu11", "-x", "c", .. arguments, "-"])
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        // Both pipes are drained while the source goes in: the compiler may fill one before it has read everything.
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(source);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    private static bool Runs()
    {
        try
        {
            return Check("int main(void) { return 0; }\n").Length == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
