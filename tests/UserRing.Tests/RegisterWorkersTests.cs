using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>How many workers there may be and where they run. Each test has a thread, and with it workers, of its own.</summary>
public sealed unsafe class RegisterWorkersTests
{
    [Theory, EveryEngine]
    public void The_limits_are_handed_back_as_they_were(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine, 64);
        uint most = Processes();
        uint usual = Math.Min(64, 4 * (uint)Environment.ProcessorCount);
        Assert.Equal((0, usual, most), Limits(ring, 0, 0));
        Assert.Equal((0, usual, most), Limits(ring, 5, 0));
        Assert.Equal((0, 5u, most), Limits(ring, 0, 7));
        Assert.Equal((0, 5u, 7u), Limits(ring, 0, 0));
    });

    [Theory, EveryEngine]
    public void No_limit_is_above_what_the_user_may_have(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine, 64);
        Limits(ring, int.MaxValue, int.MaxValue);
        uint most = Math.Min(Processes(), int.MaxValue);
        Assert.Equal((0, most, most), Limits(ring, 0, 0));
        Assert.Equal((-Errno.EINVAL, 0x8000_0000u, 1u), Limits(ring, 0x8000_0000, 1));
        Assert.Equal((-Errno.EINVAL, 1u, 0x8000_0000u), Limits(ring, 1, 0x8000_0000));
        Assert.Equal((0, most, most), Limits(ring, 0, 0));
    });

    [Theory, EveryEngine]
    public void The_first_ring_of_a_task_says_how_many_and_all_its_rings_share_them(string engine) => OnThread(() =>
    {
        using var small = new SeamRing(engine, 2);
        using var large = new SeamRing(engine, 64);
        Assert.Equal((0, 2u, Processes()), Limits(large, 9, 10));
        Assert.Equal((0, 9u, 10u), Limits(small, 0, 0));
    });

    [Theory, EveryEngine]
    public void A_task_without_workers_sets_the_limits_of_others(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine, 4);
        OnThread(() =>
        {
            Assert.Equal((0, 0u, 0u), Limits(ring, 3, 5));
            Assert.Equal((0, 0u, 0u), Limits(ring, 0, 0));
            ring.Nops(1);
            Assert.Equal(1, ring.Submit());
            Assert.Equal((0, 3u, 5u), Limits(ring, 0, 0));
        });
        Assert.Equal((0, 3u, 5u), Limits(ring, 0, 0));
    });

    [Theory, EveryEngine]
    public void A_polling_thread_has_workers_of_its_own(string engine) => OnThread(() =>
    {
        using var plain = new SeamRing(engine, 2);
        using var polled = new SeamRing(engine, 4, SetupFlags.SqPoll, idleMs: 1);
        Assert.Equal((0, 4u, Processes()), Limits(polled, 1, 3));
        Assert.Equal((0, 2u, Processes()), Limits(plain, 0, 0));
        Assert.Equal((0, 1u, 3u), Limits(polled, 0, 0));
        OnThread(() => Assert.Equal((0, 1u, 3u), Limits(polled, 0, 0)));
    });

    [Theory, EveryEngine]
    public void Arguments_of_the_limits_are_checked(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterIoWqMaxWorkers, 0, 2));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterIoWqMaxWorkers, memory.Address, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterIoWqMaxWorkers, TestMemory.Bad, 2));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterIoWqMaxWorkers, TestMemory.ReadOnly, 2));
    });

    [Theory, EveryEngine]
    public void A_mask_of_processors_is_taken_as_it_is(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(8192);
        memory.Bytes[0] = 1;
        Assert.Equal(0, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address, 8));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address, 1));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address, 1 << 30)); // more than any mask has is not looked at
        Assert.Equal(0, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address + 8, 8)); // none at all
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterIoWqAff));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterIoWqAff));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterIoWqAff, 0, 8));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterIoWqAff, TestMemory.Bad, 8));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterIoWqAff, memory.Address));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterIoWqAff, 0, 1));
        OnThread(() =>
        {
            Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterIoWqAff, memory.Address, 8)); // no workers
            Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterIoWqAff, TestMemory.Bad, 8));
            Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterIoWqAff));
        });
    });

    [Theory, EveryEngine]
    public void A_limit_of_one_lets_one_run_at_a_time(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var path = new TestMemory();
        string fifo = Path.Combine(Path.GetTempPath(), "uring-" + Guid.NewGuid().ToString("N"));
        Assert.Equal(0, TestLibc.MakeFifo(fifo));
        Encoding.UTF8.GetBytes(fifo).CopyTo(path.Bytes);
        Limits(ring, 1, 1);
        // Opening a FIFO waits for its other end: with two at a time the second would let the first go.
        var open = new Sqe { Opcode = Opcode.Openat, Fd = -100, Addr = path.Address, Flags = SqeFlags.Async };
        ring.Next() = open with { UserData = 1 };
        ring.Next() = open with { UserData = 2, OpenFlags = (uint)Libc.O_WRONLY };
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet());
        using TestDescriptor other = TestDescriptor.Open(fifo, Libc.O_RDWR);
        foreach (Cqe cqe in ring.Take(2))
            Libc.Close(cqe.Res);
        File.Delete(fifo);
    });

    private static void OnThread(Action body) => Assert.Equal(0, TestThread.Start(() =>
    {
        body();
        return 0;
    }).Answer);

    private static (int Result, uint Bounded, uint Unbounded) Limits(SeamRing ring, uint bounded, uint unbounded)
    {
        uint* limits = stackalloc uint[2] { bounded, unbounded };
        int result = ring.Register(RegisterOp.RegisterIoWqMaxWorkers, (nuint)limits, 2);
        return (result, limits[0], limits[1]);
    }

    private static uint Processes()
    {
        Assert.Equal(0, Libc.Getrlimit(Libc.RLIMIT_NPROC, out ulong soft, out _));
        return (uint)Math.Min(soft, uint.MaxValue);
    }
}
