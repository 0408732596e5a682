using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Signals that meet a wait, and signal masks.</summary>
public sealed unsafe class SignalTests
{
    private const EnterFlags GetEventsExt = EnterFlags.GetEvents | EnterFlags.ExtArg;

    [Theory]
    [EveryEngine(false, false)]
    [EveryEngine(false, true)]
    [EveryEngine(true, false)]
    [EveryEngine(true, true)]
    public void A_signal_ends_a_wait_whatever_its_handler_says(string engine, bool restarting, bool timed)
    {
        int signal = restarting ? TestSignals.WithRestart : TestSignals.Plain;
        using var ring = new SeamRing(engine);
        TestThread<int> waiter = TestThread.Start(() => timed
            ? ring.EnterFor(0, 1, SeamRing.Patience)
            : ring.Enter(0, 1, EnterFlags.GetEvents));
        Assert.Equal(-Errno.EINTR, waiter.Interrupted(signal));
    }

    [Theory, EveryEngine]
    public void A_signal_with_a_completion_unread_is_no_error(string engine)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        ring.Submit();
        TestThread<int> waiter = TestThread.Start(() => ring.EnterFor(0, 2, SeamRing.Patience));
        Assert.Equal(0, waiter.Interrupted(signal));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void A_signal_is_hidden_by_a_submit_count(string engine)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Publish();
        TestThread<int> waiter = TestThread.Start(() => ring.EnterFor(1, 1, SeamRing.Patience));
        Assert.Equal(1, waiter.Interrupted(signal));
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void The_mask_holds_a_signal_back_until_the_wait_is_over(string engine, bool extended)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Submit();
        TestThread<int> waiter = TestThread.Start(() => Masked(ring, TestSignals.Blocking(signal), extended));
        waiter.AwaitSleep();
        for (int i = 0; i < 5; i++)
            waiter.Send(signal);
        waiter.AwaitSleep();
        Assert.False(waiter.IsDone);
        pipe.Write("x");
        Assert.Equal(0, waiter.Answer);
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void A_signal_that_the_mask_lets_through_ends_the_wait(string engine, bool extended)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        TestThread<int> waiter = TestThread.Start(() => Masked(ring, TestSignals.Blocking(TestSignals.WithRestart), extended));
        Assert.Equal(-Errno.EINTR, waiter.Interrupted(signal));
    }

    [Theory, EveryEngine]
    public void A_signal_that_was_pending_ends_a_wait_whose_mask_lets_it_through(string engine)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        TestThread<int> waiter = TestThread.Start(() =>
        {
            // Blocked by the thread and pending: only the wait's own mask lets it in, which is why that must be applied atomically.
            Assert.Equal(0, Engine.Linux.Libc.PthreadSigmask(Engine.Linux.Libc.SIG_BLOCK, TestSignals.Blocking(signal), out _));
            TestSignals.SendToSelf(signal);
            return Masked(ring, 0, extended: true);
        });
        Assert.Equal(-Errno.EINTR, waiter.Answer);
    }

    [Theory, EveryEngine]
    public void The_thread_has_its_own_mask_again_after_the_wait(string engine)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        TestThread<ulong> waiter = TestThread.Start(() =>
        {
            ulong limitedMask = TestSignals.Blocking(signal);
            KernelTimespec limit = new() { TvNsec = 1_000_000 };
            GetEventsArg argument = new() { Sigmask = (ulong)&limitedMask, SigmaskSz = 8, Ts = (ulong)&limit };
            ring.Enter(0, 1, GetEventsExt, (nuint)(&argument), 24);
            Assert.Equal(0, Engine.Linux.Libc.PthreadSigmask(Engine.Linux.Libc.SIG_BLOCK, 0, out ulong mask));
            return mask & TestSignals.Bit(signal);
        });
        Assert.Equal(0ul, waiter.Answer);
    }

    [Theory, EveryEngine]
    public void Several_waits_under_a_mask_all_end(string engine)
    {
        using var ring = new SeamRing(engine, 32);
        using var pipe = new TestPipe();
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 3; i++)
                ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
            Assert.Equal(3, ring.Submit());
            TestThread<int>[] waiters =
                [.. Enumerable.Range(0, 3).Select(_ =>
                TestThread.Start(() => Masked(ring, TestSignals.Blocking(40), extended: true, count: 3)))];
            pipe.Write("x");
            Assert.All(waiters, waiter => Assert.Equal(0, waiter.Answer));
            Assert.Equal("x", pipe.Read());
            ring.Take(3);
        }
    }

    [Theory, EveryEngine]
    public void Waits_with_and_without_a_mask_do_not_disturb_each_other(string engine)
    {
        using var ring = new SeamRing(engine, 32);
        using var pipe = new TestPipe();
        for (int i = 0; i < 2; i++)
            ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        Assert.Equal(2, ring.Submit());
        TestThread<int> masked = TestThread.Start(() => Masked(ring, TestSignals.Blocking(40), extended: true, count: 2));
        TestThread<int> plain = TestThread.Start(() => EnterTests.Uninterrupted(() => ring.EnterFor(0, 2, SeamRing.Patience)));
        masked.AwaitSleep();
        plain.AwaitSleep();
        pipe.Write("x");
        Assert.Equal((0, 0), (masked.Answer, plain.Answer));
    }

    private static int Masked(SeamRing ring, ulong mask, bool extended, uint count = 1)
    {
        KernelTimespec limit = new() { TvSec = 10 };
        GetEventsArg argument = new() { Sigmask = (ulong)&mask, SigmaskSz = 8, Ts = (ulong)&limit };
        return extended
            ? ring.Enter(0, count, GetEventsExt, (nuint)(&argument), 24)
            : ring.Enter(0, count, EnterFlags.GetEvents, (nuint)(&mask), 8);
    }
}
