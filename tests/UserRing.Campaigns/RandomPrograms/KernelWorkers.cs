namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// The kernel's workers, which show among this process's threads. A request that was handed to one looks its file up there, and nothing but
/// the worker's going back to sleep tells that it has.
/// </summary>
internal static class KernelWorkers
{
    private static readonly HashSet<string> Others = [];

    public static void AwaitSleep() => Until.True(AreAsleep, "the kernel's workers go to sleep");

    private static bool AreAsleep()
    {
        lock (Others)
        {
            foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
            {
                if (!Others.Contains(task) && IsBusy(task))
                    return false;
            }
        }

        return true;
    }

    private static bool IsBusy(string task)
    {
        string stat;
        try
        {
            stat = File.ReadAllText(task + "/stat");
        }
        catch (IOException)
        {
            return false; // gone meanwhile
        }

        if (!stat.Contains("(iou-wrk", StringComparison.Ordinal))
        {
            Others.Add(task);
            return false;
        }

        return stat[stat.LastIndexOf(')') + 2] != 'S';
    }
}
