using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace UserRing.Conformance;

/// <summary>One child process and what it told: which cases it started and what came of those it finished.</summary>
internal sealed class ChildRun
{
    // Cases end themselves long before; this is for a process that is stuck as a whole.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private const int MostWords = 400;

    private readonly StringBuilder _errors = new();
    private readonly HashSet<string> _running = [];
    private long _lastHeard = Environment.TickCount64;

    private ChildRun()
    {
    }

    public List<Outcome> Outcomes { get; } = [];

    /// <summary>Started and not finished when the process ended.</summary>
    public IReadOnlyCollection<string> Running => _running;

    /// <summary>How the process ended, in words.</summary>
    public string End { get; private set; } = "";

    public static ChildRun Of(string engine, int threads, int secondsPerCase, IEnumerable<string> cases)
    {
        var run = new ChildRun();
        using Process process = Process.Start(StartInfo(
            "child", engine, threads.ToString(CultureInfo.InvariantCulture), secondsPerCase.ToString(CultureInfo.InvariantCulture)))!;
        process.OutputDataReceived += (_, line) => run.Hear(line.Data);
        process.ErrorDataReceived += (_, line) => run._errors.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Write(string.Join('\n', cases));
        process.StandardInput.Close();
        while (!process.WaitForExit(TimeSpan.FromSeconds(1)))
        {
            if (Environment.TickCount64 - Volatile.Read(ref run._lastHeard) > Silence.TotalMilliseconds)
                process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        string errors = run._errors.ToString().ReplaceLineEndings(" ").Trim();
        run.End = $"the process ended with {process.ExitCode} {errors[..Math.Min(errors.Length, MostWords)]}".Trim();
        return run;
    }

    /// <summary>This program once more.</summary>
    public static ProcessStartInfo StartInfo(params string[] arguments)
    {
        string self = Environment.ProcessPath!;
        bool byMuxer = Path.GetFileNameWithoutExtension(self) == "dotnet";
        string[] program = byMuxer ? ["exec", typeof(ChildRun).Assembly.Location] : [];
        return new ProcessStartInfo(self, [.. program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
    }

    private void Hear(string? line)
    {
        Volatile.Write(ref _lastHeard, Environment.TickCount64);
        if (line is null or "")
            return;
        if (line.StartsWith(CaseThreads.Started, StringComparison.Ordinal))
        {
            _running.Add(line[CaseThreads.Started.Length..]);
            return;
        }

        Outcome outcome = JsonSerializer.Deserialize<Outcome>(line)!;
        _running.Remove(outcome.Case);
        Outcomes.Add(outcome);
    }
}
