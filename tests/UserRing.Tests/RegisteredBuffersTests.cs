using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The table of registered buffers: made, updated, tagged, given up.</summary>
public sealed unsafe class RegisteredBuffersTests
{
    private const uint RegisterBytes = 32, UpdateBytes = 32;

    [Theory, EveryEngine]
    public void Bad_tables_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        nuint good = memory.Put(0, new IoVec { Base = memory.At(1024), Len = 100 });
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterBuffers, 0, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterBuffers, 0, 0));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterBuffers, good, 0));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterBuffers, good, 16385));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterBuffers, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterBuffers, memory.End - 16, 2));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterBuffers));
    }

    [Theory, EveryEngine]
    public void Bad_buffers_are_refused_and_leave_nothing(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        (IoVec Buffer, int Error)[] cases =
        [
            (new IoVec { Base = 0, Len = 4096 }, -Errno.EFAULT),
            (new IoVec { Base = memory.Address, Len = 0 }, -Errno.EFAULT),
            (new IoVec { Base = TestMemory.Bad, Len = 4096 }, -Errno.EFAULT),
            (new IoVec { Base = memory.Address, Len = 8192 }, -Errno.EFAULT),
            (new IoVec { Base = memory.Address, Len = (1 << 30) + 1 }, -Errno.EFAULT),
            (new IoVec { Base = nuint.MaxValue - 100, Len = 4096 }, -Errno.EOVERFLOW),
            (new IoVec { Base = TestMemory.ReadOnly, Len = 4096 }, -Errno.EFAULT),
        ];
        foreach ((IoVec buffer, int error) in cases)
        {
            Assert.Equal((buffer, error), (buffer, ring.RegisterBuffers(buffer)));
            Assert.Equal((buffer, error), (buffer, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 100 }, buffer)));
        }

        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterBuffers));
    }

    [Theory, EveryEngine]
    public void Memory_of_a_file_that_is_written_back_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile onDisk = TestFile.Numbered(8192), inMemory = TestFile.Numbered(8192, folder: "/dev/shm");
        bool writesBack = Libc.StatfsType(onDisk) != Libc.StatfsType(inMemory);
        Assert.Equal(writesBack ? -Errno.EFAULT : 0, RegisterMapping(ring, onDisk, Libc.MAP_SHARED));
        Assert.Equal(0, RegisterMapping(ring, onDisk, Libc.MAP_PRIVATE));
        Assert.Equal(0, RegisterMapping(ring, inMemory, Libc.MAP_SHARED));
        Assert.Equal(0, RegisterMapping(ring, -1, Libc.MAP_SHARED | Libc.MAP_ANONYMOUS));
    }

    [Theory, EveryEngine]
    public void A_table_is_there_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        var buffer = new IoVec { Base = memory.Address, Len = 4096 };
        Assert.Equal(0, ring.RegisterBuffers(default, buffer));
        Assert.Equal(-Errno.EBUSY, ring.RegisterBuffers(buffer));
        Assert.Equal(-Errno.EBUSY, ring.Register(RegisterOp.RegisterBuffers, memory.Address, 0));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.Equal(0, ring.RegisterBuffers(buffer));
    }

    [Theory, EveryEngine]
    public void As_many_as_there_may_be_can_be_registered(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("abc");
        var buffers = new IoVec[16384];
        buffers.AsSpan().Fill(new IoVec { Base = memory.Address, Len = 16 });
        Assert.Equal(0, ring.RegisterBuffers(buffers));
        ring.Next().PrepareReadFixed(file, memory.Address, 16, 0, 16383);
        Assert.Equal(3, ring.Result());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
    }

    [Theory, EveryEngine]
    public void A_large_buffer_is_used_to_its_end(string engine)
    {
        const int Size = 16 << 20;
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Size);
        using TestFile file = TestFile.Create("abc");
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = Size }));
        ring.Next().PrepareReadFixed(file, memory.At(Size - 3), 3, 0, 0);
        Assert.Equal(3, ring.Result());
        Assert.Equal("abc"u8, memory[(Size - 3)..]);
    }

    [Theory, EveryEngine]
    public void Updates_replace_and_empty(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(3 * 4096);
        using TestFile file = TestFile.Create("abc");
        Assert.Equal(0, ring.RegisterBuffers(Page(memory, 0), default));
        memory.Put(0, Page(memory, 1), Page(memory, 2));
        Assert.Equal(2, Update(ring, new RsrcUpdate2 { Nr = 2, Data = memory.Address }));
        ring.Next().PrepareReadFixed(file, memory.At(4096), 3, 0, 0);
        Assert.Equal(3, ring.Result());
        ring.Next().PrepareReadFixed(file, memory.At(0), 3, 0, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        memory.Put(0, default(IoVec));
        Assert.Equal(1, Update(ring, new RsrcUpdate2 { Offset = 1, Nr = 1, Data = memory.Address }));
        ring.Next().PrepareReadFixed(file, memory.At(8192), 3, 0, 1);
        Assert.Equal(-Errno.EFAULT, ring.Result());
    }

    [Theory, EveryEngine]
    public void Bad_updates_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.Put(0, new IoVec { Base = memory.Address, Len = 100 }, new IoVec { Base = memory.Address, Len = 100 });
        var update = new RsrcUpdate2 { Nr = 2, Data = memory.Address };
        Assert.Equal(-Errno.ENXIO, Update(ring, update));
        Assert.Equal(0, ring.RegisterBuffers(default, default));
        Assert.Equal(-Errno.EINVAL, Update(ring, update with { Offset = 1 }));
        Assert.Equal(-Errno.EINVAL, Update(ring, update with { Nr = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterBuffersUpdate, update, 24));
        Assert.Equal(-Errno.EINVAL, Update(ring, update with { Resv = 1 }));
        Assert.Equal(-Errno.EINVAL, Update(ring, update with { Resv2 = 1 }));
        Assert.Equal(-Errno.EOVERFLOW, Update(ring, update with { Offset = uint.MaxValue }));
        Assert.Equal(-Errno.EFAULT, Update(ring, update with { Data = TestMemory.Bad }));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterBuffersUpdate, TestMemory.Bad, UpdateBytes));
        Assert.Equal(2, Update(ring, update));
    }

    [Theory, EveryEngine]
    public void A_failed_update_leaves_its_slot_as_it_was(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(2 * 4096);
        using TestFile file = TestFile.Create("abc");
        Assert.Equal(0, ring.RegisterBuffers(Page(memory, 0), Page(memory, 0)));
        memory.Put(0, Page(memory, 1), new IoVec { Base = TestMemory.Bad, Len = 100 });
        Assert.Equal(1, Update(ring, new RsrcUpdate2 { Nr = 2, Data = memory.Address }));
        ring.Next().PrepareReadFixed(file, memory.At(4096), 3, 0, 0);
        Assert.Equal(3, ring.Result());
        ring.Next().PrepareReadFixed(file, memory.At(0), 3, 0, 1);
        Assert.Equal(3, ring.Result());
    }

    [Theory, EveryEngine]
    public void The_second_form_checks_its_struct(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.Put(0, new IoVec { Base = memory.Address, Len = 100 }, default(IoVec));
        var table = new RsrcRegister { Nr = 2, Data = memory.Address };
        const RegisterOp Operation = RegisterOp.RegisterBuffers2;
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table, 24));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table with { Resv2 = 1 }, RegisterBytes));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table with { Flags = (RsrcRegisterFlags)2 }, RegisterBytes));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table with { Flags = RsrcRegisterFlags.Sparse }, RegisterBytes));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table with { Nr = 0 }, RegisterBytes));
        Assert.Equal(-Errno.EFAULT, ring.Register(Operation, TestMemory.Bad, RegisterBytes));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(Operation, table with { Tags = memory.Put(64, 0ul, 5ul) }, RegisterBytes));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.Equal(0, ring.RegisterBy(Operation, new RsrcRegister { Nr = 4, Flags = RsrcRegisterFlags.Sparse }, RegisterBytes));
        Assert.Equal(2, Update(ring, new RsrcUpdate2 { Offset = 2, Nr = 2, Data = memory.Address }));
    }

    [Theory, EveryEngine]
    public void A_tag_is_posted_when_its_buffer_is_no_longer_used(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(2 * 4096);
        memory.Put(4096, Page(memory, 0), Page(memory, 0));
        var table = new RsrcRegister { Nr = 2, Data = memory.At(4096), Tags = memory.Put(5000, 101ul, 102ul) };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterBuffers2, table, RegisterBytes));
        ring.Next().PrepareReadFixed(pipe.ReadEnd, memory.Address, 64, 0, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Cqe tag = ring.Take();
        Assert.Equal((102ul, 0), (tag.UserData, tag.Res));
        Assert.True(ring.StaysQuiet(20));
        pipe.Write("x");
        Assert.Equal([1ul, 101], ring.Take(2).Select(cqe => cqe.UserData).Order().ToArray());
    }

    [Theory, EveryEngine]
    public void A_cancelled_request_lets_its_buffer_go(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(2 * 4096);
        memory.Put(4096, Page(memory, 0));
        var table = new RsrcRegister { Nr = 1, Data = memory.At(4096), Tags = memory.Put(5000, 101ul) };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterBuffers2, table, RegisterBytes));
        ring.Next().PrepareReadFixed(pipe.ReadEnd, memory.Address, 64, 0, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([1ul, 2, 101], ring.Take(3).Select(cqe => cqe.UserData).Order().ToArray());
    }

    private static IoVec Page(TestMemory memory, int page) => new() { Base = memory.At(4096 * page), Len = 4096 };

    private static int Update(SeamRing ring, RsrcUpdate2 update) => ring.RegisterBy(RegisterOp.RegisterBuffersUpdate, update, UpdateBytes);

    private static int RegisterMapping(SeamRing ring, int file, int kind)
    {
        nint at = Libc.Mmap(0, 8192, Libc.PROT_READ | Libc.PROT_WRITE, kind, file, 0);
        Assert.True(at > 0, "mmap");
        int result = ring.RegisterBuffers(new IoVec { Base = (nuint)at + 100, Len = 5000 });
        if (result == 0)
            Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.Equal(0, Libc.Munmap((nuint)at, 8192));
        return result;
    }
}
