using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>
/// Rings that a task names by index. Each test has a thread of its own, and with it a table of its own.
/// </summary>
public sealed unsafe class RegisterRingFdsTests
{
    private const uint Any = uint.MaxValue;

    [Theory, EveryEngine]
    public void A_registered_ring_is_entered_by_index(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Add(ring, ring.Descriptor));
        ring.Nops(7);
        ring.Publish();
        Assert.Equal(1, ring.Engine.Enter(0, 1, 0, EnterFlags.RegisteredRing, 0, 0));
        Assert.Equal(7u, ring.Take().UserData);
        Assert.Equal(1, Remove(ring, 0));
        Assert.Equal(-Errno.EBADF, ring.Engine.Enter(0, 0, 0, EnterFlags.RegisteredRing, 0, 0));
    });

    [Theory, EveryEngine]
    public void An_index_has_to_be_one(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Engine.Enter(16, 0, 0, EnterFlags.RegisteredRing, 0, 0));
        Assert.Equal(-Errno.EINVAL, ring.Engine.Enter(-1, 0, 0, EnterFlags.RegisteredRing, 0, 0));
        Assert.Equal(-Errno.EBADF, ring.Engine.Enter(3, 0, 0, EnterFlags.RegisteredRing, 0, 0));
        Assert.Equal(-Errno.EINVAL, Indexed(ring, 16, RegisterOp.UnregisterBuffers));
        Assert.Equal(-Errno.EBADF, Indexed(ring, 5, RegisterOp.UnregisterBuffers));
        Assert.Equal(-Errno.EINVAL, Indexed(ring, -1, RegisterOp.UnregisterBuffers));
        Assert.Equal(-Errno.EINVAL, Indexed(ring, 5, (RegisterOp)100));
    });

    [Theory, EveryEngine]
    public void Registering_works_by_index_as_well(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(4, Add(ring, ring.Descriptor, 4));
        Assert.Equal(-Errno.ENXIO, Indexed(ring, 4, RegisterOp.UnregisterBuffers));
        Assert.Equal(1, Remove(ring, 4));
    });

    [Theory, EveryEngine]
    public void Another_thread_has_a_table_of_its_own(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Add(ring, ring.Descriptor));
        Assert.Equal(-Errno.EINVAL, TestThread.Start(() => ring.Engine.Enter(0, 0, 0, EnterFlags.RegisteredRing, 0, 0)).Answer);
        Assert.Equal(-Errno.EINVAL, TestThread.Start(() => Indexed(ring, 0, RegisterOp.UnregisterBuffers)).Answer);
        Assert.Equal(-Errno.EBADF, TestThread.Start(() =>
        {
            ring.Nops(1);
            Assert.Equal(1, ring.Submit()); // whoever has submitted has a table
            return ring.Engine.Enter(0, 0, 0, EnterFlags.RegisteredRing, 0, 0);
        }).Answer);
        Assert.Equal(0, TestThread.Start(() => Remove(ring, 0)).Answer); // one without a table has nothing to remove
        Assert.Equal(0, ring.Engine.Enter(0, 0, 0, EnterFlags.RegisteredRing, 0, 0));
    });

    [Theory, EveryEngine]
    public void Entries_are_checked(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor file = TestDescriptor.Open("/dev/null", 0);
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterRingFds, Entry(ring.Descriptor), 0));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterRingFds, TestMemory.Bad, 17));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterRingFds, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterRingFds, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterRingFds, Entry(ring.Descriptor) with { Resv = 1 }));
        Assert.Equal(-Errno.EINVAL, Add(ring, ring.Descriptor, 16));
        Assert.Equal(-Errno.EOPNOTSUPP, Add(ring, file.Number));
        Assert.Equal(-Errno.EBADF, Add(ring, TestDescriptor.Closed));
        Assert.Equal(-Errno.EBADF, Add(ring, TestDescriptor.Closed, 3));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterRingFds, new RsrcUpdate(), 0));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterRingFds, new RsrcUpdate { Data = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterRingFds, new RsrcUpdate { Resv = 1 }));
        Assert.Equal(-Errno.EINVAL, Remove(ring, 16));
        Assert.Equal(-Errno.EINVAL, Remove(ring, Any));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.UnregisterRingFds, TestMemory.Bad, 1));
        Assert.Equal(1, Remove(ring, 9)); // nothing there
    });

    [Theory, EveryEngine]
    public void An_index_that_cannot_be_written_back_stays_empty(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.As<RsrcUpdate>() = Entry(ring.Descriptor, 2);
        Assert.Equal(0, Libc.Mprotect(memory.Address, 4096, Libc.PROT_READ));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterRingFds, memory.Address, 1));
        Assert.Equal(-Errno.EBADF, ring.Engine.Enter(2, 0, 0, EnterFlags.RegisteredRing, 0, 0));
    });

    [Theory, EveryEngine]
    public void There_are_sixteen(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        Span<RsrcUpdate> all = stackalloc RsrcUpdate[16];
        all.Fill(Entry(ring.Descriptor));
        fixed (RsrcUpdate* first = all)
        {
            Assert.Equal(16, ring.Register(RegisterOp.RegisterRingFds, (nuint)first, 16));
            for (int index = 0; index < 16; index++)
                Assert.Equal((uint)index, all[index].Offset);
            Assert.Equal(-Errno.EBUSY, Add(ring, ring.Descriptor));
            Assert.Equal(-Errno.EBUSY, Add(ring, ring.Descriptor, 3));
            Assert.Equal(-Errno.EBADF, Add(ring, TestDescriptor.Closed, 3));
            foreach (ref RsrcUpdate entry in all)
                entry.Data = 0;
            Assert.Equal(16, ring.Register(RegisterOp.UnregisterRingFds, (nuint)first, 16));
        }
    });

    [Theory, EveryEngine]
    public void What_comes_before_a_bad_entry_is_done(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        RsrcUpdate* entries = stackalloc RsrcUpdate[3];
        (entries[0], entries[1], entries[2]) = (Entry(ring.Descriptor, 1), Entry(ring.Descriptor, 1), Entry(ring.Descriptor, 2));
        Assert.Equal(1, ring.Register(RegisterOp.RegisterRingFds, (nuint)entries, 3));
        Assert.Equal(0, ring.Engine.Enter(1, 0, 0, EnterFlags.RegisteredRing, 0, 0));
        Assert.Equal(-Errno.EBADF, ring.Engine.Enter(2, 0, 0, EnterFlags.RegisteredRing, 0, 0));
        (entries[0], entries[1]) = (new RsrcUpdate { Offset = 1 }, new RsrcUpdate { Offset = 16 });
        Assert.Equal(1, ring.Register(RegisterOp.UnregisterRingFds, (nuint)entries, 2));
    });

    [Theory, EveryEngine]
    public void A_registered_ring_outlives_its_descriptor(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var other = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        Assert.Equal(0, Add(ring, ring.Descriptor));
        ring.Next().PrepareRead(pipe.ReadEnd.Number, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Release());
        Assert.Equal(-Errno.EBADF, ring.Engine.Enter(ring.Descriptor, 0, 0, 0, 0, 0));

        ring.Nops(2);
        ring.Publish();
        Assert.Equal(1, ring.Engine.Enter(0, 1, 1, EnterFlags.RegisteredRing | EnterFlags.GetEvents, 0, 0));
        Assert.True(ring.TryTake(out Cqe nop));
        Assert.Equal(2u, nop.UserData);
        pipe.Write("abc");
        Assert.Equal(0, ring.Engine.Enter(0, 0, 1, EnterFlags.RegisteredRing | EnterFlags.GetEvents, 0, 0));
        Assert.True(ring.TryTake(out Cqe read));
        Assert.Equal(3, read.Res);
        Assert.Equal(1, Remove(other, 0));
    });

    [Theory, EveryEngine]
    public void The_last_handle_ends_the_ring(string engine) => OnThread(() =>
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        Assert.Equal(0, Add(ring, ring.Descriptor));
        Assert.Equal(1, Add(ring, ring.Descriptor));
        ring.Next().PrepareRead(pipe.ReadEnd.Number, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        pipe.ReadEnd.Dispose(); // from here on the pipe has a reader as long as the request is there
        ring.Unmap(); // a mapping is a handle too, on the kernel
        Assert.Equal(0, ring.Release());
        Assert.Equal(1, RemoveByIndex(ring, 0, 1));
        Assert.False(HasNoReader(pipe));
        Assert.Equal(1, RemoveByIndex(ring, 0, 0));
        Until.True(() => HasNoReader(pipe), "the read is cancelled");
    });

    [Theory, EveryEngine]
    public void What_a_thread_registered_goes_with_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        OnThread(() => Assert.Equal(0, Add(ring, ring.Descriptor)));
        ring.Next().PrepareRead(pipe.ReadEnd.Number, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        pipe.ReadEnd.Dispose();
        ring.Unmap();
        Assert.Equal(0, ring.Release());
        Until.True(
            () =>
            {
                GC.Collect(); // in process it is the collector that finds what a thread left behind
                return HasNoReader(pipe);
            },
            "the ring has ended");
    }

    private static bool HasNoReader(TestPipe pipe)
    {
        _ = Libc.Poll(pipe.WriteEnd.Number, 0, 0, out short events);
        return (events & Libc.POLLERR) != 0;
    }

    private static void OnThread(Action body) => Assert.Equal(0, TestThread.Start(() =>
    {
        body();
        return 0;
    }).Answer);

    private static RsrcUpdate Entry(int descriptor, uint index = Any) => new() { Offset = index, Data = (ulong)descriptor };

    /// <summary>The index, or -errno.</summary>
    private static int Add(SeamRing ring, int descriptor, uint index = Any)
    {
        RsrcUpdate entry = Entry(descriptor, index);
        int result = ring.Register(RegisterOp.RegisterRingFds, (nuint)(&entry), 1);
        return result == 1 ? (int)entry.Offset : result;
    }

    private static int Remove(SeamRing ring, uint index) =>
        ring.RegisterBy(RegisterOp.UnregisterRingFds, new RsrcUpdate { Offset = index });

    private static int RemoveByIndex(SeamRing ring, int by, uint index)
    {
        RsrcUpdate entry = new() { Offset = index };
        return Indexed(ring, by, RegisterOp.UnregisterRingFds, (nuint)(&entry), 1);
    }

    private static int Indexed(SeamRing ring, int index, RegisterOp operation, nuint argument = 0, uint count = 0) =>
        ring.Engine.Register(index, operation | RegisterOp.RegisterUseRegisteredRing, argument, count);
}
