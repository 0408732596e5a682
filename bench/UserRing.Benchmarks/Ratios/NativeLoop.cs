using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using UserRing.Tool.Bench;

namespace UserRing.Benchmarks.Ratios;

/// <summary>The C programs of bench/native: compiled once per run with the machine's <c>cc -O2</c>, run as often as asked.</summary>
internal sealed class NativeLoop : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("uring-native-");

    public void Dispose() => _directory.Delete(recursive: true);

    public async Task<Turn> Run(string program, LoadSpec load, string? file, CancellationToken stop)
    {
        List<string> arguments =
        [
            "--block", load.Block.ToString(CultureInfo.InvariantCulture),
            "--batch", load.Batch.ToString(CultureInfo.InvariantCulture),
            "--seconds", load.Seconds.ToString(CultureInfo.InvariantCulture),
            .. If(load.Sequential, "--sequential"), .. If(load.Direct, "--direct"), .. If(load.Nop, "--nop"), .. If(load.Fixed, "--fixed"),
        ];
        if (program == Contestants.UringLoop)
        {
            arguments.AddRange(["--depth", load.Depth.ToString(CultureInfo.InvariantCulture)]);
        }
        if (file is not null)
        {
            arguments.Add(file);
        }
        string output = await Execute(await Compile(program, stop), arguments, stop);
        using JsonDocument answer = JsonDocument.Parse(output);
        JsonElement root = answer.RootElement;
        double requests = root.GetProperty("ops").GetDouble();
        return new Turn(requests / root.GetProperty("seconds").GetDouble(), root.GetProperty("cpu_seconds").GetDouble() / requests);
    }

    private static string[] If(bool condition, string option) => condition ? [option] : [];

    private async Task<string> Compile(string program, CancellationToken stop)
    {
        string binary = Path.Combine(_directory.FullName, program);
        if (!File.Exists(binary))
        {
            string source = Path.Combine(AppContext.BaseDirectory, "native", program + ".c");
            await Execute("cc", ["-O2", "-Wall", "-Wextra", "-o", binary, source], stop);
        }
        return binary;
    }

    private static async Task<string> Execute(string program, IEnumerable<string> arguments, CancellationToken stop)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            Task<string> complaints = process.StandardError.ReadToEndAsync(stop);
            string output = await process.StandardOutput.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            return process.ExitCode == 0
                ? output
                : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}: {await complaints}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
