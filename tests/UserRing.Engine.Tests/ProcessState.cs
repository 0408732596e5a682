using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>
/// What a process holds that a ring may leave behind: open descriptors, mappings of ring memory, engine threads, charged pages. Only
/// comparable in a process in which nothing else goes on.
/// </summary>
internal sealed unsafe record ProcessState(string Descriptors, string Mappings, string Threads, long ChargedPages)
{
    // One poller and a timer for each clock belong to the process, from the first request on that waits.
    private static readonly string[] OfProcess = ["[eventpoll]", "[timerfd]"];
    private const int MostOfProcess = 1 + 3;

    // By which this list is read, and which the runtime opens for itself when it comes to need them.
    private static readonly string[] OfRuntime = ["/fd", ".dll", ".so", "/dev/urandom"];

    /// <param name="threads">Which of the engine's threads count, by the beginning of their name.</param>
    public static ProcessState Now(string threads = "uring-")
    {
        // The engine's copies go through a pipe of the process's, made with the first of them.
        int copied = 0;
        Assert.Equal(0, SelfCaller.Instance.CopyOut((nuint)(&copied), [1, 0, 0, 0]));
        return new ProcessState(OpenDescriptors(), RingMappings(), EngineThreads(threads), Charged());
    }

    /// <summary>As it is once the rings that were released are gone; their memory is the last that goes.</summary>
    public static ProcessState Settled(string threads = "uring-")
    {
        Until.True(() => RingMappings().Length == 0 && EngineThreads("uring-sqp").Length == 0, "released rings are gone");
        return Now(threads);
    }

    /// <summary>Engine threads let go of a released ring in their own time, hence within bounds.</summary>
    public void AwaitReturn(string threads = "uring-")
    {
        ProcessState now = Now(threads);
        SpinWait.SpinUntil(() => (now = Now(threads)) == this, SeamRing.Patience);
        Assert.Equal(this, now);
    }

    /// <summary>The sum of all charges: the lowest limit under which a charge of no pages is admitted.</summary>
    public static long Charged()
    {
        long low = 0, high = 1L << 32;
        while (low < high)
        {
            long middle = (low + high) / 2;
            var asker = new FailingCaller { MemlockPages = middle };
            if (MemlockCharge.TryTake(asker, 0, exempt: false, out _) == 0)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>Bytes of address space, as RLIMIT_AS counts them.</summary>
    public static ulong AddressSpace()
    {
        string pages = File.ReadAllText("/proc/self/statm").Split(' ')[0];
        return ulong.Parse(pages) * (ulong)Environment.SystemPageSize;
    }

    /// <summary>Collects until what was forgotten is finalized and <paramref name="done"/> says so.</summary>
    public static void AwaitFinalizers(Func<bool> done)
    {
        bool Collected()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return done();
        }

        Until.True(Collected, "what was forgotten is gone");
    }

    private static string OpenDescriptors()
    {
        List<string> open = [];
        int ofProcess = 0;
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            string? target = TryRead(() => new FileInfo(path).LinkTarget);
            if (target is null)
                continue;
            if (OfProcess.Any(end => target.EndsWith(end, StringComparison.Ordinal)))
                ofProcess++;
            else if (!OfRuntime.Any(end => target.EndsWith(end, StringComparison.Ordinal)))
                open.Add($"{Path.GetFileName(path)} {target}");
        }

        if (ofProcess > MostOfProcess)
            open.Add($"{ofProcess} pollers and timers");
        open.Sort(StringComparer.Ordinal);
        return string.Join('\n', open);
    }

    private static string RingMappings() => string.Join('\n', File.ReadLines("/proc/self/maps").Where(line => line.Contains("io_uring")));

    private static string EngineThreads(string beginning)
    {
        IEnumerable<string?> names = Directory.GetDirectories("/proc/self/task")
            .Select(task => TryRead(() => File.ReadAllText($"{task}/comm").Trim()))
            .Where(name => name is not null && name.StartsWith(beginning, StringComparison.Ordinal));
        return string.Join(' ', names.Order(StringComparer.Ordinal));
    }

    /// <summary>Threads and descriptors may go while they are looked at.</summary>
    private static string? TryRead(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>A soft limit of this process, lowered for the time of a call. The process must have nothing else to do.</summary>
internal static class Lowered
{
    public static T Limit<T>(int resource, ulong soft, Func<T> call)
    {
        Assert.Equal(0, Libc.Getrlimit(resource, out ulong before, out ulong hard));
        Assert.Equal(0, Libc.Setrlimit(resource, soft, hard));
        try
        {
            return call();
        }
        finally
        {
            _ = Libc.Setrlimit(resource, before, hard);
        }
    }
}
