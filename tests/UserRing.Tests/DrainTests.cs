using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>IO_DRAIN: a request that waits for all before it, and holds up all behind it.</summary>
public sealed class DrainTests
{
    private const SqeFlags Drain = SqeFlags.IoDrain, Link = SqeFlags.IoLink;

    [Theory, EveryEngine]
    public void A_drained_request_waits_for_those_before_it_and_holds_up_those_behind(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, UserData = 1 };
        Nop(ring, 2, Drain);
        Nop(ring, 3);
        Nop(ring, 4, Drain);
        Nop(ring, 5, Link);
        Nop(ring, 6);
        Assert.Equal(6, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("12345678");
        Assert.Equal([1, 2, 3, 4, 5, 6], ring.Take(6).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void What_was_submitted_later_waits_too_and_cannot_be_cancelled(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, UserData = 1 };
        Nop(ring, 2, Drain);
        Assert.Equal(2, ring.Submit());
        ring.Next() = new Sqe { Opcode = Opcode.AsyncCancel, Addr = 2, UserData = 3 };
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("12345678");
        Cqe[] completions = ring.Take(3);
        Assert.Equal([1, 2, 3], completions.Select(cqe => (int)cqe.UserData));
        Assert.Equal([8, 0, -Errno.ENOENT], completions.Select(cqe => cqe.Res));
    }

    [Theory, EveryEngine]
    public void In_the_middle_of_a_chain_it_drains_the_chain_and_what_follows(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, UserData = 1 };
        Nop(ring, 2, Link);
        Nop(ring, 3, Link | Drain);
        Nop(ring, 4);
        Nop(ring, 5);
        Assert.Equal(5, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("12345678");
        Assert.Equal([1, 2, 3, 4, 5], ring.Take(5).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void What_a_drained_chain_drains_behind_it_is_the_first_whose_flags_are_good(string engine)
    {
        using var ring = new SeamRing(engine, 16, SetupFlags.SubmitAll);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, UserData = 1 };
        Nop(ring, 2, Link);
        Nop(ring, 3, Link | Drain);
        Nop(ring, 4);
        Nop(ring, 5, (SqeFlags)0x80);
        Nop(ring, 6);
        Nop(ring, 7);
        Assert.Equal(7, ring.Submit());
        Assert.Equal((5UL, -Errno.EINVAL), (ring.CqeAt(0).UserData, ring.CqeAt(0).Res));
        Assert.True(ring.StaysQuiet());
        Assert.Equal(1u, ring.Ready);
        pipe.Write("12345678");
        Assert.Equal([5, 1, 2, 3, 4, 6, 7], ring.Take(7).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void A_drained_chain_that_fails_lets_the_next_go(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        Nop(ring, 1);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = 9999, Flags = Link | Drain, UserData = 2 };
        Nop(ring, 3);
        Nop(ring, 4, Drain);
        Assert.Equal(4, ring.Submit());
        Cqe[] completions = ring.Take(4);
        Assert.Equal([1, 2, 3, 4], completions.Select(cqe => (int)cqe.UserData));
        Assert.Equal([0, -Errno.EBADF, -Errno.ECANCELED, 0], completions.Select(cqe => cqe.Res));
    }

    [Theory, EveryEngine]
    public void On_a_deferring_ring_it_starts_when_events_are_asked_for(string engine)
    {
        using var ring = new SeamRing(engine, 16, SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
        Nop(ring, 1);
        Nop(ring, 2, Drain);
        Nop(ring, 3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal(1u, ring.Ready);
        Assert.Equal([1, 2, 3], ring.Take(3).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void A_ring_that_ever_saw_a_silent_success_cannot_drain(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, SqeFlags.CqeSkipSuccess);
        Nop(ring, 2, Drain);
        Assert.Equal(2, ring.Submit());
        Cqe completion = ring.Take();
        Assert.Equal((2, -Errno.EOPNOTSUPP), ((int)completion.UserData, completion.Res));
        Assert.Equal(0u, ring.Ready);
    }

    /// <summary>Requests end on other threads all the time while drained ones come and go: each waits, and none for ever.</summary>
    [Theory, EveryEngine]
    public void Drains_among_requests_that_end_elsewhere_keep_their_order(string engine)
    {
        using var ring = new SeamRing(engine, 64);
        using TestFile file = TestFile.Numbered(8192);
        using var memory = new TestMemory(8192);
        for (int round = 0; round < 300; round++)
        {
            for (ulong i = 0; i < 6; i++)
            {
                ring.Next() = new Sqe
                {
                    Opcode = Opcode.Read, Fd = file, Addr = memory.At((int)i * 1024), Len = 1024, Flags = SqeFlags.Async, UserData = i,
                };
            }

            Nop(ring, 100, Drain);
            Nop(ring, 101);
            Assert.Equal(8, ring.Submit());
            Cqe[] completions = ring.Take(8);
            Assert.Equal([100, 101], completions[6..].Select(cqe => (int)cqe.UserData));
            Assert.All(completions[..6], cqe => Assert.Equal(1024, cqe.Res));
        }
    }

    [Theory, EveryEngine]
    public void Releasing_a_ring_with_drained_requests_waits_for_nobody(string engine)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        using var ring = new SeamRing(engine, 16);
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, UserData = 1 };
        Nop(ring, 2, Drain);
        Nop(ring, 3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal(0, ring.Release());
    }

    private static void Nop(SeamRing ring, ulong userData, SqeFlags flags = 0) =>
        ring.Next() = new Sqe { Opcode = Opcode.Nop, Flags = flags, UserData = userData };
}
