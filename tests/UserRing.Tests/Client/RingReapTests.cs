using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>The client's side of the completion queue.</summary>
public sealed class RingReapTests
{
    [Theory, EveryEngine]
    public void Peeking_takes_nothing_and_advancing_takes_as_many_as_asked(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        Assert.False(ring.TryPeek(out Cqe cqe));
        Assert.Equal(default, cqe.UserData);
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.SubmitAndWait(3));
        Assert.Equal(3u, ring.CqReady);
        Assert.True(ring.TryPeek(out cqe) && ring.TryPeek(out cqe));
        Assert.Equal(1ul, cqe.UserData);
        ring.Advance(2);
        Assert.Equal(1u, ring.CqReady);
        Assert.True(ring.TryPeek(out cqe));
        Assert.Equal(3ul, cqe.UserData);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Advance(2));
        Assert.Equal(1u, ring.CqReady);
        ring.Advance(0);
        ring.Advance(1);
        Assert.False(ring.TryPeek(out _));
    }

    [Theory, EveryEngine]
    public void A_small_span_takes_what_fits_across_the_end_of_the_queue(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 4, cqEntries: 8);
        var some = new Cqe[3];
        ulong queued = 0, next = 0;
        for (int round = 0; round < 20; round++)
        {
            ring.Nops(queued++, queued++, queued++, queued++);
            ring.SubmitAndWait(4);
            Assert.Equal(0, ring.Reap([]));
            for (int count; (count = ring.Reap(some)) > 0;)
                Assert.All(some.Take(count), cqe => Assert.Equal(next++, cqe.UserData));
            Assert.Equal(queued, next);
        }
    }

    [Theory, EveryEngine]
    public void Completions_behind_a_full_queue_are_announced_and_come_in_order(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 8, cqEntries: 8);
        Assert.False(ring.HasBacklog);
        for (ulong i = 0; i < 24; i += 8)
        {
            ring.Nops(i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7);
            ring.Submit();
        }

        Assert.True(ring.HasBacklog);
        Assert.Equal(8u, ring.CqReady);
        Assert.Equal(0u, ring.Dropped);
        for (ulong i = 0; i < 24; i++)
        {
            Assert.True(ring.TryPeek(out Cqe cqe));
            Assert.Equal(i, cqe.UserData);
            ring.Advance(1);
        }

        Assert.False(ring.TryPeek(out _));
        Assert.False(ring.HasBacklog);
        Assert.Equal(0u, ring.CqOverflow);
    }

    [Theory]
    [EveryEngine(5)]
    [EveryEngine(100)]
    public void Reaping_in_pieces_brings_the_whole_backlog(string engine, int piece)
    {
        using Ring ring = ClientRing.Open(engine, 8, cqEntries: 8);
        for (ulong i = 0; i < 64; i += 4)
        {
            ring.Nops(i, i + 1, i + 2, i + 3);
            ring.Submit();
        }

        var some = new Cqe[piece];
        ulong next = 0;
        for (int count; (count = ring.Reap(some)) > 0;)
            Assert.All(some.Take(count), cqe => Assert.Equal(next++, cqe.UserData));
        Assert.Equal(64ul, next);
    }

    [Theory, EveryEngine]
    public void Waiting_for_one_submits_what_is_queued(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        ring.Nops(1, 2);
        Assert.Equal(1ul, ring.WaitOne().UserData);
        Assert.Equal(2ul, ring.WaitOne().UserData);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.ReadOf(pipe, memory, 3);
        TestThread<Cqe> waiter = TestThread.Start(ring.WaitOne);
        waiter.AwaitSleep();
        pipe.Write("x");
        Assert.Equal((3ul, 1), (waiter.Answer.UserData, waiter.Answer.Res));
    }
}
