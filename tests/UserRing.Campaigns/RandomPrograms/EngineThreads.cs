using System.Globalization;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// The threads of both engines, as the system shows them among this process's. A completion may be seen before what follows from it has
/// been done, and a request that was handed to a worker looks its file up there: nothing but the threads' going to sleep tells that it has.
/// </summary>
internal static class EngineThreads
{
    private static readonly string[] Names = ["iou-wrk", "uring-"];

    /// <summary>
    /// Each sleeps and has not run since it was last looked at: one that was passed over may have been woken by one that was still running,
    /// so that a single look shows nothing.
    /// </summary>
    public static void AwaitSleep()
    {
        string? before = null;
        Until.True(
            () =>
            {
                string? now = AllAsleep();
                bool isSame = now is not null && now == before;
                before = now;
                return isSame;
            },
            "the engines' threads go to sleep");
    }

    /// <summary>How often each of them has gone to sleep; null if one is awake.</summary>
    private static string? AllAsleep()
    {
        string sleeps = "";
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string status;
            try
            {
                status = File.ReadAllText(task + "/status");
            }
            catch (IOException)
            {
                continue; // gone meanwhile
            }

            if (!Array.Exists(Names, name => status.StartsWith("Name:\t" + name, StringComparison.Ordinal)))
                continue;
            if (!status.Contains("\nState:\tS", StringComparison.Ordinal))
                return null;
            int switches = status.IndexOf("\nvoluntary_ctxt_switches:", StringComparison.Ordinal);
            sleeps += string.Create(CultureInfo.InvariantCulture, $"{task}{status.AsSpan(switches)}");
        }

        return sleeps;
    }
}
