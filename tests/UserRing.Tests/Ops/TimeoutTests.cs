using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>TIMEOUT: clocks, points in time, counts of completions.</summary>
public sealed class TimeoutTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(100);

    [Theory]
    [EveryEngine(0u)]
    [EveryEngine((uint)TimeoutFlags.Boottime)]
    [EveryEngine((uint)TimeoutFlags.Realtime)]
    [EveryEngine((uint)TimeoutFlags.EtimeSuccess)]
    public void It_completes_with_etime_not_before_the_time_is_up(string engine, uint flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        long start = Stopwatch.GetTimestamp();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromMilliseconds(5)), 0, (TimeoutFlags)flags).UserData = 3;
        Assert.Equal(-Errno.ETIME, ring.Result());
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 5, 5000);
    }

    [Theory]
    [EveryEngine(0u, Libc.CLOCK_MONOTONIC)]
    [EveryEngine((uint)TimeoutFlags.Boottime, Libc.CLOCK_BOOTTIME)]
    [EveryEngine((uint)TimeoutFlags.Realtime, Libc.CLOCK_REALTIME)]
    public void A_point_in_time_is_one_of_its_clock(string engine, uint flags, int clock)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        long due = Libc.ClockGettimeNs(clock) + 5_000_000;
        memory.As<KernelTimespec>() = new KernelTimespec { TvSec = due / 1_000_000_000, TvNsec = due % 1_000_000_000 };
        ring.Next().PrepareTimeout(memory.Address, 0, (TimeoutFlags)flags | TimeoutFlags.Abs);
        Assert.Equal(-Errno.ETIME, ring.Result());
        Assert.InRange(Libc.ClockGettimeNs(clock), due, long.MaxValue);
    }

    [Theory, EveryEngine]
    public void A_point_in_the_past_is_up_at_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromSeconds(1)), 0, TimeoutFlags.Abs);
        Assert.Equal(-Errno.ETIME, ring.Result());
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.Zero));
        Assert.Equal(-Errno.ETIME, ring.Result());
    }

    [Theory, EveryEngine]
    public void The_shorter_of_two_comes_first_whatever_their_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        int[] delays = [300, 100, 200, 50, 250]; // far enough apart for a busy machine
        for (int i = 0; i < delays.Length; i++)
            ring.Next().PrepareTimeout(memory.PutTime(16 * i, TimeSpan.FromMilliseconds(delays[i]))).UserData = (ulong)delays[i];
        Assert.Equal(5, ring.Submit());
        Assert.Equal([50ul, 100, 200, 250, 300], ring.Take(5).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void It_ends_with_zero_after_as_many_completions_as_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 2).UserData = 1;
        Assert.Equal(1, ring.Submit());
        ring.Nops(2);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1u, ring.Ready);
        ring.Nops(3);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(2ul, 0), (3, 0), (1, 0)], ring.Take(3).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void Completions_of_its_own_batch_count(string engine)
    {
        // Those before it too: they are posted with the batch, when the timeout is waiting already.
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Nops(1, 2);
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 1).UserData = 3;
        Assert.Equal(3, ring.Submit());
        Assert.Equal([1ul, 2, 3], ring.TakeReady().Select(cqe => cqe.UserData));
        ring.Nops(4);
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 4).UserData = 5;
        ring.Nops(6, 7);
        Assert.Equal(4, ring.Submit());
        Assert.Equal([4ul, 6, 7], ring.TakeReady().Select(cqe => cqe.UserData));
        ring.Nops(8);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([8ul, 5], ring.TakeReady().Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Completions_from_elsewhere_count_as_well(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 1).UserData = 1;
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = 2;
        Assert.Equal(2, ring.Submit());
        pipe.Write("x");
        Assert.Equal([(2ul, 1), (1, 0)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void Each_report_of_a_request_that_goes_on_counts(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next() = new Sqe
        {
            Opcode = Opcode.Timeout, Addr = memory.Put(0, new KernelTimespec { TvSec = 3600 }), Len = 1, Off = 2, UserData = 1,
        };
        ring.Next() = new Sqe { Opcode = Opcode.PollAdd, Fd = pipe.ReadEnd, Poll32Events = (uint)Libc.POLLIN, Len = 1, UserData = 2 };
        Assert.Equal(2, ring.Submit());
        pipe.Write("a");
        Assert.Equal(2UL, ring.Take().UserData);
        Assert.True(ring.StaysQuiet());
        pipe.Write("b");
        Assert.Equal([2, 1], ring.Take(2).Select(cqe => (int)cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Other_timeouts_do_not_count(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 1).UserData = 1;
        ring.Next().PrepareTimeout(memory.PutTime(16, TimeSpan.FromMilliseconds(1))).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.Equal((2ul, -Errno.ETIME), Pair(ring.Take()));
        Assert.True(ring.StaysQuiet());
        ring.Nops(3);
        ring.Submit();
        Assert.Equal([(3ul, 0), (1, 0)], ring.Take(2).Select(Pair));
    }

    [Theory, EveryEngine]
    public void A_counting_one_can_run_out_of_time_too(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromMilliseconds(2)), 5).UserData = 1;
        Assert.Equal(-Errno.ETIME, ring.Result());
        ring.Nops(2, 3, 4, 5, 6);
        Assert.Equal(5, ring.Submit());
        Assert.Equal(5u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void Deferred_completions_count_when_they_are_delivered(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 1).UserData = 1;
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = 2;
        Assert.Equal(2, ring.Submit());
        pipe.Write("x");
        Assert.Equal([(2ul, 1), (1, 0)], ring.Take(2).Select(Pair));
    }

    [Theory, EveryEngine]
    public void Completions_that_are_held_back_count(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, Long), 5).UserData = 100;
        ring.Submit();
        for (ulong i = 0; i < 6; i++)
        {
            ring.Nops(i);
            ring.Submit();
        }

        Assert.Equal(7, ring.Results(7).Count);
    }

    [Theory, EveryEngine]
    public void The_timespec_may_go_once_enter_returned(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromMilliseconds(5)));
        Assert.Equal(1, ring.Submit());
        memory.PutTime(0, Long);
        Assert.Equal(-Errno.ETIME, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_descriptor_is_ignored(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.Zero)).Fd = TestDescriptor.Closed;
        Assert.Equal(-Errno.ETIME, ring.Result());
    }

    [Theory, EveryEngine]
    public void Bad_arguments_are_refused(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var memory = new TestMemory();
        nuint time = memory.PutTime(0, TimeSpan.FromMilliseconds(1));
        nuint negativeSeconds = memory.Put(16, new KernelTimespec { TvSec = -1 });
        nuint negativeNanoseconds = memory.Put(32, new KernelTimespec { TvNsec = -1 });
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, Len = 0 }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, Len = 2 }));
        Assert.Equal(-Errno.EFAULT, Refused(ring, sqe => sqe with { Addr = 0 }));
        Assert.Equal(-Errno.EFAULT, Refused(ring, sqe => sqe with { Addr = TestMemory.Bad }));
        Assert.Equal(-Errno.EFAULT, Refused(ring, sqe => sqe with { Addr = memory.End - 8 }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = negativeSeconds }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = negativeNanoseconds }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, TimeoutFlags = (TimeoutFlags)(1 << 20) }));
        Assert.Equal(
            -Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, TimeoutFlags = TimeoutFlags.Boottime | TimeoutFlags.Realtime }));
        Assert.Equal(
            -Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, TimeoutFlags = TimeoutFlags.Multishot | TimeoutFlags.Abs }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, TimeoutFlags = TimeoutFlags.Update }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EINVAL, Refused(ring, sqe => sqe with { Addr = time, IoPrio = 1 }));
    }

    [Theory, EveryEngine]
    public void Times_beyond_all_bounds_do_not_come(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.Put(0, new KernelTimespec { TvSec = long.MaxValue, TvNsec = 999_999_999 });
        ring.Next().PrepareTimeout(memory.Address).UserData = 1;
        ring.Next().PrepareTimeout(memory.Address, 0, TimeoutFlags.Abs).UserData = 2;
        ring.Next().PrepareTimeout(memory.Address, 0, TimeoutFlags.Realtime).UserData = 3;
        Assert.Equal(3, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(0, CancelFlags.Any).UserData = 4;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(3, ring.Results(4)[4]);
    }

    [Theory, EveryEngine]
    public void Many_timeouts_each_come_once(string engine)
    {
        using var ring = new SeamRing(engine, 256);
        using var memory = new TestMemory(256 * 16);
        var random = new Random(7);
        for (int i = 0; i < 256; i++)
            ring.Next().PrepareTimeout(memory.PutTime(16 * i, TimeSpan.FromMicroseconds(random.Next(10_000)))).UserData = (ulong)i;
        Assert.Equal(256, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(256);
        Assert.Equal(256, results.Count);
        Assert.All(results.Values, result => Assert.Equal(-Errno.ETIME, result));
    }

    private static int Refused(SeamRing ring, Func<Sqe, Sqe> change)
    {
        ref Sqe sqe = ref ring.Next();
        sqe = change(new Sqe { Opcode = Opcode.Timeout, Fd = -1, Len = 1 });
        return ring.Result();
    }

    private static (ulong UserData, int Res) Pair(Cqe cqe) => (cqe.UserData, cqe.Res);
}
