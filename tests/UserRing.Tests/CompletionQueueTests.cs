using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The CQ: full, held back, flushed; and what is believed of the program's head.</summary>
public sealed class CompletionQueueTests
{
    private const SqRingFlags Held = SqRingFlags.CqOverflow;

    [Theory, EveryEngine]
    public void A_queue_that_is_exactly_full_holds_nothing_back(string engine)
    {
        using SeamRing ring = Full(engine, 0);
        Assert.Equal((4u, SqRingFlags.None), (ring.Ready, ring.SqFlags));
    }

    [Theory, EveryEngine]
    public void What_does_not_fit_is_held_back_and_not_lost(string engine)
    {
        using SeamRing ring = Full(engine, 4);
        Assert.Equal((4u, Held, 0u), (ring.Ready, ring.SqFlags, ring.Overflow));
        ring.Nops(8);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal((4u, Held, 0u), (ring.Ready, ring.SqFlags, ring.Overflow));
        Assert.Equal(Numbers(0, 9), ring.Take(9).Select(cqe => cqe.UserData));
        Assert.Equal(SqRingFlags.None, ring.SqFlags);
    }

    [Theory, EveryEngine]
    public void Only_getevents_moves_what_is_held_back(string engine)
    {
        using SeamRing ring = Full(engine, 5);
        Assert.Equal(Numbers(0, 4), ring.TakeReady().Select(cqe => cqe.UserData));
        Assert.Equal(0u, ring.Ready);
        Assert.Equal(0, ring.Enter());
        Assert.Equal((0u, Held), (ring.Ready, ring.SqFlags));
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal((4u, Held), (ring.Ready, ring.SqFlags));
        Assert.Equal(Numbers(4, 4), ring.TakeReady().Select(cqe => cqe.UserData));
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal((1u, SqRingFlags.None), (ring.Ready, ring.SqFlags));
        Assert.Equal(8ul, ring.Take().UserData);
        Assert.Equal(0u, ring.Overflow);
    }

    [Theory, EveryEngine]
    public void New_completions_queue_up_behind_what_is_held_back(string engine)
    {
        using SeamRing ring = Full(engine, 2);
        ring.TakeReady();
        ring.Nops(6);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0u, ring.Ready);
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal([4ul, 5, 6], ring.TakeReady().Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Waiting_for_more_than_fits_ends_with_a_full_queue(string engine)
    {
        using SeamRing ring = Full(engine, 1);
        Assert.Equal(0, ring.EnterFor(0, 5, SeamRing.Patience));
        Assert.Equal(4u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void A_waiter_is_served_from_what_is_held_back(string engine)
    {
        using SeamRing ring = Full(engine, 3);
        ring.TakeReady();
        Assert.Equal(0, ring.EnterFor(0, 3, SeamRing.Patience));
        Assert.Equal(Numbers(4, 3), ring.TakeReady().Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Completions_from_elsewhere_are_held_back_too(string engine)
    {
        using SeamRing ring = Full(engine, 0);
        using var pipe = new TestPipe();
        for (ulong i = 10; i < 14; i++)
            ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = i;
        Assert.Equal(4, ring.Submit());
        Assert.Equal(SqRingFlags.None, ring.SqFlags);
        pipe.Write("x");
        Until.True(() => ring.SqFlags == Held, "overflow is reported");
        ring.TakeReady();
        Assert.Equal([10ul, 11, 12, 13], ring.Take(4).Select(cqe => cqe.UserData).Order().ToArray());
        Assert.Equal(0u, ring.Overflow);
    }

    [Theory, EveryEngine]
    public void A_large_backlog_comes_back_in_order(string engine)
    {
        using var ring = new SeamRing(engine, 64, cqEntries: 64);
        for (ulong sent = 0; sent < 6400; sent += 64)
        {
            for (ulong i = 0; i < 64; i++)
                ring.Nops(sent + i);
            Assert.Equal(64, ring.Submit());
        }

        for (ulong i = 0; i < 6400; i++)
            Assert.Equal(i, ring.Take().UserData);
        Assert.Equal((SqRingFlags.None, 0u), (ring.SqFlags, ring.Overflow));
    }

    [Theory]
    [EveryEngine(100u)]
    [EveryEngine(uint.MaxValue - 100)]
    public void A_head_that_cannot_be_true_overwrites_nothing(string engine, uint head)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        ring.Nops(1, 2);
        ring.Submit();
        ring.CqHead = head;
        ring.Nops(3, 4, 5, 6);
        Assert.Equal(4, ring.Submit());
        // Whatever was made of it, the engine lives, and with a true head everything that is left can be had.
        ring.CqHead = 0;
        ring.GetEvents();
        Assert.InRange(ring.Ready, 0u, 6u);
        ring.CqHead = ring.CqTail;
        Assert.Equal(0, ring.GetEvents());
        ring.CqHead = ring.CqTail;
        ring.Nops(7);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(7ul, ring.Take().UserData);
    }

    [Theory, EveryEngine]
    public void A_backlog_dies_with_its_ring(string engine)
    {
        using SeamRing ring = Full(engine, 100);
        Assert.Equal(Held, ring.SqFlags);
    }

    [Fact]
    public void A_kernel_ring_with_a_backlog_polls_readable()
    {
        using SeamRing ring = Full(TestEngines.Kernel, 2);
        ring.TakeReady();
        Libc.Poll(ring.Descriptor, Libc.POLLIN, 0, out short events);
        Assert.Equal(Libc.POLLIN, events & Libc.POLLIN);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void The_poll_descriptor_of_a_managed_ring_says_what_the_queue_says(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        int poll = ((Engine.Managed.ManagedEngine)ring.Engine).PollDescriptor(ring.Descriptor);
        Assert.InRange(poll, 0, int.MaxValue);
        Assert.Equal(poll, ((Engine.Managed.ManagedEngine)ring.Engine).PollDescriptor(ring.Descriptor));
        Assert.False(IsReadable(poll));
        ring.Nops(1, 2);
        ring.Submit();
        Assert.True(IsReadable(poll));
        ring.Take();
        ring.Enter();
        Assert.True(IsReadable(poll));
        ring.Take();
        ring.Enter();
        Assert.False(IsReadable(poll));

        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Submit();
        Assert.False(IsReadable(poll));
        pipe.Write("x");
        Assert.Equal(1, Libc.Poll(poll, Libc.POLLIN, 10_000, out _));
        ring.Release();
        Assert.Equal(-Errno.EBADF, ((Engine.Managed.ManagedEngine)ring.Engine).PollDescriptor(ring.Descriptor));
    }

    private static bool IsReadable(int descriptor) => Libc.Poll(descriptor, Libc.POLLIN, 0, out _) == 1;

    private static IEnumerable<ulong> Numbers(ulong first, int count) => Enumerable.Range(0, count).Select(i => first + (ulong)i);

    /// <summary>A ring whose CQ of four is full, and so many completions more.</summary>
    private static SeamRing Full(string engine, int more)
    {
        var ring = new SeamRing(engine, 4, cqEntries: 4);
        for (ulong i = 0; i < 4 + (ulong)more; i++)
        {
            ring.Nops(i);
            Assert.Equal(1, ring.Submit());
        }

        return ring;
    }
}
