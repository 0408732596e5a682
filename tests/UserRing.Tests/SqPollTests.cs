using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Polled submission: an engine thread takes what is queued, until it sleeps and says so.</summary>
public sealed class SqPollTests
{
    private const uint LongMs = 60_000, ShortMs = 5;

    [Theory, EveryEngine]
    public void Requests_complete_without_a_call(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        for (int round = 0; round < 20; round++)
        {
            memory.Bytes.Clear();
            ring.Next(1).Opcode = Opcode.Nop;
            ring.Next().PrepareRead(file, memory.Address, 10, 0).UserData = 2;
            // The kernel's thread may begin asleep; once it has worked it stays awake for the idle time.
            Assert.False(ring.PublishAndWake() && round > 0);
            Until.True(() => ring.Ready == 2, "both complete");
            Assert.Equal([0, 10], ring.TakeReady().OrderBy(cqe => cqe.UserData).Select(cqe => cqe.Res));
            Assert.Equal("0123456789"u8, memory[..10]);
        }

        Assert.Equal(SqRingFlags.None, ring.SqFlags);
    }

    [Theory, EveryEngine]
    public void Waiting_requests_complete_without_a_call(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Numbered(1 << 20);
        using var memory = new TestMemory(1 << 16);
        TestLibc.ForgetPages(file);
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 10, 0).UserData = 1;
        ring.Next().PrepareRead(file, memory.At(4096), 4096, 512 << 10).UserData = 2;
        ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.FromMilliseconds(1))).UserData = 3;
        ring.PublishAndWake();
        Until.True(() => ring.Ready == 2, "what does not wait for the pipe is done");
        pipe.Write("x");
        Until.True(() => ring.Ready == 3, "the pipe is read");
        Assert.Equal([1, 4096, -Errno.ETIME], ring.TakeReady().OrderBy(cqe => cqe.UserData).Select(cqe => cqe.Res));
    }

    [Theory, EveryEngine]
    public void An_idle_thread_says_that_it_must_be_woken_and_sleeps(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: ShortMs);
        for (ulong round = 0; round < 3; round++)
        {
            Until.True(() => ring.SqFlags == SqRingFlags.NeedWakeup, "NEED_WAKEUP is set");
            ring.Nops(round);
            ring.Publish();
            Assert.True(ring.StaysQuiet(20));
            Assert.Equal(1, ring.Enter(1, 0, EnterFlags.SqWakeup));
            Assert.Equal(round, ring.Take().UserData);
        }
    }

    [Theory, EveryEngine]
    public void Enter_answers_what_it_was_asked_to_submit(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        Assert.Equal(5, ring.Enter(5, 0, EnterFlags.SqWakeup));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWait));
        Assert.Equal(7, ring.EnterFor(7, 1, TimeSpan.FromMilliseconds(5)));
        Assert.Equal(-Errno.ETIME, EnterTests.Uninterrupted(() => ring.EnterFor(0, 1, TimeSpan.FromMilliseconds(5))));
        ring.Nops(1);
        ring.PublishAndWake();
        Assert.Equal(0, EnterTests.Uninterrupted(() => ring.EnterFor(0, 1, SeamRing.Patience)));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void Waiting_for_room_ends_when_there_is_some(string engine)
    {
        using var ring = new SeamRing(engine, 4, SetupFlags.SqPoll, cqEntries: 4096, idleMs: LongMs);
        ulong sent = 0;
        for (int round = 0; round < 300; round++)
        {
            for (uint i = ring.Queued; i < 4; i++)
            {
                ring.Nops(sent++);
                ring.PublishAndWake();
            }

            AwaitRoom(ring);
        }

        Until.True(() => ring.Ready == sent, "all complete");
    }

    [Theory, EveryEngine]
    public void A_wait_for_room_sleeps_until_there_is_some(string engine)
    {
        using SeamRing ring = FullAndAsleep(engine);
        TestThread<int> waiter = TestThread.Start(() => ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.SqWait, 0, 0));
        waiter.AwaitSleep();
        Assert.False(waiter.IsDone);
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWakeup));
        Assert.Equal(0, waiter.Answer);
        Until.True(() => ring.Ready == 4, "all are taken");
    }

    [Theory]
    [EveryEngine(0u)]
    [EveryEngine(3u)]
    public void A_signal_ends_a_wait_for_room_without_an_error(string engine, uint toSubmit)
    {
        int signal = TestSignals.WithRestart;
        using SeamRing ring = FullAndAsleep(engine);
        TestThread<int> waiter = TestThread.Start(() => ring.Engine.Enter(ring.Descriptor, toSubmit, 0, EnterFlags.SqWait, 0, 0));
        Assert.Equal((int)toSubmit, waiter.Interrupted(signal));
        Assert.Equal((4u, 0u), (ring.Queued, ring.Ready));
    }

    [Theory, EveryEngine]
    public void A_signal_in_a_wait_for_room_is_an_error_for_the_wait_behind_it(string engine)
    {
        int signal = TestSignals.Plain;
        using SeamRing ring = FullAndAsleep(engine);
        const EnterFlags Both = EnterFlags.SqWait | EnterFlags.GetEvents;
        TestThread<int> waiter = TestThread.Start(() => ring.Engine.Enter(ring.Descriptor, 0, 1, Both, 0, 0));
        waiter.AwaitSleep();
        waiter.Send(signal); // one signal ends both
        Assert.Equal(-Errno.EINTR, waiter.Answer);
        Assert.Equal((4u, 0u), (ring.Queued, ring.Ready));
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_released_ring_ends_a_wait_for_room(string engine)
    {
        using SeamRing ring = FullAndAsleep(engine);
        TestThread<int> waiter = TestThread.Start(() => ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.SqWait, 0, 0));
        waiter.AwaitSleep();
        Assert.Equal(0, ring.Release());
        Assert.Equal(-Errno.EBADF, waiter.Answer);
    }

    [Theory, EveryEngine]
    public void Waits_for_room_that_race_with_the_thread_all_end(string engine)
    {
        using var ring = new SeamRing(engine, 4, SetupFlags.SqPoll, cqEntries: 1 << 15, idleMs: LongMs);
        for (ulong round = 0; round < 500; round++)
        {
            for (ulong i = ring.Queued; i < 4; i++)
                ring.Nops(round);
            ring.PublishAndWake();
            AwaitRoom(ring);
            ring.TakeReady();
        }
    }

    [Theory, EveryEngine]
    public void Wake_ups_that_race_with_falling_asleep_lose_nothing(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: 1);
        var random = new Random(5);
        for (ulong i = 0; i < 200; i++)
        {
            // Around the idle time, so that the thread is about to fall asleep as often as not.
            SpinWait.SpinUntil(static () => false, random.Next(3));
            ring.Nops(i);
            ring.PublishAndWake();
            Until.True(() => ring.Ready == 1, $"request {i} completes");
            Assert.Equal(i, ring.Take().UserData);
        }
    }

    [Theory, EveryEngine]
    public void Bad_sqes_and_bad_indices_do_not_stop_the_thread(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: LongMs);
        ring.Next(1).Opcode = (Opcode)200;
        ring.Nops(2, 3, 4);
        ring.SqArray(2) = 99;
        ring.PublishAndWake();
        Until.True(() => ring.Ready == 3 && ring.Queued == 0, "all are used up");
        Assert.Equal([(1ul, -Errno.EINVAL), (2, 0), (4, 0)], ring.TakeReady().Select(cqe => (cqe.UserData, cqe.Res)));
        Assert.Equal(1u, ring.Dropped);
    }

    [Theory, EveryEngine]
    public void A_disabled_ring_is_not_polled_until_it_is_enabled(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll | SetupFlags.RDisabled, idleMs: LongMs);
        ring.Nops(1);
        ring.Publish();
        Assert.Equal(-Errno.EBADFD, ring.Enter(1, 0, EnterFlags.SqWakeup));
        Assert.False(SpinWait.SpinUntil(() => ring.Ready > 0, 20));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Until.True(() => ring.Ready == 1 || ring.SqFlags != 0, "it is taken, or must be asked for");
        if (ring.Ready == 0)
            Assert.Equal(1, ring.Enter(1, 0, EnterFlags.SqWakeup));
        Assert.Equal(1ul, ring.Take().UserData);
    }

    [Theory, EveryEngine]
    public void Ordinary_descriptors_and_registrations_work(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll | SetupFlags.SingleIssuer, idleMs: LongMs);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(-1, file));
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
        ring.Next().PrepareReadFixed(1, memory.Address, 3, 0, 0).Flags = SqeFlags.FixedFile;
        ring.PublishAndWake();
        Assert.Equal(3, ring.Take().Res);
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
    }

    [Theory, EveryEngine]
    public void A_ring_released_while_its_thread_works_lets_go_of_everything(string engine)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        for (int round = 0; round < 30; round++)
        {
            using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, idleMs: round % 2 == 0 ? LongMs : 1);
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 10, 0);
            ring.Nops(1, 2, 3);
            ring.PublishAndWake();
        }

        // In the background, but surely: in the end nobody is left who could read.
        pipe.ReadEnd.Close();
        Until.True(() => pipe.TryWrite() == -Errno.EPIPE, "all reads of released rings are over");
    }

    [Theory, EveryEngine]
    public void A_full_cq_is_held_back_by_the_thread_too(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.SqPoll, cqEntries: 8, idleMs: LongMs);
        for (ulong i = 0; i < 24; i++)
        {
            Until.True(() => ring.Queued < 8, "there is room");
            ring.Nops(i);
            ring.PublishAndWake();
        }

        Until.True(() => ring.SqFlags == SqRingFlags.CqOverflow && ring.Queued == 0, "the rest is held back");
        Assert.Equal(Enumerable.Range(0, 24), ring.Take(24).Select(cqe => (int)cqe.UserData));
        Assert.Equal(0u, ring.Overflow);
    }

    /// <summary>A signal, of the runtime's say, may end the wait before its time, and says nothing.</summary>
    private static void AwaitRoom(SeamRing ring)
    {
        int waits = 0;
        do
            Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWait));
        while (ring.Queued == ring.SqEntries && ++waits < 100);
        Assert.InRange(ring.Queued, 0u, ring.SqEntries - 1);
    }

    /// <summary>A ring of four entries, all used, whose thread sleeps and is not woken.</summary>
    private static SeamRing FullAndAsleep(string engine)
    {
        var ring = new SeamRing(engine, 4, SetupFlags.SqPoll, idleMs: ShortMs);
        Until.True(() => ring.SqFlags == SqRingFlags.NeedWakeup, "the thread sleeps");
        ring.Nops(1, 2, 3, 4);
        ring.Publish();
        return ring;
    }
}
