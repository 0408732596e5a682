using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace UserRing.Conformance;

/// <summary>What a child does: runs the cases named on its input, several at a time, and tells of each as a line of its output.</summary>
internal static class CaseThreads
{
    /// <summary>Begins the line that says a case was started; the line that ends it is an <see cref="Outcome"/>.</summary>
    public const string Started = "started ";

    private static readonly Lock Output = new();

    public static int RunNamed(string engine, int threads, TimeSpan patience)
    {
        var names = new ConcurrentQueue<string>(Console.In.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        bool alone = names.Count == 1;
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() => Work(engine, names, patience, alone)))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();
        return 0;
    }

    private static void Work(string engine, ConcurrentQueue<string> names, TimeSpan patience, bool alone)
    {
        while (names.TryDequeue(out string? name))
        {
            CaseEntry entry = AllCases.Of(name) ?? SelfCases.Of(name)
                ?? throw new ArgumentException($"There is no case {name}.", nameof(names));
            Say(Started + name);
            Say(JsonSerializer.Serialize(RunOne(engine, entry, patience, alone)));
        }
    }

    private static Outcome RunOne(string engine, CaseEntry entry, TimeSpan patience, bool alone)
    {
        Outcome? outcome = null;
        // A new thread is a new task: registered rings, the owner of SINGLE_ISSUER.
        var thread = new Thread(() => outcome = RunHere(engine, entry, alone && entry.Run == Run.Alone)) { IsBackground = true };
        thread.Start();
        return thread.Join(patience) ? outcome! : Outcome.Failed(entry.Name, "hang");
    }

    private static Outcome RunHere(string engine, CaseEntry entry, bool alone)
    {
        string? failure = null, notRun = null;
        long start = Stopwatch.GetTimestamp();
        using var it = new Case(engine, alone);
        try
        {
            entry.Body(it);
        }
        catch (NotRunException reason)
        {
            notRun = reason.Message;
        }
        catch (Exception error)
        {
            failure = Describe(error);
        }

        return new(entry.Name, [.. it.Answers], failure, notRun, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>One line: the message, and where in the case it happened.</summary>
    private static string Describe(Exception error)
    {
        StackFrame? frame = new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(frame => frame.GetFileName()?.Contains("/Cases/", StringComparison.Ordinal) == true);
        string where = frame is null ? "" : $" ({Path.GetFileName(frame.GetFileName())}:{frame.GetFileLineNumber()})";
        string kind = error.GetType().Namespace == "Xunit.Sdk" ? "" : error.GetType().Name + ": ";
        return $"{kind}{error.Message.ReplaceLineEndings(" ")}{where}";
    }

    private static void Say(string line)
    {
        lock (Output)
            Console.Out.WriteLine(line);
    }
}
