using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>READ_FIXED, WRITE_FIXED, READV_FIXED and WRITEV_FIXED: transfers within registered buffers.</summary>
public sealed class FixedBufferTests
{
    [Theory, EveryEngine]
    public void Data_is_read_into_and_written_from_a_registered_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using TestMemory memory = Registered(ring);
        ring.Next().PrepareReadFixed(file, memory.At(8), 64, 16, 0);
        Assert.Equal(64, ring.Result());
        Assert.Equal(file.Content().AsSpan(16, 64), memory[8..72]);
        ring.Next().PrepareWriteFixed(file, memory.At(8), 64, 100, 0);
        Assert.Equal(64, ring.Result());
        Assert.Equal(memory[8..72], file.Content().AsSpan(100, 64));
    }

    [Theory]
    [EveryEngine(0, 256u, 100)]
    [EveryEngine(192, 64u, 64)]
    [EveryEngine(193, 64u, -Errno.EFAULT)]
    [EveryEngine(-1, 64u, -Errno.EFAULT)]
    [EveryEngine(0, 257u, -Errno.EFAULT)]
    [EveryEngine(0, 0u, 0)]
    [EveryEngine(256, 0u, 0)]
    [EveryEngine(0, uint.MaxValue, -Errno.EFAULT)]
    public void The_range_must_lie_in_the_buffer(string engine, int offset, uint length, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.At(1024), Len = 256 }));
        ring.Next().PrepareReadFixed(file, memory.At(1024 + offset), length, 0, 0);
        Assert.Equal(expected, ring.Result());
        ring.Next().PrepareWriteFixed(file, memory.At(1024 + offset), length, 0, 0);
        Assert.Equal(expected < 0 ? expected : (int)length, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_range_that_wraps_around_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using TestMemory memory = Registered(ring);
        ring.Next().PrepareReadFixed(file, nuint.MaxValue - 10, 64, 0, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
    }

    [Theory]
    [EveryEngine((ushort)1)]
    [EveryEngine((ushort)2)]
    [EveryEngine(ushort.MaxValue)]
    public void A_buffer_that_is_not_there_is_refused(string engine, ushort index)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        nuint vector = memory.Put(0, new IoVec { Base = memory.At(64), Len = 10 });
        for (int round = 0; round < 2; round++)
        {
            ring.Next().PrepareReadFixed(file, memory.Address, 10, 0, index);
            Assert.Equal(-Errno.EFAULT, ring.Result());
            ring.Next().PrepareWriteFixed(file, memory.Address, 10, 0, index);
            Assert.Equal(-Errno.EFAULT, ring.Result());
            ring.Next().PrepareReadvFixed(file, vector, 1, 0, 0, index);
            Assert.Equal(-Errno.EFAULT, ring.Result());
            if (round == 0)
                Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }, default));
        }
    }

    [Theory, EveryEngine]
    public void The_descriptor_and_its_direction_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc"u8, Libc.O_RDONLY);
        using TestMemory memory = Registered(ring);
        ring.Next().PrepareReadFixed(TestDescriptor.Closed, memory.Address, 10, 0, 99);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareWriteFixed(file, memory.Address, 3, 0, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareReadFixed(file, memory.Address, 10, 50, 0);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareReadFixed(file, memory.Address, 10, 0, 0).RwFlags = 1u << 30;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
    }

    [Theory, EveryEngine]
    public void Parts_must_lie_in_the_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789abcdefghij");
        using var memory = new TestMemory();
        using var outside = new TestMemory();
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.At(1024), Len = 256 }));
        nuint good = memory.Put(0, new IoVec { Base = memory.At(1024), Len = 10 }, new IoVec { Base = memory.At(1270), Len = 10 });
        nuint bad = memory.Put(64, new IoVec { Base = memory.At(1024), Len = 10 }, new IoVec { Base = outside.Address, Len = 10 });
        nuint beyond = memory.Put(128, new IoVec { Base = memory.At(1271), Len = 10 });
        ring.Next().PrepareReadvFixed(file, good, 2, 0, 0, 0);
        Assert.Equal(20, ring.Result());
        Assert.Equal("0123456789"u8, memory[1024..1034]);
        Assert.Equal("abcdefghij"u8, memory[1270..1280]);
        ring.Next().PrepareWritevFixed(file, good, 2, 20, 0, 0);
        Assert.Equal((20, 40L), (ring.Result(), file.Size));
        ring.Next().PrepareReadvFixed(file, bad, 2, 0, 0, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareReadvFixed(file, beyond, 1, 0, 0, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareReadvFixed(file, TestMemory.Bad, 1, 0, 0, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_waiting_transfer_keeps_its_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        using TestMemory memory = Registered(ring);
        nuint vector = memory.Put(2048, new IoVec { Base = memory.At(100), Len = 2 }, new IoVec { Base = memory.At(200), Len = 8 });
        ring.Next().PrepareReadFixed(pipe.ReadEnd, memory.At(10), 5, 0, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        ring.Next().PrepareReadvFixed(other.ReadEnd, vector, 2, 0, 0, 0).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.True(ring.StaysQuiet(10));
        memory.Put(2048, default(IoVec), default(IoVec));
        pipe.Write("hello");
        Assert.Equal((1ul, 5), Pair(ring.Take()));
        other.Write("there");
        Assert.Equal((2ul, 5), Pair(ring.Take()));
        Assert.Equal("hello"u8, memory[10..15]);
        Assert.Equal("ere"u8, memory[200..203]);
    }

    [Theory, EveryEngine]
    public void Uncached_data_and_workers_come_to_registered_buffers_too(string engine)
    {
        const int Size = 256 << 10;
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(Size);
        using var memory = new TestMemory(Size);
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = Size }));
        Assert.Equal(0, ring.RegisterFiles(file));
        TestLibc.ForgetPages(file);
        ring.Next().PrepareReadFixed(0, memory.Address, Size, 0, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(Size, ring.Result());
        Assert.True(file.Content().AsSpan().SequenceEqual(memory.Bytes));
        memory.Bytes.Clear();
        ring.Next().PrepareReadFixed(0, memory.Address, Size, 0, 0).Flags = SqeFlags.FixedFile | SqeFlags.Async;
        Assert.Equal(Size, ring.Result());
        Assert.True(file.Content().AsSpan().SequenceEqual(memory.Bytes));
    }

    private static TestMemory Registered(SeamRing ring)
    {
        var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
        return memory;
    }

    private static (ulong UserData, int Res) Pair(Cqe cqe) => (cqe.UserData, cqe.Res);
}
