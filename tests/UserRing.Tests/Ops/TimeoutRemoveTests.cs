using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>TIMEOUT_REMOVE: which timeout it ends, and how it gives one another time.</summary>
public sealed class TimeoutRemoveTests
{
    private const TimeoutFlags Linked = TimeoutFlags.LinkTimeoutUpdate;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(100), Short = TimeSpan.FromMilliseconds(20);

    [Theory, EveryEngine]
    public void It_ends_the_timeout_which_completes_behind_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long)).UserData = 1;
        ring.Next().PrepareTimeoutRemove(1).UserData = 2;
        ring.Nops(3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal([(2ul, 0), (3, 0), (1, -Errno.ECANCELED)], ring.Take(3).Select(cqe => (cqe.UserData, cqe.Res)));
        ring.Next().PrepareTimeoutRemove(1);
        Assert.Equal(-Errno.ENOENT, ring.Result());
    }

    [Theory, EveryEngine]
    public void It_finds_timeouts_alone(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareTimeoutRemove(1);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = 1;
        ring.Next().PrepareTimeoutRemove(1).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.Equal(-Errno.ENOENT, ring.Take().Res);
        ring.Next().PrepareTimeoutUpdate(1, memory.PutTime(0, Short)).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(-Errno.ENOENT, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void Of_several_with_one_name_one_that_counts_is_found_first(string engine, bool countsFirst)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), countsFirst ? 2u : 0).UserData = 1;
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), countsFirst ? 0u : 2).UserData = 1;
        ring.Next().PrepareTimeoutRemove(1).UserData = 2;
        Assert.Equal(3, ring.Submit());
        ring.Take(2);
        ring.Nops(3, 4);
        Assert.Equal(2, ring.Submit());
        ring.Take(2);
        Assert.True(ring.StaysQuiet()); // what is left does not count
    }

    [Theory, EveryEngine]
    public void Those_that_count_end_in_the_order_of_their_counts(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var memory = new TestMemory();
        foreach (uint count in (uint[])[3, 1, 4, 2, 2])
            ring.Next().PrepareTimeout(memory.PutTime(0, Long), count).UserData = count;
        Assert.Equal(5, ring.Submit());
        ring.Nops(10, 10, 10, 10, 10);
        Assert.Equal(5, ring.Submit());
        Assert.Equal([1, 2, 2, 3, 4], ring.Take(10).Where(cqe => cqe.UserData < 10).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        nuint time = memory.PutTime(0, Long), negative = memory.Put(64, new KernelTimespec { TvNsec = -1 });
        var remove = new Sqe { Opcode = Opcode.TimeoutRemove, Addr = 1 };
        foreach (Sqe bad in (Sqe[])[
            remove with { Flags = SqeFlags.FixedFile }, remove with { BufIndex = 1 }, remove with { Len = 1 },
            remove with { SpliceFdIn = 1 }, remove with { IoPrio = 1 }, With(TimeoutFlags.Abs), With(TimeoutFlags.Boottime),
            With((TimeoutFlags)(1 << 20)),
            With(TimeoutFlags.Update | TimeoutFlags.Multishot), With(TimeoutFlags.Update | TimeoutFlags.EtimeSuccess),
            With(TimeoutFlags.Update | TimeoutFlags.Boottime), With(TimeoutFlags.Update | TimeoutFlags.ClockMask),
            With(Linked | TimeoutFlags.Realtime), With(TimeoutFlags.Update, negative), With(Linked, negative),
            With(TimeoutFlags.Update | TimeoutFlags.Boottime, TestMemory.Bad)])
        {
            Assert.Equal(-Errno.EINVAL, ring.Do(bad));
        }

        Assert.Equal(-Errno.EOPNOTSUPP, ring.Do(remove with { Flags = SqeFlags.BufferSelect }));
        Assert.Equal(-Errno.EFAULT, ring.Do(With(TimeoutFlags.Update, 0)));
        Assert.Equal(-Errno.EFAULT, ring.Do(With(Linked, TestMemory.Bad)));
        foreach (Sqe good in (Sqe[])[
            remove with { Fd = 99, Off = 5 }, With(TimeoutFlags.Update), With(TimeoutFlags.Update | TimeoutFlags.Abs), With(Linked),
            With(Linked | TimeoutFlags.Update | TimeoutFlags.Abs)])
        {
            Assert.Equal(-Errno.ENOENT, ring.Do(good));
        }

        Sqe With(TimeoutFlags flags, nuint? address = null) => remove with { TimeoutFlags = flags, Addr2 = address ?? time };
    }

    [Theory, EveryEngine]
    public void A_new_time_counts_from_now(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long)).UserData = 1;
        Assert.Equal(1, ring.Submit());
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, Update(ring, memory.PutTime(0, Short)));
        Assert.Equal(-Errno.ETIME, ring.Take().Res);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 20, 5000);

        ring.Next().PrepareTimeout(memory.PutTime(0, Short)).UserData = 1;
        ring.Next().PrepareTimeoutUpdate(1, memory.PutTime(16, Long)).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.Equal(0, ring.Take().Res);
        Assert.True(ring.StaysQuiet(60));
    }

    [Theory]
    [EveryEngine(0u, Libc.CLOCK_MONOTONIC)]
    [EveryEngine((uint)TimeoutFlags.Boottime, Libc.CLOCK_BOOTTIME)]
    [EveryEngine((uint)TimeoutFlags.Realtime, Libc.CLOCK_REALTIME)]
    public void A_new_point_in_time_is_one_of_the_clock_it_had(string engine, uint flags, int clock)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 0, (TimeoutFlags)flags).UserData = 1;
        Assert.Equal(1, ring.Submit());
        long due = Libc.ClockGettimeNs(clock) + 20_000_000;
        nuint time = memory.Put(16, new KernelTimespec { TvSec = due / 1_000_000_000, TvNsec = due % 1_000_000_000 });
        Assert.Equal(0, Update(ring, time, TimeoutFlags.Abs));
        Assert.Equal(-Errno.ETIME, ring.Take().Res);
        Assert.InRange(Libc.ClockGettimeNs(clock), due, due + 5_000_000_000);
    }

    [Theory, EveryEngine]
    public void With_a_new_time_it_counts_no_more(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 3).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Update(ring, memory.PutTime(0, Long)));
        ring.Nops(5, 6, 7);
        Assert.Equal(3, ring.Submit());
        ring.Take(3);
        Assert.True(ring.StaysQuiet());
    }

    [Theory, EveryEngine]
    public void With_a_new_time_a_multishot_one_goes_on_without_end(string engine)
    {
        using var ring = new SeamRing(engine, 32);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 2, TimeoutFlags.Multishot).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Update(ring, memory.PutTime(0, TimeSpan.FromMilliseconds(3))));
        Assert.All(ring.Take(6), cqe => Assert.Equal((1ul, -Errno.ETIME, CqeFlags.More), (cqe.UserData, cqe.Res, cqe.Flags)));
        ring.Next().PrepareTimeoutRemove(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Cqe last;
        do
            last = ring.Take();
        while (last.Res is -Errno.ETIME or 0);
        Assert.Equal((1ul, -Errno.ECANCELED, CqeFlags.None), (last.UserData, last.Res, last.Flags));
    }

    [Theory, EveryEngine]
    public void A_link_timeout_is_given_a_time_and_not_removed(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 10, 0).Flags = SqeFlags.IoLink;
        ring.Next(0) = new Sqe { Opcode = Opcode.LinkTimeout, Addr = memory.PutTime(64, Long), Len = 1, UserData = 1 };
        Assert.Equal(2, ring.Submit());
        ring.Next().PrepareTimeoutRemove(1).UserData = 2;
        Assert.Equal(-Errno.ENOENT, ring.Result());
        Assert.Equal(-Errno.ENOENT, Update(ring, memory.PutTime(64, Short)));
        Assert.Equal(0, Update(ring, memory.PutTime(64, Long), Linked));
        Assert.True(ring.StaysQuiet());
        Assert.Equal(0, Update(ring, memory.PutTime(64, Short), Linked));
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, -Errno.ETIME), (results[0], results[1]));
    }

    [Theory, EveryEngine]
    public void The_bit_for_link_timeouts_alone_removes_a_timeout(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long)).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(-Errno.ENOENT, Update(ring, memory.PutTime(0, Short), Linked));
        ring.Next(2) = new Sqe { Opcode = Opcode.TimeoutRemove, Addr = 1, Addr2 = memory.Address, TimeoutFlags = Linked, UserData = 2 };
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(2ul, 0), (1, -Errno.ECANCELED)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void Updates_that_race_with_the_clock_complete_once(string engine, bool removes)
    {
        using var ring = new SeamRing(engine, 64);
        using var memory = new TestMemory();
        var random = new Random(3);
        int found = 0, late = 0;
        for (int round = 0; round < 300; round++)
        {
            nuint soon = memory.PutTime(0, TimeSpan.FromMicroseconds(random.Next(200)));
            ring.Next().PrepareTimeout(soon).UserData = 1;
            Assert.Equal(1, ring.Submit());
            if (round % 3 == 0)
                Until.True(() => ring.Ready == 1, "it is over");
            else
                Thread.SpinWait(random.Next(2000));
            if (removes)
                ring.Next().PrepareTimeoutRemove(1).UserData = 2;
            else
                ring.Next().PrepareTimeoutUpdate(1, soon).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Contains(results[2], (int[])[0, -Errno.ENOENT, -Errno.EALREADY]);
            Assert.Equal(removes && results[2] == 0 ? -Errno.ECANCELED : -Errno.ETIME, results[1]);
            (found, late) = results[2] == 0 ? (found + 1, late) : (found, late + 1);
        }

        Assert.True(found > 0 && late > 0, $"{found} found, {late} late");
    }

    private static int Update(SeamRing ring, nuint time, TimeoutFlags flags = 0)
    {
        ring.Next().PrepareTimeoutUpdate(1, time, flags).UserData = 1000;
        Assert.Equal(1, ring.Submit());
        // On a busy machine the new time may be over before this thread has posted that it was set.
        uint at = ring.CqHead;
        while (ring.CqeAt(at).UserData != 1000 && at != ring.CqTail)
            at++;
        (ring.CqeAt(at), ring.CqeAt(ring.CqHead)) = (ring.CqeAt(ring.CqHead), ring.CqeAt(at));
        Cqe cqe = ring.Take();
        Assert.Equal(1000ul, cqe.UserData);
        return cqe.Res;
    }
}
