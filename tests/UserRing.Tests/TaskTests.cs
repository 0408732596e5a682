using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Who may use a ring, and when its completions show: SINGLE_ISSUER, DEFER_TASKRUN, COOP_TASKRUN, R_DISABLED.</summary>
public sealed class TaskTests
{
    private const SetupFlags Deferring = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;
    private const uint In = (uint)Libc.POLLIN;

    [Theory, EveryEngine]
    public void Another_thread_may_not_submit_to_a_ring_with_a_single_issuer(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SingleIssuer);
        ring.Nops(1);
        ring.Publish();
        Assert.Equal(-Errno.EEXIST, Elsewhere(() => ring.Enter(1)));
        Assert.Equal(0, Elsewhere(() => ring.Enter(0)));
        Assert.Equal(0, Elsewhere(() => ring.Enter(0, 0, EnterFlags.GetEvents)));
        Assert.Equal(-Errno.EEXIST, Elsewhere(() => ring.Register(RegisterOp.UnregisterFiles)));
        Assert.Equal(-Errno.EINVAL, Elsewhere(() => ring.Register((RegisterOp)100)));
        Assert.Equal(1, ring.Enter(1));
    }

    [Theory, EveryEngine]
    public void Another_thread_may_wait_on_a_ring_with_a_single_issuer(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SingleIssuer);
        ring.Nops(1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Elsewhere(() => ring.EnterFor(0, 1, SeamRing.Patience)));
    }

    [Theory, EveryEngine]
    public void Any_thread_may_submit_to_a_ring_without_a_single_issuer(string engine)
    {
        using var ring = new SeamRing(engine);
        for (ulong i = 0; i < 5; i++)
        {
            ring.Nops(i);
            ring.Publish();
            Assert.Equal(1, Elsewhere(() => ring.Enter(1)));
        }

        Assert.Equal([0ul, 1, 2, 3, 4], ring.Take(5).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Only_the_issuer_may_get_events_of_a_deferring_ring(string engine)
    {
        using var ring = new SeamRing(engine, flags: Deferring);
        Assert.Equal(-Errno.EEXIST, Elsewhere(() => ring.Enter(0, 0, EnterFlags.GetEvents)));
        Assert.Equal(0, Elsewhere(() => ring.Enter(0)));
        Assert.Equal(-Errno.EFAULT, Elsewhere(() => ring.Enter(0, 0, EnterFlags.GetEvents | EnterFlags.ExtArg, TestMemory.Bad, 24)));
    }

    [Theory, EveryEngine]
    public void On_a_deferring_ring_inline_completions_show_at_once(string engine)
    {
        using var ring = new SeamRing(engine, flags: Deferring);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        file.Content();
        ring.Nops(1);
        ring.Next().PrepareRead(file, memory.Address, 3, 0).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.Equal(2u, ring.Ready);
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void On_a_deferring_ring_what_completes_elsewhere_waits_for_getevents(string engine, bool flagged)
    {
        using var ring = new SeamRing(engine, flags: Deferring | (flagged ? SetupFlags.TaskrunFlag : 0));
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(SqRingFlags.None, ring.SqFlags);
        pipe.Write("x");
        if (flagged)
            Until.True(() => ring.SqFlags == SqRingFlags.Taskrun, "TASKRUN is set");
        Assert.Equal(0u, ring.Ready);
        Assert.Equal(0, ring.Enter());
        Assert.Equal(0u, ring.Ready);
        // Without the flag there is nothing to see: ask until it is there.
        Until.True(() => ring.GetEvents() == 0 && ring.Ready == 1, "it is delivered");
        Assert.Equal((SqRingFlags.None, 1), (ring.SqFlags, ring.Take().Res));
    }

    [Theory, EveryEngine]
    public void A_wait_on_a_deferring_ring_ends_with_what_completes_elsewhere(string engine)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        TestThread<int> issuer = TestThread.Start(() =>
        {
            using var ring = new SeamRing(engine, flags: Deferring | SetupFlags.TaskrunFlag);
            for (int i = 0; i < 3; i++)
                ring.Next().PrepareRead(pipe.ReadEnd, memory.At(i), 1, 0);
            Assert.Equal(3, ring.EnterFor(3, 3, SeamRing.Patience));
            Assert.Equal(3u, ring.Ready);
            return ring.Take(3).Sum(cqe => cqe.Res);
        });
        issuer.AwaitSleep();
        pipe.Write("a");
        pipe.Write("b");
        pipe.Write("c");
        Assert.Equal(3, issuer.Answer);
    }

    [Theory]
    [EveryEngine(SetupFlags.CoopTaskrun)]
    [EveryEngine(SetupFlags.CoopTaskrun | SetupFlags.TaskrunFlag)]
    [EveryEngine(SetupFlags.SingleIssuer)]
    [EveryEngine(Deferring)]
    [EveryEngine(Deferring | SetupFlags.SubmitAll | SetupFlags.NoSqArray | SetupFlags.TaskrunFlag | SetupFlags.CoopTaskrun)]
    public void Every_way_of_completing_works_on_every_kind_of_ring(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, 16, flags);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Numbered(1 << 16);
        using var memory = new TestMemory(1 << 16);
        for (int round = 0; round < 20; round++)
        {
            TestLibc.ForgetPages(file);
            ring.Nops(1);
            ring.Next().PrepareRead(pipe.ReadEnd, memory.At(0), 1, 0).UserData = 2;
            ring.Next().PrepareRead(file, memory.At(4096), 8192, 32768).UserData = 3;
            ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.FromMilliseconds(1))).UserData = 4;
            ring.Next().PrepareFsync(file).UserData = 5;
            ring.Next().PrepareWrite(file, memory.At(256), 8, 0).UserData = 6;
            Assert.Equal(6, ring.Submit());
            pipe.Write("x");
            Dictionary<ulong, int> results = ring.Results(6);
            Assert.Equal([0, 1, 8192, -Errno.ETIME, 0, 8], results.OrderBy(pair => pair.Key).Select(pair => pair.Value));
        }
    }

    [Theory, EveryEngine]
    public void The_thread_that_enables_a_ring_becomes_its_issuer(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled | Deferring);
        TestThread<int> issuer = TestThread.Start(() =>
        {
            Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
            ring.Nops(1);
            return ring.Enter(1);
        });
        Assert.Equal(1, issuer.Answer);
        ring.Nops(2);
        Assert.Equal(-Errno.EEXIST, ring.Enter(1));
        Assert.Equal(-Errno.EEXIST, ring.Enter(0, 0, EnterFlags.GetEvents));
        Assert.Equal(-Errno.EEXIST, ring.Register(RegisterOp.UnregisterFiles));
    }

    [Theory, EveryEngine]
    public void Threads_that_submit_to_one_ring_take_turns(string engine)
    {
        const int Threads = 4, Rounds = 500;
        using var ring = new SeamRing(engine, 64, cqEntries: 8192);
        // Each entry names one SQE of its own, so that the threads share the queue's tail and nothing else.
        int taken = 0;
        object gate = new();
        TestThread<int>[] submitters =
        [
            .. Enumerable.Range(0, Threads).Select(thread => TestThread.Start(() =>
            {
                for (int i = 0; i < Rounds; i++)
                {
                    lock (gate)
                        ring.Nops((ulong)(thread * Rounds + i));
                    int result = ring.Enter(1);
                    Assert.InRange(result, 0, 1);
                    Interlocked.Add(ref taken, result);
                }

                return 0;
            })),
        ];
        Assert.All(submitters, submitter => Assert.Equal(0, submitter.Answer));
        taken += ring.Submit();
        Assert.Equal(Threads * Rounds, taken);
        Assert.Equal(Threads * Rounds, ring.Take(Threads * Rounds).Select(cqe => cqe.UserData).Distinct().Count());
    }

    private static int Elsewhere(Func<int> call) => TestThread.Start(call).Answer;
}
