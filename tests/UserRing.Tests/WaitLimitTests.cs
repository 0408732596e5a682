using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Tests;

/// <summary>What ends a wait for lack of completions: a minimum time, a point in time, and that some were lost.</summary>
public sealed unsafe class WaitLimitTests
{
    private const SetupFlags Deferring = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;
    private const int ShortMs = 30, LongMs = 10_000, WellBeforeLongMs = 5000;

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(Deferring)]
    public void After_the_minimum_time_what_is_there_is_enough(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, flags: flags);
        ring.Nops(1);
        ring.Submit();
        Assert.Equal(0, Timed(() => Enter(ring, 4, ShortMs, Time(LongMs)), ShortMs));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(Deferring)]
    public void What_comes_within_the_minimum_time_is_waited_for_together(string engine, SetupFlags flags)
    {
        using var pipe = new TestPipe();
        using var ring = new SeamRing(engine, flags: flags);
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Submit();
        pipe.Write("x");
        Assert.Equal(0, Timed(() => Enter(ring, 4, ShortMs, Time(LongMs)), ShortMs));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(Deferring)]
    public void After_a_minimum_time_in_vain_the_first_completion_ends_the_wait(string engine, SetupFlags flags)
    {
        using var pipe = new TestPipe();
        using var ring = new SeamRing(engine, flags: flags);
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Submit();
        long start = Stopwatch.GetTimestamp();
        TestThread<int> writer = TestThread.Start(() =>
        {
            Until.True(() => Stopwatch.GetElapsedTime(start).TotalMilliseconds > 3 * ShortMs, "the minimum time is over");
            pipe.Write("x");
            return 0;
        });
        Assert.Equal(0, Timed(() => Enter(ring, 4, ShortMs, Time(LongMs)), ShortMs));
        Assert.Equal(1u, ring.Ready);
        Assert.Equal(0, writer.Answer);
    }

    [Theory, EveryEngine]
    public void Enough_completions_end_the_wait_before_the_minimum_time(string engine)
    {
        using var pipe = new TestPipe();
        using var ring = new SeamRing(engine);
        for (ulong i = 0; i < 3; i++)
            ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = i;
        ring.Submit();
        TestThread<int> waiter = TestThread.Start(() => EnterTests.Uninterrupted(() => Enter(ring, 3, LongMs, Time(LongMs))));
        waiter.AwaitSleep();
        long start = Environment.TickCount64;
        pipe.Write("x");
        Assert.Equal(0, waiter.Answer);
        Assert.InRange(Environment.TickCount64 - start, 0, WellBeforeLongMs);
        Assert.Equal(0, EnterTests.Uninterrupted(() => Enter(ring, 0, LongMs, Time(LongMs)))); // nothing is waited for
        Assert.InRange(Environment.TickCount64 - start, 0, WellBeforeLongMs);
    }

    [Theory, EveryEngine]
    public void Without_a_deadline_the_minimum_time_is_one(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, ShortMs, null), ShortMs));
        ring.Nops(1);
        ring.Submit();
        Assert.Equal(0, Timed(() => Enter(ring, 2, ShortMs, null), ShortMs));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(5)]
    public void A_deadline_within_the_minimum_time_does_not_shorten_it(string engine, int milliseconds)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 2, ShortMs, Time(milliseconds)), ShortMs));
    }

    [Theory, EveryEngine]
    public void A_deadline_after_the_minimum_time_ends_a_wait_in_vain(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 2, ShortMs, Time(4 * ShortMs)), 4 * ShortMs));
    }

    [Theory, EveryEngine]
    public void A_timeout_request_ends_the_minimum_time_too(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromMilliseconds(ShortMs)));
        ring.Submit();
        Assert.Equal(0, Timed(() => Enter(ring, 4, LongMs, Time(LongMs)), 0));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(4 * ShortMs)]
    public void A_signal_ends_a_wait_with_a_minimum_time(string engine, int deadlineMs)
    {
        int signal = TestSignals.Plain;
        using var ring = new SeamRing(engine);
        TestThread<int> waiter = TestThread.Start(() => Enter(ring, 4, LongMs, deadlineMs == 0 ? null : Time(deadlineMs)));
        Assert.Equal(-Errno.EINTR, waiter.Interrupted(signal));
    }

    [Theory, EveryEngine]
    public void A_point_in_time_ends_the_wait(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, 0, Now(0), EnterFlags.AbsTimer), 0));
        KernelTimespec later = Now(ShortMs);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, 0, later, EnterFlags.AbsTimer), ShortMs));
        Assert.True(Libc.ClockGettimeNs(Libc.CLOCK_MONOTONIC) >= later.TvSec * 1_000_000_000 + later.TvNsec);
        KernelTimespec evenLater = Now(4 * ShortMs);
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, ShortMs, evenLater, EnterFlags.AbsTimer), 4 * ShortMs));
    }

    [Theory, EveryEngine]
    public void Without_a_time_its_flag_means_nothing(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.AbsTimer));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.GetEvents | EnterFlags.AbsTimer, TestMemory.Bad, 3));
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, ShortMs, null, EnterFlags.AbsTimer), ShortMs));
    }

    [Theory]
    [EveryEngine(1L, -970_000_000L)]
    [EveryEngine(-1L, 1_030_000_000L)]
    [EveryEngine(0L, 30_000_000L)]
    public void Nanoseconds_count_beyond_a_second_and_below_zero(string engine, long seconds, long nanoseconds)
    {
        using var ring = new SeamRing(engine);
        KernelTimespec time = new() { TvSec = seconds, TvNsec = nanoseconds };
        Assert.Equal(-Errno.ETIME, Timed(() => Enter(ring, 1, 0, time), 30));
    }

    [Theory]
    [EveryEngine(long.MaxValue, 0L, EnterFlags.None)]
    [EveryEngine(long.MaxValue, long.MaxValue, EnterFlags.None)]
    [EveryEngine(9_223_372_035L, 0L, EnterFlags.None)]
    [EveryEngine(-9_223_372_037L, 0L, EnterFlags.None)]
    [EveryEngine(long.MaxValue, 0L, EnterFlags.AbsTimer)]
    [EveryEngine(-5L, 0L, EnterFlags.AbsTimer)]
    public void Times_beyond_all_bounds_never_come(string engine, long seconds, long nanoseconds, EnterFlags flags)
    {
        using var pipe = new TestPipe();
        using var ring = new SeamRing(engine);
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        ring.Submit();
        KernelTimespec time = new() { TvSec = seconds, TvNsec = nanoseconds };
        TestThread<int> waiter = TestThread.Start(() => EnterTests.Uninterrupted(() => Enter(ring, 1, 0, time, flags)));
        waiter.AwaitSleep();
        Assert.False(waiter.IsDone);
        pipe.Write("x");
        Assert.Equal(0, waiter.Answer);
    }

    [Fact]
    public void Lost_completions_are_reported_once_when_nothing_is_left_to_read()
    {
        var engine = new ManagedEngine(new ManagedEngineOptions { MostHeldBack = 2 });
        using var ring = new SeamRing(engine, 8, SeamRing.Parameters(0, cqEntries: 8));
        for (int i = 0; i < 3; i++)
        {
            ring.Nops(1, 2, 3, 4);
            Assert.Equal(4, ring.Submit());
        }

        // Eight in the queue, two held back, two lost.
        Assert.Equal(2u, ring.Overflow);
        Assert.Equal(0, ring.EnterFor(0, 20, SeamRing.Patience));
        ring.Take(8);
        Assert.Equal(0, ring.EnterFor(0, 5, SeamRing.Patience)); // not waited for: it may be one of those that will never come
        ring.Take(2);
        ring.Nops(9);
        Assert.Equal(1, ring.EnterFor(1, 1, SeamRing.Patience)); // hidden by the count, and not forgotten
        ring.Take();
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal(-Errno.EBADR, ring.EnterFor(0, 1, SeamRing.Patience));
        Assert.Equal(-Errno.ETIME, EnterTests.Uninterrupted(() => ring.EnterFor(0, 1, TimeSpan.FromMilliseconds(5))));
        Assert.Equal(2u, ring.Overflow);
    }

    private static int Enter(SeamRing ring, uint count, int minimumMs, KernelTimespec? time, EnterFlags flags = 0)
    {
        KernelTimespec limit = time.GetValueOrDefault();
        GetEventsArg argument = new() { MinWaitUsec = (uint)minimumMs * 1000, Ts = time is null ? 0 : (ulong)&limit };
        return ring.Enter(0, count, flags | EnterFlags.GetEvents | EnterFlags.ExtArg, (nuint)(&argument), (nuint)sizeof(GetEventsArg));
    }

    private static KernelTimespec Time(int milliseconds) =>
        new() { TvSec = milliseconds / 1000, TvNsec = milliseconds % 1000 * 1_000_000L };

    private static KernelTimespec Now(int plusMs)
    {
        long now = Libc.ClockGettimeNs(Libc.CLOCK_MONOTONIC);
        return new() { TvSec = now / 1_000_000_000, TvNsec = now % 1_000_000_000 + plusMs * 1_000_000L };
    }

    /// <summary>What the call answers, after that time at least and long before anything else would end it.</summary>
    private static int Timed(Func<int> enter, int milliseconds)
    {
        long start = Stopwatch.GetTimestamp();
        int result = EnterTests.Uninterrupted(enter);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, milliseconds - 1, WellBeforeLongMs);
        return result;
    }
}
