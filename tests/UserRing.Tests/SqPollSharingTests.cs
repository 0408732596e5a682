using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Whose thread polls: which processor it runs on, how long it stays awake, and that several rings can have one.</summary>
public sealed class SqPollSharingTests
{
    private const uint LongMs = 60_000, ShortMs = 20;

    [Theory, EveryEngine]
    public void A_new_thread_sleeps_until_it_is_woken(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        Until.True(() => ring.SqFlags == SqRingFlags.NeedWakeup, "it says that it sleeps");
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWakeup));
        Until.True(() => ring.SqFlags == 0, "it is awake");
        ring.Nops(1);
        ring.Publish();
        Until.True(() => ring.Ready == 1, "it takes what comes");
        Assert.Equal(SqRingFlags.None, ring.SqFlags);
    }

    [Theory]
    [EveryEngine(100_000u)]
    [EveryEngine(uint.MaxValue)]
    [EveryEngine(8191u)]
    public void A_processor_that_is_not_there_is_refused(string engine, uint cpu)
    {
        Assert.Equal(-Errno.EINVAL, TrySetup(engine, SetupFlags.SqPoll | SetupFlags.SqAff, cpu: cpu));
        Assert.Equal(0, TrySetup(engine, SetupFlags.SqPoll, cpu: cpu)); // not looked at
    }

    [Theory, EveryEngine]
    public void A_processor_without_a_thread_is_refused(string engine)
    {
        Assert.Equal(-Errno.EINVAL, TrySetup(engine, SetupFlags.SqAff));
        Assert.Equal(-Errno.EINVAL, TrySetup(engine, SetupFlags.SqAff | SetupFlags.Clamp, cpu: 100_000));
    }

    [Theory, EveryEngine]
    public void The_thread_runs_on_the_processor_that_was_asked_for(string engine) => Child.Succeeds(Pinned, [engine]);

    [Scenario]
    private static void Pinned(string[] arguments)
    {
        int cpu = Environment.ProcessorCount - 1;
        RingParams parameters = SeamRing.Parameters(SetupFlags.SqPoll | SetupFlags.SqAff, idleMs: LongMs);
        parameters.SqThreadCpu = (uint)cpu;
        using var ring = new SeamRing(TestEngines.Get(arguments[0]), 8, parameters);
        string task = Assert.Single(PollingThreads());
        string allowed = File.ReadLines($"{task}/status").Single(line => line.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
        Assert.Equal(cpu.ToString(), allowed.Split(':')[1].Trim());
        ring.Nops(1);
        ring.PublishAndWake();
        Assert.Equal(0, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Attached_rings_have_one_thread_which_ends_with_the_last(string engine) => Child.Succeeds(Shared, [engine]);

    [Scenario]
    private static void Shared(string[] arguments)
    {
        var first = new SeamRing(arguments[0], 8, SetupFlags.SqPoll, idleMs: LongMs);
        using SeamRing second = Attached(first), third = Attached(second);
        Assert.Single(PollingThreads());
        foreach (SeamRing ring in (SeamRing[])[second, third, first])
        {
            ring.Nops(1);
            ring.PublishAndWake();
            Until.True(() => ring.Ready == 1, "each is served");
        }

        first.Dispose();
        second.Nops(2);
        second.PublishAndWake();
        Until.True(() => second.Ready == 2, "the others go on without the first");
        second.Dispose();
        third.Nops(3);
        third.PublishAndWake();
        Until.True(() => third.Ready == 2, "so does the last");
        third.Dispose();
        Until.True(() => PollingThreads().Count == 0, "the thread ends");
    }

    [Theory, EveryEngine]
    public void Waking_one_ring_wakes_the_thread_for_all(string engine)
    {
        using var first = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: ShortMs);
        using SeamRing second = Attached(first, ShortMs);
        Until.True(() => first.SqFlags == SqRingFlags.NeedWakeup && second.SqFlags == SqRingFlags.NeedWakeup, "it sleeps, as both say");
        second.Nops(1);
        second.Publish();
        Assert.True(second.StaysQuiet(20));
        Assert.Equal(0, first.Enter(0, 0, EnterFlags.SqWakeup));
        Until.True(() => second.Ready == 1, "the other is served as well");
    }

    [Theory, EveryEngine]
    public void The_longest_idle_time_counts_for_all(string engine)
    {
        using var first = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: 1);
        using SeamRing second = Attached(first, 200);
        first.Nops(1);
        first.PublishAndWake();
        Until.True(() => first.Ready == 1, "it is awake");
        long start = Stopwatch.GetTimestamp();
        Until.True(() => (first.SqFlags & second.SqFlags) == SqRingFlags.NeedWakeup, "it sleeps in the end");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 100, 5000);
    }

    [Theory, EveryEngine]
    public void A_busy_ring_does_not_keep_the_thread_from_another(string engine)
    {
        using var busy = new SeamRing(engine, 256, SetupFlags.SqPoll, cqEntries: 1 << 16, idleMs: LongMs);
        using SeamRing quiet = Attached(busy);
        bool stop = false;
        TestThread<ulong> flood = TestThread.Start(() =>
        {
            ulong sent = 0;
            while (!Volatile.Read(ref stop) || sent == 0)
            {
                for (uint room = 256 - busy.Queued; room > 0; room--)
                    busy.Nops(sent++);
                busy.PublishAndWake();
                busy.TakeReady();
            }

            return sent;
        });
        for (ulong i = 0; i < 100; i++)
        {
            quiet.Nops(i);
            quiet.PublishAndWake();
            Until.True(() => quiet.Ready == 1, "the quiet ring is served");
            Assert.Equal(i, quiet.Take().UserData);
        }

        Volatile.Write(ref stop, true);
        Assert.InRange(flood.Answer, 256u, ulong.MaxValue);
    }

    [Theory, EveryEngine]
    public void A_disabled_ring_on_a_shared_thread_waits_for_its_enabling(string engine)
    {
        using var first = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        using SeamRing second = Attached(first, LongMs, SetupFlags.RDisabled);
        second.Nops(1);
        second.Publish();
        first.Nops(2);
        first.PublishAndWake();
        Until.True(() => first.Ready == 1, "the first is served");
        Assert.Equal(0u, second.Ready);
        Assert.Equal(0, second.Register(RegisterOp.RegisterEnableRings));
        second.PublishAndWake();
        Until.True(() => second.Ready == 1, "now the second, too");
    }

    [Theory, EveryEngine]
    public unsafe void Attached_rings_have_the_workers_of_the_thread(string engine)
    {
        using var first = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        using SeamRing second = Attached(first);
        using var other = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        foreach (SeamRing ring in (SeamRing[])[first, other])
        {
            ring.Nops(1);
            ring.PublishAndWake();
            ring.Take();
        }

        uint* limits = stackalloc uint[2];
        (limits[0], limits[1]) = (3, 5);
        Assert.Equal(0, first.Register(RegisterOp.RegisterIoWqMaxWorkers, (nuint)limits, 2));
        (limits[0], limits[1]) = (0, 0);
        Assert.Equal(0, second.Register(RegisterOp.RegisterIoWqMaxWorkers, (nuint)limits, 2));
        Assert.Equal((3u, 5u), (limits[0], limits[1]));
        (limits[0], limits[1]) = (0, 0);
        Assert.Equal(0, other.Register(RegisterOp.RegisterIoWqMaxWorkers, (nuint)limits, 2));
        Assert.NotEqual((3u, 5u), (limits[0], limits[1]));
    }

    [Theory, EveryEngine]
    public void What_cannot_be_attached_to_is_told_apart(string engine)
    {
        using TestDescriptor other = TestDescriptor.EventFd();
        using var plain = new SeamRing(engine);
        const SetupFlags Attach = SetupFlags.AttachWq, Polled = Attach | SetupFlags.SqPoll;
        foreach (SetupFlags flags in (SetupFlags[])[Attach, Polled])
        {
            Assert.Equal(-Errno.ENXIO, TrySetup(engine, flags, TestDescriptor.Closed));
            Assert.Equal(-Errno.ENXIO, TrySetup(engine, flags, -1));
            Assert.Equal(-Errno.EINVAL, TrySetup(engine, flags, other));
        }

        Assert.Equal(0, TrySetup(engine, Attach, plain.Descriptor));
        Assert.Equal(-Errno.EINVAL, TrySetup(engine, Polled, plain.Descriptor));
        Assert.Equal(0, TrySetup(engine, 0, 9999)); // not looked at
        using var polled = new SeamRing(engine, 8, SetupFlags.SqPoll);
        Assert.Equal(0, TrySetup(engine, Attach, polled.Descriptor));
        Assert.Equal(0, TrySetup(engine, Polled, polled.Descriptor));
        Assert.Equal(0, TrySetup(engine, Polled | SetupFlags.SqAff, polled.Descriptor, cpu: 100_000)); // the thread has its processor
    }

    [Fact]
    public void A_ring_of_the_other_engine_is_none()
    {
        using var kernel = new SeamRing(TestEngines.Kernel, 8, SetupFlags.SqPoll);
        using var managed = new SeamRing(TestEngines.Managed, 8, SetupFlags.SqPoll);
        const SetupFlags Polled = SetupFlags.AttachWq | SetupFlags.SqPoll;
        Assert.Equal(-Errno.EINVAL, TrySetup(TestEngines.Managed, Polled, kernel.Descriptor));
        Assert.Equal(-Errno.EINVAL, TrySetup(TestEngines.Kernel, Polled, managed.Descriptor));
        Assert.Equal(-Errno.EINVAL, TrySetup(TestEngines.Copying, Polled, managed.Descriptor));
    }

    [Theory, EveryEngine]
    public void Rings_come_and_go_on_a_thread_that_works(string engine)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        using var first = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: 1);
        for (ulong round = 0; round < 100; round++)
        {
            using SeamRing second = Attached(first, round % 2 == 0 ? LongMs : 1);
            second.Next().PrepareRead(pipe.ReadEnd, memory.Address, 10, 0);
            second.Nops(1, 2);
            second.PublishAndWake();
            first.Nops(round);
            first.PublishAndWake();
            if (round % 3 == 0)
                Until.True(() => second.Ready == 2, "the second is served");
            Until.True(() => first.Ready == 1, "the first is served");
            Assert.Equal(round, first.Take().UserData);
        }

        pipe.ReadEnd.Close();
        Until.True(() => pipe.TryWrite() == -Errno.EPIPE, "all reads of released rings are over");
    }

    private static SeamRing Attached(SeamRing to, uint idleMs = LongMs, SetupFlags flags = 0)
    {
        RingParams parameters = SeamRing.Parameters(SetupFlags.SqPoll | SetupFlags.AttachWq | flags, idleMs: idleMs);
        parameters.WqFd = (uint)to.Descriptor;
        return new SeamRing(to.Engine, 8, parameters);
    }

    private static int TrySetup(string engine, SetupFlags flags, int attachTo = 0, uint cpu = 0)
    {
        RingParams parameters = new() { Flags = flags, WqFd = (uint)attachTo, SqThreadCpu = cpu };
        return SeamRing.TrySetup(engine, 8, ref parameters);
    }

    /// <summary>The tasks of the process that poll, of either engine.</summary>
    private static List<string> PollingThreads() => [.. Directory.EnumerateDirectories("/proc/self/task").Where(static task =>
    {
        try
        {
            string name = File.ReadAllText($"{task}/comm");
            return name.StartsWith("uring-sqp", StringComparison.Ordinal) || name.StartsWith("iou-sqp", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    })];
}
