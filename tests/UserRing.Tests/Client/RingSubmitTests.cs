using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>The client's side of the submission queue, and its waits.</summary>
public sealed class RingSubmitTests
{
    [Theory, EveryEngine]
    public void A_full_submission_queue_says_so_and_has_room_again_after_a_submit(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 4);
        Assert.Equal(4u, ring.SqEntries);
        for (uint i = 0; i < 4; i++)
        {
            Assert.Equal(4 - i, ring.SqSpaceLeft);
            ring.Nops(i);
        }

        Assert.Equal(0u, ring.SqSpaceLeft);
        Assert.Contains("full (4 entries)", Assert.Throws<InvalidOperationException>(() => { ring.GetSqe(); }).Message);
        Assert.False(ring.TryGetSqe(out _));
        using TestFile file = TestFile.Create("abc");
        using OwnedHandle handle = file.Handle();
        Assert.Throws<InvalidOperationException>(() => ring.Read(handle, new byte[3], 0));
        Assert.Throws<InvalidOperationException>(() => ring.Write(handle, new byte[3], 0));
        Assert.Throws<InvalidOperationException>(() => ring.Fsync(handle));
        Assert.Equal(4, ring.Submit());
        Assert.Equal(4u, ring.SqSpaceLeft);
        Assert.True(ring.TryGetSqe(out SqeReference sqe));
        sqe.Value.PrepareNop().UserData = 4;
        Assert.Equal([0ul, 1, 2, 3, 4], ring.Take(5).UserData());
        handle.Dispose();
        Assert.True(handle.IsReleased, "a refused request holds nothing");
    }

    [Theory, EveryEngine]
    public void Many_rounds_go_through_a_small_ring(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 2);
        for (ulong i = 0; i < 1000; i++)
        {
            ring.Nops(i);
            if (i % 3 == 0)
                continue;
            ring.Submit();
        }

        ring.Submit();
        ulong next = 0;
        while (ring.TryPeek(out Cqe cqe))
        {
            Assert.Equal(next++, cqe.UserData);
            ring.Advance(1);
        }

        Assert.Equal(1000ul, next);
    }

    [Theory, EveryEngine]
    public void An_empty_submit_takes_nothing(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        Assert.Equal(0, ring.Submit());
        Assert.Equal(0, ring.SubmitAndWait(0));
        Assert.Equal(0u, ring.CqReady);
    }

    [Theory, EveryEngine]
    public void User_data_comes_back_as_it_was(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        ulong[] values = [0, 1, ulong.MaxValue, 1UL << 63, (1UL << 63) | 1, 0x0123_4567_89ab_cdef];
        ring.Nops(values);
        Assert.Equal(values, ring.Take(values.Length).UserData());
    }

    [Theory, EveryEngine]
    public void A_batch_that_ends_early_is_taken_up_again(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        ring.Nops(1);
        ring.GetSqe().PrepareNop().UserData = 2;
        ring.GetSqe().Opcode = (Opcode)250;
        ring.Nops(4, 5);
        // What cannot even be prepared ends a batch; the wait would be for completions that may never come.
        WaitResult result = ring.SubmitAndWait(5, SeamRing.Patience);
        Assert.Equal(WaitStatus.Interrupted, result.Status);
        Assert.Equal(3, result.Submitted);
        Assert.Equal(6u, ring.SqSpaceLeft);
        Cqe[] first = [ring.WaitOne(), ring.WaitOne(), ring.WaitOne()];
        Assert.Equal([0, 0, -Errno.EINVAL], first.Select(cqe => cqe.Res));
        Assert.Equal(2, ring.Submit());
        Assert.Equal([4ul, 5], ring.Take(2).UserData());
    }

    [Theory, EveryEngine]
    public void A_wait_whose_time_is_up_says_so(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        WaitResult result = ring.SubmitAndWait(1, TimeSpan.FromMilliseconds(10));
        Assert.Equal((0, WaitStatus.TimedOut), (result.Submitted, result.Status));
        ring.Nops(1);
        result = ring.SubmitAndWait(2, TimeSpan.FromMilliseconds(10));
        Assert.Equal((1, WaitStatus.TimedOut), (result.Submitted, result.Status));
        Assert.Equal(1u, ring.CqReady);
        Assert.Equal(WaitStatus.TimedOut, ring.SubmitAndWait(2, TimeSpan.Zero).Status);
        Assert.Equal(WaitStatus.Ready, ring.SubmitAndWait(1, TimeSpan.Zero).Status);
        Assert.Equal(WaitStatus.Ready, ring.SubmitAndWait(1, Timeout.InfiniteTimeSpan).Status);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.SubmitAndWait(1, TimeSpan.FromSeconds(-2)));
    }

    [Theory, EveryEngine]
    public void A_wait_for_more_than_the_queue_holds_is_one_for_all_it_holds(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 4);
        ring.Nops(1, 2, 3, 4);
        Assert.Equal(4, ring.Submit());
        ring.Nops(5, 6, 7, 8);
        Assert.Equal(4, TestThread.Start(() => ring.SubmitAndWait(1_000_000)).Answer);
        Assert.Equal(8u, ring.CqReady);
    }

    [Theory, EveryEngine]
    public void Signals_do_not_end_a_wait_without_a_mask(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.ReadOf(pipe, memory, 7);
        int signal = TestSignals.Plain;
        TestThread<Cqe> waiter = TestThread.Start(ring.WaitOne);
        for (int i = 0; i < 5; i++)
        {
            waiter.AwaitSleep();
            Assert.False(waiter.IsDone);
            waiter.Send(signal);
        }

        waiter.AwaitSleep();
        Assert.False(waiter.IsDone);
        pipe.Write("x");
        Assert.Equal(7ul, waiter.Answer.UserData);
    }

    [Theory, EveryEngine]
    public void A_signal_that_the_mask_lets_through_interrupts_the_wait(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        int signal = TestSignals.Plain;
        TestThread<WaitResult> waiter = TestThread.Start(() => ring.SubmitAndWait(1, SeamRing.Patience, signalMask: 0));
        Assert.Equal(WaitStatus.Interrupted, waiter.Interrupted(signal).Status);
        TestThread<WaitResult> without = TestThread.Start(() => ring.SubmitAndWait(1, Timeout.InfiniteTimeSpan, signalMask: 0));
        Assert.Equal(WaitStatus.Interrupted, without.Interrupted(signal).Status);
    }

    [Theory, EveryEngine]
    public void A_signal_that_the_mask_blocks_does_not(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        int signal = TestSignals.Plain;
        ulong mask = TestSignals.Blocking(signal);
        TestThread<WaitResult> waiter = TestThread.Start(() => ring.SubmitAndWait(1, TimeSpan.FromMilliseconds(150), mask));
        waiter.AwaitSleep();
        waiter.Send(signal);
        Assert.Equal(WaitStatus.TimedOut, waiter.Answer.Status);
    }
}
