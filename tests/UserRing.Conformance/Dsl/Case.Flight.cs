using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>Requests that wait, and others that find them. Each pair has a ring of its own, so that a control disturbs nothing.</summary>
internal sealed partial class Case
{
    /// <summary>User_data of a request that waits, for those who look for it.</summary>
    public const ulong Waiting = 7;

    private const ulong Finding = 8;

    /// <summary>Submits a request that waits, as <see cref="Waiting"/>, then another: the other's res.</summary>
    public int Beside(in Sqe waiting, in Sqe sqe)
    {
        SeamRing ring = NewRing();
        return Beside(ring, waiting, sqe);
    }

    public int Beside(SeamRing ring, in Sqe waiting, in Sqe sqe)
    {
        Assert.Equal(1, Submit(ring, waiting with { UserData = Waiting }));
        Assert.Equal(1, Submit(ring, sqe with { UserData = Finding }));
        Cqe cqe;
        // The completion of the one that was found may come first.
        do
            cqe = ring.Take();
        while (cqe.UserData != Finding);
        return cqe.Res;
    }

    /// <summary>The other request without, then with a fault: its res with it.</summary>
    public long FaultBeside(in Sqe waiting, in Sqe good, Fault<Sqe> fault)
    {
        Sqe bad = good;
        fault(ref bad);
        return Unlike(Beside(waiting, good), Beside(waiting, bad));
    }

    /// <summary>Submits a request that waits, then another that ends it: the first one's res.</summary>
    public int Ended(in Sqe waiting, in Sqe sqe)
    {
        SeamRing ring = NewRing();
        Assert.Equal(1, Submit(ring, waiting with { UserData = Waiting }));
        Assert.Equal(1, Submit(ring, sqe with { UserData = Finding }));
        return ring.Results(2)[Waiting];
    }

    /// <summary>
    /// Until a worker has what this thread gave it last, and either sleeps in it or has found a better place for it. The kernel's workers
    /// show when they sleep; another engine's get some time.
    /// </summary>
    public void AwaitWorker(SeamRing ring)
    {
        const int EnoughMilliseconds = 2000, Some = 30;
        string worker = $"iou-wrk-{Libc.Gettid()}";
        if (Engine != TestEngines.Kernel || !SpinWait.SpinUntil(() => IsAsleep(worker), EnoughMilliseconds))
            ring.StaysQuiet(Some);
    }

    private static bool IsAsleep(string thread)
    {
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                string stat = System.IO.File.ReadAllText(Path.Combine(task, "stat"));
                int end = stat.LastIndexOf(')');
                if (stat[(stat.IndexOf('(') + 1)..end] == thread && stat[end + 2] == 'S')
                    return true;
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return false;
    }
}
