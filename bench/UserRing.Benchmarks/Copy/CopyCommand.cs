using System.CommandLine;
using System.Globalization;
using UserRing.Benchmarks.Traffic;
using UserRing.Tool;
using UserRing.Tool.Commands;

namespace UserRing.Benchmarks.Copy;

/// <summary><c>copy</c>: a tree of many files, made for it, is copied by rings of each engine and compared.</summary>
internal static class CopyCommand
{
    public static Command Create()
    {
        Option<string[]> engines = TrafficCommand.Engines();
        Option<int> files = Options.Number("--files", "Files in the tree.", 10_000, 1, 1_000_000);
        Option<int> seed = Options.Number("--seed", "Another seed, another tree.", 1, 0, int.MaxValue);
        Option<string?> place = Options.Text("--in", "FOLDER", "Where tree and copies are made, and removed. Default: here.");
        Command command = new("copy", "Copies a tree of files; content, permissions and links are compared.")
        {
            engines, files, seed, place,
        };
        command.SetAction((parsed, stop) => Run(
            parsed.GetValue(engines), parsed.GetValue(files), parsed.GetValue(seed), parsed.GetValue(place) ?? ".", stop));
        return command;
    }

    private static async Task<int> Run(string[]? engines, int files, int seed, string place, CancellationToken stop)
    {
        if (!Directory.Exists(place))
            return TrafficCommand.Fail("copy", $"--in {place}: no such folder", ToolException.BadInput);
        string root = Path.Combine(Path.GetFullPath(place), $".uring-copy-{Environment.ProcessId}");
        string tree = Path.Combine(root, "tree");
        CopyRun? run = null;
        try
        {
            return await TrafficCommand.RunEach(
                engines,
                (engine, token) =>
                {
                    if (!Directory.Exists(tree))
                        SampleTree.Create(tree, files, seed, token);
                    string copy = Path.Combine(root, $"copy-{Guid.NewGuid():N}");
                    Volatile.Write(ref run, new CopyRun(engine, tree, copy));
                    string text = Text(run.Run(token));
                    SampleTree.Remove(copy);
                    return text;
                },
                () => Volatile.Read(ref run) is { } now ? $"{now.Ended:N0} copied" : "making the tree",
                stop);
        }
        finally
        {
            SampleTree.Remove(root);
        }
    }

    private static string Text(CopyResult result) => string.Create(CultureInfo.InvariantCulture, $"""
        {result.Files:N0} files, {result.Folders:N0} folders, {result.Links:N0} links, {result.Bytes:N0} bytes copied, all alike; {
        result.Time.TotalSeconds:F2} s, {result.Files / result.Time.TotalSeconds:N0} files/s
        """);
}
