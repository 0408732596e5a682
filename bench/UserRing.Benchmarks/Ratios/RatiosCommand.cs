using System.CommandLine;
using System.ComponentModel;
using System.Globalization;
using UserRing.Tool.Bench;

namespace UserRing.Benchmarks.Ratios;

/// <summary>
/// <c>ratios</c>: every contest in every place, its contestants in turns, backwards every second round; a line per ratio with the median
/// over the rounds, the spread, and whether it reaches its goal. A measurement for people, never a test: it depends on the machine's mood.
/// </summary>
internal static class RatiosCommand
{
    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 5 };
    private static readonly Option<double> Seconds = new("--seconds") { DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Only = new("--only") { DefaultValueFactory = _ => "" };

    public static Command Create()
    {
        Rounds.Description = "Turns of each contestant.";
        Seconds.Description = "Seconds of a turn.";
        Only.Description = "Contests whose title has this in it.";
        Command command = new("ratios", "The engines against C loops and plain reads, in turns.") { Rounds, Seconds, Only };
        command.SetAction((parsed, stop) => Run(parsed.GetValue(Rounds), parsed.GetValue(Seconds), parsed.GetValue(Only) ?? "", stop));
        return command;
    }

    private static async Task<int> Run(int rounds, double seconds, string only, CancellationToken stop)
    {
        using NativeLoop native = new();
        foreach (Contest contest in Contest.Nops(seconds))
        {
            await Hold(contest, null, native, rounds, only, stop);
        }
        foreach (Place place in Place.All(stop))
        {
            using (place)
            {
                Contest[] contests = [.. Contest.CachedReads(seconds), .. Contest.DirectReads(seconds)];
                foreach (Contest contest in contests)
                {
                    await Hold(contest, place, native, rounds, only, stop);
                }
            }
        }
        return 0;
    }

    private static async Task Hold(Contest contest, Place? place, NativeLoop native, int rounds, string only, CancellationToken stop)
    {
        string title = place is null ? contest.Name : $"{place.Name}: {contest.Name}";
        if (!title.Contains(only, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }
        Dictionary<string, List<Turn>> turns = contest.Contestants.ToDictionary(name => name, _ => new List<Turn>());
        try
        {
            for (int round = 0; round < rounds; round++)
            {
                foreach (string name in round % 2 == 0 ? contest.Contestants : contest.Contestants.Reverse())
                {
                    turns[name].Add(await Take(name, contest.Load, place?.File, native, stop));
                }
            }
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception)
        {
            Console.WriteLine($"{title}: {failure.Message.ReplaceLineEndings(" ")}");
            return;
        }
        Report(title, contest, turns, judged: place is null or { IsReference: true });
    }

    private static async Task<Turn> Take(string name, LoadSpec load, string? file, NativeLoop native, CancellationToken stop)
    {
        if (name is Contestants.UringLoop or Contestants.PreadLoop)
        {
            return await native.Run(name, load, file, stop);
        }
        TurnOutcome outcome = await WorkerProcess.Run(new WorkerOrder(name, file is null ? [] : [file], load), _ => { }, stop);
        return outcome.Result is { Errors: 0 } result
            ? new Turn(result.Rate, result.CpuSeconds / result.Requests)
            : throw new InvalidOperationException($"{name}: {outcome.Unavailable ?? outcome.Failure ?? outcome.Result?.FirstError}");
    }

    private static void Report(string title, Contest contest, Dictionary<string, List<Turn>> turns, bool judged)
    {
        IEnumerable<string> medians = turns.Select(pair =>
            Text($"{Contestants.Title(pair.Key)} {Spread.Of([.. pair.Value.Select(turn => turn.Rate)]).Median:N0}"));
        Console.WriteLine($"{title}: {string.Join(", ", medians)}");
        foreach (RatioLine line in contest.Lines)
        {
            (Turn Over, Turn Under)[] pairs = [.. turns[line.Over].Zip(turns[line.Under])];
            Spread ratio = Spread.Of([.. pairs.Select(pair => pair.Over.Rate / pair.Under.Rate)]);
            Spread cpu = Spread.Of([.. pairs.Select(pair => pair.Under.CpuSecondsPerRequest / pair.Over.CpuSecondsPerRequest)]);
            string verdict = judged && line.Reach is { } goal ? Text($", goal {goal:F2}{(ratio.Median >= goal ? "" : " MISSED")}") : "";
            string spread = Text($"{ratio.Median:F2} ({ratio.Minimum:F2}..{ratio.Maximum:F2})");
            Console.WriteLine(Text($"  {line.Title,-18} {spread}, by CPU time {cpu.Median:F2}{verdict}"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
