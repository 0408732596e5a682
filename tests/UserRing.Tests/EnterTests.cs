using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Tests;

/// <summary>io_uring_enter: what it checks, in what order, and what its answer means.</summary>
public sealed unsafe class EnterTests
{
    private const EnterFlags GetEventsExt = EnterFlags.GetEvents | EnterFlags.ExtArg;

    [Theory, EveryEngine]
    public void Nothing_to_do_answers_zero(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Enter());
        Assert.Equal(0, ring.Enter(0, 5));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.GetEvents));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.GetEvents | EnterFlags.NoIowait));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWakeup));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWait));
    }

    [Theory]
    [EveryEngine(1u << 8)]
    [EveryEngine(1u << 31)]
    public void Unknown_flags_are_refused_before_anything_else(string engine, uint flag)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        Assert.Equal(-Errno.EINVAL, ring.Enter(1, 0, (EnterFlags)flag));
        Assert.Equal(-Errno.EINVAL, ring.Engine.Enter(-1, 0, 0, (EnterFlags)flag, 0, 0));
        Assert.Equal(1u, ring.Queued);
    }

    [Theory, EveryEngine]
    public void Descriptors_that_are_no_ring_are_told_apart(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        using TestDescriptor other = TestDescriptor.EventFd();
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(-Errno.EBADF, made.Enter(-1, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, made.Enter(int.MinValue, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, made.Enter(int.MaxValue, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, made.Enter(TestDescriptor.Closed, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, made.Enter(other, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, made.Enter(device, 1, 0, GetEventsExt, 0, 3));
    }

    [Fact]
    public void A_ring_of_the_other_engine_is_no_ring()
    {
        using var kernel = new SeamRing(TestEngines.Kernel);
        using var managed = new SeamRing(TestEngines.Managed);
        using var copying = new SeamRing(TestEngines.Copying);
        Assert.Equal(-Errno.EOPNOTSUPP, managed.Engine.Enter(kernel.Descriptor, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, kernel.Engine.Enter(managed.Descriptor, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, managed.Engine.Enter(copying.Descriptor, 0, 0, 0, 0, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, managed.Engine.Register(kernel.Descriptor, RegisterOp.UnregisterFiles, 0, 0));
    }

    [Theory, EveryEngine]
    public void Completions_of_inline_requests_are_there_on_return(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.Enter(3));
        Assert.Equal(3u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void Submitting_and_waiting_answers_the_submit_count(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Enter(2, 2, EnterFlags.GetEvents));
        Assert.Equal(0, ring.Enter(0, 2, EnterFlags.GetEvents));
        Assert.Equal(2u, ring.Ready);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(8)]
    [EveryEngine(23)]
    [EveryEngine(25)]
    public void An_extended_argument_of_another_size_is_refused(string engine, int size)
    {
        using var ring = new SeamRing(engine);
        GetEventsArg argument = default;
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 0, GetEventsExt, (nuint)(&argument), (nuint)size));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 0, GetEventsExt, 0, (nuint)size));
    }

    [Theory, EveryEngine]
    public void The_extended_argument_is_read_at_once_and_only_with_getevents(string engine)
    {
        using var ring = new SeamRing(engine);
        GetEventsArg argument = default;
        Assert.Equal(0, ring.Enter(0, 0, GetEventsExt, (nuint)(&argument), 24));
        Assert.Equal(-Errno.EFAULT, ring.Enter(0, 0, GetEventsExt, 0, 24));
        Assert.Equal(-Errno.EFAULT, ring.Enter(0, 0, GetEventsExt, TestMemory.Bad, 24));
        argument.Ts = TestMemory.Bad;
        Assert.Equal(-Errno.EFAULT, ring.Enter(0, 0, GetEventsExt, (nuint)(&argument), 24));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.ExtArg, TestMemory.Bad, 3));
    }

    [Theory, EveryEngine]
    public void A_bad_argument_is_hidden_by_a_submit_count(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        Assert.Equal(1, ring.Enter(1, 0, GetEventsExt, TestMemory.Bad, 3));
        ring.Nops(2);
        Assert.Equal(1, ring.Enter(1, 5, GetEventsExt, TestMemory.Bad, 24));
        Assert.Equal(2u, ring.Ready);
    }

    [Theory]
    [EveryEngine(10)]
    [EveryEngine(0)]
    [EveryEngine(-1000)]
    public void A_wait_in_vain_ends_when_the_time_is_up(string engine, int milliseconds)
    {
        using var ring = new SeamRing(engine);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(-Errno.ETIME, Uninterrupted(() => ring.EnterFor(0, 1, TimeSpan.FromMilliseconds(milliseconds))));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, milliseconds, 5000);
    }

    [Theory, EveryEngine]
    public void A_time_out_is_no_error_while_completions_are_unread(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        ring.Submit();
        Assert.Equal(0, ring.EnterFor(0, 2, TimeSpan.FromMilliseconds(10)));
        Assert.Equal(1u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void A_time_out_is_hidden_by_a_submit_count(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Nops(1);
        Assert.Equal(1, ring.EnterFor(1, 5, TimeSpan.FromMilliseconds(10)));
        ring.Take();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        Assert.Equal(1, ring.EnterFor(1, 1, TimeSpan.FromMilliseconds(10)));
        Assert.Equal(0u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void Taking_fewer_than_asked_skips_the_wait(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
        long start = Environment.TickCount64;
        Assert.Equal(1, ring.EnterFor(2, 1, SeamRing.Patience));
        Assert.InRange(Environment.TickCount64 - start, 0, 5000);
        Assert.Equal(0u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void Waiting_for_more_than_the_queue_holds_is_waiting_for_as_many(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        ring.Nops(1, 2, 3, 4);
        Assert.Equal(4, ring.EnterFor(4, 100, SeamRing.Patience));
        long start = Environment.TickCount64;
        Assert.Equal(0, ring.EnterFor(0, uint.MaxValue, SeamRing.Patience));
        Assert.InRange(Environment.TickCount64 - start, 0, 5000);
    }

    [Theory, EveryEngine]
    public void Old_completions_count_for_a_wait(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Nops(1, 2);
        ring.Submit();
        ring.Next(3).PreparePollAdd(pipe.ReadEnd, 1).UserData = 3;
        Assert.Equal(1, ring.Submit());
        TestThread<int> waiter = TestThread.Start(() => Uninterrupted(() => ring.EnterFor(0, 3, SeamRing.Patience)));
        pipe.Write("x");
        Assert.Equal(0, waiter.Answer);
        Assert.Equal(3u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void A_signal_mask_is_looked_at_only_if_the_call_waits(string engine)
    {
        using var ring = new SeamRing(engine);
        ulong mask = 0;
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.GetEvents, (nuint)(&mask), 7));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 1, EnterFlags.GetEvents, (nuint)(&mask), 7));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 1, EnterFlags.GetEvents, (nuint)(&mask), 128));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 1, EnterFlags.GetEvents, TestMemory.Bad, 7));
        Assert.Equal(-Errno.EFAULT, ring.Enter(0, 1, EnterFlags.GetEvents, TestMemory.Bad, 8));
        ring.Nops(1);
        ring.Submit();
        Assert.Equal(0, ring.Enter(0, 1, EnterFlags.GetEvents, TestMemory.Bad, 8));
        Assert.Equal(0, ring.Enter(0, 1, EnterFlags.GetEvents, (nuint)(&mask), 7));
    }

    [Theory, EveryEngine]
    public void The_same_holds_for_a_mask_in_the_extended_argument(string engine)
    {
        using var ring = new SeamRing(engine);
        ulong mask = 0;
        KernelTimespec limit = new() { TvSec = 10 };
        GetEventsArg argument = new() { Sigmask = TestMemory.Bad, SigmaskSz = 8, Ts = (ulong)&limit };
        Assert.Equal(-Errno.EFAULT, ring.Enter(0, 1, GetEventsExt, (nuint)(&argument), 24));
        argument = new() { Sigmask = (ulong)&mask, SigmaskSz = 4, Ts = (ulong)&limit };
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 1, GetEventsExt, (nuint)(&argument), 24));
        Assert.Equal(0, ring.Enter(0, 0, GetEventsExt, (nuint)(&argument), 24));
    }

    [Theory, EveryEngine]
    public void A_disabled_ring_is_refused_after_flags_and_before_all_else(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        ring.Nops(1);
        Assert.Equal(-Errno.EBADFD, ring.Enter());
        Assert.Equal(-Errno.EBADFD, ring.Enter(1));
        Assert.Equal(-Errno.EBADFD, ring.Enter(0, 0, GetEventsExt, TestMemory.Bad, 3));
        Assert.Equal(-Errno.EINVAL, ring.Enter(1, 0, (EnterFlags)(1 << 8)));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(1, ring.Enter(1));
    }

    [Theory, EveryEngine]
    public void Several_threads_may_wait_while_another_submits(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        for (ulong i = 0; i < 4; i++)
            ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = i;
        Assert.Equal(4, ring.Submit());
        TestThread<int>[] waiters =
        [
            .. Enumerable.Range(1, 4).Select(count => TestThread.Start(
                () => Uninterrupted(() => ring.EnterFor(0, (uint)count, SeamRing.Patience)))),
        ];
        foreach (TestThread<int> waiter in waiters)
            waiter.AwaitSleep();
        ring.Nops(50);
        Assert.Equal(1, ring.Submit());
        pipe.Write("x");
        Assert.All(waiters, waiter => Assert.Equal(0, waiter.Answer));
        Assert.Equal(5u, ring.Ready);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_released_ring_ends_its_waiters(string engine)
    {
        // The kernel's waiters hold their ring and go on waiting.
        using var ring = new SeamRing(engine);
        TestThread<int>[] waiters =
        [
            TestThread.Start(() => ring.EnterFor(0, 1, SeamRing.Patience)),
            TestThread.Start(() => ring.Enter(0, 3, EnterFlags.GetEvents)),
        ];
        foreach (TestThread<int> waiter in waiters)
            waiter.AwaitSleep();
        Assert.Equal(0, ring.Release());
        Assert.All(waiters, waiter => Assert.Equal(-Errno.EBADF, waiter.Answer));
    }

    [Theory, EveryEngine]
    public void Many_short_waits_all_end_by_themselves(string engine)
    {
        using var ring = new SeamRing(engine);
        for (int i = 0; i < 50; i++)
            Assert.Equal(-Errno.ETIME, Uninterrupted(() => ring.EnterFor(0, 1, TimeSpan.FromMicroseconds(200))));
    }

    internal static int Uninterrupted(Func<int> enter)
    {
        int result;
        do
            result = enter();
        while (result == -Errno.EINTR);
        return result;
    }
}
