using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>FUTEX_WAIT, FUTEX_WAITV and FUTEX_WAKE: who is woken, by whom, in which order, and what ends a wait otherwise.</summary>
public sealed class FutexTests
{
    private const uint Word = SqePreparation.Futex32, Private = SqePreparation.FutexPrivate;
    private const ulong Waking = 100, Cancelling = 101, Timing = 102;

    [ThreadStatic]
    private static Sqe[]? _scratch;

    private static Sqe[] Scratch => _scratch ??= new Sqe[1];

    [Theory]
    [EveryEngine(Word | Private)]
    [EveryEngine(Word)]
    public void A_wait_ends_with_a_wake_of_the_ring_or_of_anybody(string engine, uint flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Wait(ring, memory, 1, flags: flags);
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(1, Wake(ring, memory, flags: flags).Res);
        Assert.Equal((1ul, 0), Next(ring));
        Wait(ring, memory, 2, flags: flags);
        // A thread of the managed engine may still be on its way to sleep.
        Until.True(() => Libc.FutexWake(memory.Address, 1, uint.MaxValue, flags) == 1, "somebody sleeps");
        Assert.Equal((2ul, 0), Next(ring));
    }

    [Theory, EveryEngine]
    public void A_private_wait_and_a_shared_wake_do_not_meet(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Wait(ring, memory, 1);
        Assert.Equal(0, Wake(ring, memory, flags: Word).Res);
        Wait(ring, memory, 2, flags: Word);
        Assert.Equal(1, Wake(ring, memory, most: 5).Res);
        Assert.Equal((1ul, 0), Next(ring));
        Assert.Equal(1, Wake(ring, memory, most: 5, flags: Word).Res);
        Assert.Equal((2ul, 0), Next(ring));
    }

    [Theory, EveryEngine]
    public void The_first_to_wait_is_the_first_to_be_woken(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        for (ulong i = 1; i <= 4; i++)
            Wait(ring, memory, i);
        foreach (ulong expected in (ulong[])[1, 2])
        {
            Assert.Equal(1, Wake(ring, memory).Res);
            Assert.Equal((expected, 0), Next(ring));
        }

        Assert.Equal(2, Wake(ring, memory, most: 10).Res);
        Assert.Equal([3ul, 4], ring.Take(2).Select(cqe => cqe.UserData));
        Assert.Equal(0, Wake(ring, memory, most: 10).Res);
    }

    [Theory, EveryEngine]
    public void A_wake_finds_those_who_share_a_bit(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Wait(ring, memory, 1, mask: 1);
        Wait(ring, memory, 2, mask: 2);
        Wait(ring, memory, 3, mask: 6);
        Assert.Equal(0, Wake(ring, memory, most: 5, mask: 8).Res);
        Assert.Equal(2, Wake(ring, memory, most: 5, mask: 2).Res);
        Assert.Equal([2ul, 3], ring.Take(2).Select(cqe => cqe.UserData));
        Assert.Equal(1, Wake(ring, memory, most: 5).Res);
        Assert.Equal((1ul, 0), Next(ring));
    }

    [Theory, EveryEngine]
    public void A_wake_of_none_wakes_none_and_one_before_the_wait_is_lost(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(0, Wake(ring, memory).Res);
        Wait(ring, memory, 1);
        Assert.Equal(0, Wake(ring, memory, most: 0).Res);
        Assert.True(ring.StaysQuiet(10));
        memory.As<uint>() = 5;
        ring.Next(2).PrepareFutexWait(memory.Address, 4).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal((2ul, -Errno.EAGAIN), Next(ring));
        Assert.Equal(1, Wake(ring, memory).Res);
        Assert.Equal((1ul, 0), Next(ring));
    }

    [Theory, EveryEngine]
    public void Fields_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, ring.Do(Fresh().PrepareFutexWait(memory.Address, 0, mask: 0)));
        Assert.Equal(-Errno.EINVAL, ring.Do(Fresh().PrepareFutexWake(memory.Address, 1, mask: 0)));
        foreach (uint size in (uint[])[0, 1, 3])
        {
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(Fresh().PrepareFutexWait(memory.Address, 0, flags: size)));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(Fresh().PrepareFutexWake(memory.Address, 1, flags: size | Private)));
        }

        Assert.Equal(-Errno.EINVAL, ring.DoRefused(Fresh().PrepareFutexWait(memory.Address, 0, flags: Word | 0x10)));
        Assert.Equal(-Errno.EINVAL, ring.Do(Fresh().PrepareFutexWait(memory.At(2), 0)));
        Assert.Equal(-Errno.EINVAL, ring.Do(Fresh().PrepareFutexWake(memory.At(2), 1)));
        Assert.Equal(-Errno.EFAULT, ring.Do(Fresh().PrepareFutexWait(TestMemory.Bad, 0)));
        Assert.Equal(-Errno.EFAULT, ring.Do(Fresh().PrepareFutexWait(TestMemory.Bad, 0, flags: Word)));
        Sqe wide = Fresh().PrepareFutexWait(memory.Address, 0);
        wide.Addr2 = 1ul << 32;
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(wide));
        wide = Fresh().PrepareFutexWait(memory.Address, 0);
        wide.Addr3 = 1ul << 32;
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(wide));
    }

    [Theory]
    [EveryEngine(CancelFlags.None)]
    [EveryEngine(CancelFlags.Any)]
    [EveryEngine(CancelFlags.Op)]
    [EveryEngine(CancelFlags.All)]
    public void A_cancel_ends_waits(string engine, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Wait(ring, memory, 7);
        Wait(ring, memory, 7);
        bool all = (key & (CancelFlags.All | CancelFlags.Any)) != 0;
        ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(7, key);
        (sqe.UserData, sqe.Len) = (Cancelling, (uint)Opcode.FutexWait);
        Assert.Equal(1, ring.Submit());
        Cqe[] cqes = ring.Take(all ? 3 : 2);
        // The kernel tells how many it took from its list; with ALL it takes them at once, and counts that.
        Assert.Equal((key & CancelFlags.Any) != 0 ? 2 : 1, cqes.Single(cqe => cqe.UserData == Cancelling).Res);
        Assert.All(cqes.Where(cqe => cqe.UserData == 7), cqe => Assert.Equal(-Errno.ECANCELED, cqe.Res));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(all ? 0 : 1, Wake(ring, memory, most: 5).Res);
    }

    [Theory, EveryEngine]
    public void A_link_timeout_ends_a_wait_or_is_ended_by_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        foreach ((int milliseconds, bool isWoken) in ((int, bool)[])[(20, false), (60_000, true)])
        {
            ring.Next().PrepareFutexWait(memory.Address, 0).Flags = SqeFlags.IoLink;
            ring.Next() = new Sqe
            {
                Opcode = Opcode.LinkTimeout, Addr = memory.PutTime(64, TimeSpan.FromMilliseconds(milliseconds)), Len = 1, UserData = Timing,
            };
            Assert.Equal(2, ring.Submit());
            if (isWoken)
                Assert.Equal(1, Wake(ring, memory).Res);
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Equal(
                isWoken ? (0, -Errno.ECANCELED) : (-Errno.ECANCELED, 1), // not ETIME: how many it has cancelled
                (results[0], results[Timing]));
        }
    }

    [Theory, EveryEngine]
    public void What_is_linked_behind_a_wait_runs_once_it_is_woken(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ref Sqe sqe = ref ring.Next(1).PrepareFutexWait(memory.Address, 0);
        (sqe.UserData, sqe.Flags) = (1, SqeFlags.IoLink);
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(1, Wake(ring, memory).Res);
        Assert.Equal([(1ul, 0), (2ul, 0)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
        memory.As<uint>() = 1;
        sqe = ref ring.Next(1).PrepareFutexWait(memory.Address, 0);
        (sqe.UserData, sqe.Flags) = (1, SqeFlags.IoLink);
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([(1ul, -Errno.EAGAIN), (2ul, -Errno.ECANCELED)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(2)]
    public void A_wait_for_several_tells_which_was_woken(string engine, int woken)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        WaitFor(ring, memory, 1, [new() { Uaddr = memory.At(0), Flags = Word | Private }, new() { Uaddr = memory.At(4), Flags = Word },
            new() { Uaddr = memory.At(8), Flags = Word | Private }]);
        Wait(ring, memory, 2, at: 4 * woken);
        Assert.Equal(1, Wake(ring, memory, at: 4 * woken).Res);
        Assert.Equal((1ul, woken), Next(ring));
        Assert.Equal(1, Wake(ring, memory, most: 5, at: 4 * woken).Res);
        Assert.Equal((2ul, 0), Next(ring));
        Assert.Equal(0, Wake(ring, memory, most: 5, at: 4, flags: Word).Res); // it waits for none of the others any more
    }

    [Theory, EveryEngine]
    public void A_wait_for_several_needs_all_of_them_as_expected(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.As<uint>(4) = 9;
        FutexWaitv first = new() { Uaddr = memory.At(0), Flags = Word | Private };
        (FutexWaitv Second, int Result)[] cases =
        [
            (new() { Uaddr = memory.At(4), Val = 8, Flags = Word | Private }, -Errno.EAGAIN),
            (new() { Uaddr = TestMemory.Bad, Flags = Word | Private }, -Errno.EFAULT),
            (new() { Uaddr = memory.At(6), Flags = Word | Private }, -Errno.EINVAL),
            (new() { Uaddr = memory.At(4), Val = 9, Flags = Private }, -Errno.EINVAL),
            (new() { Uaddr = memory.At(4), Val = 9, Flags = Word, Reserved = 1 }, -Errno.EINVAL),
            (new() { Uaddr = memory.At(4), Val = 9ul << 32, Flags = Word }, -Errno.EINVAL),
        ];
        foreach ((FutexWaitv second, int result) in cases)
        {
            WaitFor(ring, memory, 1, [first, second]);
            Assert.Equal((1ul, result), Next(ring));
        }

        Assert.Equal(0, Wake(ring, memory, most: 5).Res); // none of them stayed
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(Fresh().PrepareFutexWaitv(memory.At(512), 0)));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(Fresh().PrepareFutexWaitv(memory.At(512), 129)));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(Fresh().PrepareFutexWaitv(TestMemory.Bad, 1)));
    }

    [Theory, EveryEngine]
    public void A_wait_for_as_many_as_can_be_is_cancelled_or_woken_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(8192);
        var all = new FutexWaitv[128];
        for (int i = 0; i < all.Length; i++)
            all[i] = new FutexWaitv { Uaddr = memory.At(4 * i), Flags = Word | Private };
        WaitFor(ring, memory, 1, all);
        ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(1);
        sqe.UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 1), (results[1], results[Cancelling]));
        WaitFor(ring, memory, 2, all);
        Assert.Equal(1, Wake(ring, memory, at: 4 * 127).Res);
        Assert.Equal((2ul, 127), Next(ring));
        Assert.Equal(0, Wake(ring, memory).Res);
    }

    [Theory, EveryEngine]
    public void Two_rings_meet_at_one_word(string engine)
    {
        using var waiting = new SeamRing(engine);
        using var waking = new SeamRing(engine);
        using var memory = new TestMemory();
        Wait(waiting, memory, 1);
        Wait(waking, memory, 2);
        Assert.Equal(1, Wake(waking, memory).Res);
        Assert.Equal((1ul, 0), Next(waiting));
        Assert.Equal(1, Wake(waiting, memory).Res);
        Assert.Equal((2ul, 0), Next(waking));
    }

    [Theory, EveryEngine]
    public void A_ring_that_goes_takes_its_waits_along(string engine)
    {
        using var memory = new TestMemory();
        using var other = new SeamRing(engine);
        using (var ring = new SeamRing(engine))
            Wait(ring, memory, 1);
        Until.True(() => Wake(other, memory).Res == 0, "nobody waits any more"); // the kernel's ring ends when it can
    }

    private static ref Sqe Fresh()
    {
        Scratch[0] = default;
        return ref Scratch[0];
    }

    private static void Wait(
        SeamRing ring, TestMemory memory, ulong userData, uint mask = uint.MaxValue, uint flags = Word | Private, int at = 0)
    {
        ring.Next().PrepareFutexWait(memory.At(at), 0, mask, flags).UserData = userData;
        Assert.Equal(1, ring.Submit());
    }

    private static void WaitFor(SeamRing ring, TestMemory memory, ulong userData, FutexWaitv[] futexes)
    {
        ring.Next().PrepareFutexWaitv(memory.Put<FutexWaitv>(1024, futexes), (uint)futexes.Length).UserData = userData;
        Assert.Equal(1, ring.Submit());
    }

    /// <summary>What a wake says; completions of others stay for later.</summary>
    private static Cqe Wake(
        SeamRing ring, TestMemory memory, uint most = 1, uint mask = uint.MaxValue, uint flags = Word | Private, int at = 0)
    {
        // Its own ring, so that what it wakes is not in the way.
        using var own = new SeamRing(ring.Engine, 2, default);
        own.Next().PrepareFutexWake(memory.At(at), most, mask, flags).UserData = Waking;
        Assert.Equal(1, own.Submit());
        return own.Take();
    }

    private static (ulong UserData, int Result) Next(SeamRing ring)
    {
        Cqe cqe = ring.Take();
        return (cqe.UserData, cqe.Res);
    }
}
