using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>READV and WRITEV: iovec arrays, good and bad.</summary>
public sealed class VectorTests
{
    [Theory, EveryEngine]
    public void Data_is_scattered_and_gathered_in_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        nuint vector = memory.Put(0, Part(memory, 100, 3), Part(memory, 200, 0), Part(memory, 300, 4), Part(memory, 400, 10));
        ring.Next().PrepareReadv(file, vector, 4, 0);
        Assert.Equal(10, ring.Result());
        Assert.Equal("012"u8, memory[100..103]);
        Assert.Equal("3456"u8, memory[300..304]);
        Assert.Equal("789\0"u8, memory[400..404]);

        ring.Next().PrepareWritev(file, vector, 3, 10);
        Assert.Equal(7, ring.Result());
        Assert.Equal("01234567890123456"u8, file.Content());
    }

    [Theory, EveryEngine]
    public void No_parts_are_no_bytes(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        ring.Next().PrepareReadv(file, memory.Address, 0, 0);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareWritev(file, memory.Address, 0, 0);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareReadv(file, 0, 0, 0);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void As_many_parts_as_there_may_be_are_filled(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(1100);
        using var memory = new TestMemory(5 * 4096);
        for (int i = 0; i < 1025; i++)
            memory.Put(16 * i, Part(memory, 17_000 + i, 1));
        ring.Next().PrepareReadv(file, memory.Address, 1024, 0);
        Assert.Equal(1024, ring.Result());
        Assert.Equal(file.Content().AsSpan(0, 1024), memory[17_000..18_024]);
        ring.Next().PrepareReadv(file, memory.Address, 1025, 0);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareWritev(file, memory.Address, 1025, 0);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareReadv(file, memory.Address, uint.MaxValue, 0);
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory, EveryEngine]
    public void Bad_arrays_and_parts_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        nuint negative = memory.Put(0, new IoVec { Base = memory.At(100), Len = nuint.MaxValue - 5 });
        nuint badBase = memory.Put(16, new IoVec { Base = TestMemory.Bad, Len = 10 });
        foreach (Opcode opcode in new[] { Opcode.Readv, Opcode.Writev })
        {
            Assert.Equal(-Errno.EFAULT, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = 0, Len = 1 }));
            Assert.Equal(-Errno.EFAULT, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = TestMemory.Bad, Len = 1 }));
            Assert.Equal(-Errno.EFAULT, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = memory.End - 8, Len = 1 }));
            Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = negative, Len = 1 }));
            Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = negative, Len = 2 }));
            Assert.Equal(-Errno.EFAULT, ring.Do(new Sqe { Opcode = opcode, Fd = file, Addr = badBase, Len = 1 }));
        }

        Assert.Equal(100, file.Size);
    }

    [Theory]
    [EveryEngine(Opcode.Readv, 0)]
    [EveryEngine(Opcode.Readv, -1)]
    [EveryEngine(Opcode.Readv, TestDescriptor.Closed)]
    [EveryEngine(Opcode.Writev, TestDescriptor.Closed)]
    [EveryEngine(Opcode.ReadvFixed, 0)]
    [EveryEngine(Opcode.WritevFixed, TestDescriptor.Closed)]
    public void A_bad_array_is_found_in_preparation(string engine, Opcode opcode, int descriptor)
    {
        using var ring = new SeamRing(engine, 16);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        descriptor = descriptor == 0 ? file : descriptor;
        nuint negative = memory.Put(0, new IoVec { Base = memory.At(100), Len = nuint.MaxValue - 5 });
        foreach ((nuint array, int error) in new[] { (TestMemory.Bad, -Errno.EFAULT), (negative, -Errno.EINVAL) })
        {
            ring.Next() = new Sqe { Opcode = opcode, Fd = descriptor, Addr = array, Len = 1, UserData = 1 };
            ring.Nops(2);
            Assert.Equal(1, ring.Submit());
            Assert.Equal((1ul, error), (ring.SeeFirst().UserData, ring.Take().Res));
            Assert.Equal(1, ring.Submit());
            Assert.Equal(2ul, ring.Take().UserData);
        }
    }

    [Theory, EveryEngine]
    public void The_array_may_be_changed_even_if_a_worker_was_asked_for(string engine)
    {
        using var ring = new SeamRing(engine, 64);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        for (int round = 0; round < 50; round++)
        {
            memory.Bytes.Clear();
            nuint vector = memory.Put(0, Part(memory, 100, 3), Part(memory, 200, 2));
            ring.Next().PrepareReadv(file, vector, 2, 0).Flags = SqeFlags.Async;
            Assert.Equal(1, ring.Submit());
            memory.Put(0, new IoVec { Base = TestMemory.Bad, Len = 9 }, new IoVec { Base = TestMemory.Bad, Len = 9 });
            Assert.Equal(5, ring.Take().Res);
            Assert.Equal("012"u8, memory[100..103]);
            Assert.Equal("34"u8, memory[200..202]);
        }
    }

    [Theory, EveryEngine]
    public void The_array_may_be_changed_once_enter_returned(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        nuint vector = memory.Put(0, Part(memory, 100, 3), Part(memory, 200, 2));
        ring.Next().PrepareReadv(pipe.ReadEnd, vector, 2, 0);
        Assert.Equal(1, ring.Submit());
        memory.Put(0, new IoVec { Base = TestMemory.Bad, Len = 9 }, new IoVec { Base = TestMemory.Bad, Len = 9 });
        pipe.Write("hello, all");
        Assert.Equal(5, ring.Take().Res);
        Assert.Equal("hel"u8, memory[100..103]);
        Assert.Equal("lo"u8, memory[200..202]);
    }

    [Theory, EveryEngine]
    public void The_array_of_a_waiting_write_may_be_changed_too(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        pipe.Fill();
        "hello"u8.CopyTo(memory[100..]);
        nuint vector = memory.Put(0, Part(memory, 100, 3), Part(memory, 103, 2));
        ring.Next().PrepareWritev(pipe.WriteEnd, vector, 2, 0);
        Assert.Equal(1, ring.Submit());
        memory.Put(0, Part(memory, 0, 1000), Part(memory, 0, 1000));
        pipe.Read();
        Assert.Equal(5, ring.Take().Res);
        Assert.Equal("hello", pipe.Read());
    }

    [Theory]
    [EveryEngine(0u)]
    [EveryEngine(1u)]
    [EveryEngine(700_001u)]
    public void An_uncached_file_is_read_whole_into_many_parts(string engine, uint offset)
    {
        const int Size = 1 << 20, Parts = 7;
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(Size);
        using var memory = new TestMemory(4096 + Parts * (Size / 4));
        byte[] content = file.Content();
        int[] lengths = [1, 4095, 0, 100_000, 70_000, 262_144, 200_000];
        for (int i = 0; i < Parts; i++)
            memory.Put(i * 16, Part(memory, 4096 + i * (Size / 4), (nuint)lengths[i]));
        int expected = (int)Math.Min(lengths.Sum(), Size - offset);
        TestLibc.ForgetPages(file);
        ring.Next().PrepareReadv(file, memory.Address, Parts, offset);
        Assert.Equal(expected, ring.Result());
        ReadOnlySpan<byte> rest = content.AsSpan((int)offset, expected);
        for (int i = 0; i < Parts; i++)
        {
            int part = Math.Min(lengths[i], rest.Length);
            Assert.True(rest[..part].SequenceEqual(memory[(4096 + i * (Size / 4))..][..part]), $"part {i}");
            rest = rest[part..];
        }
    }

    [Theory, EveryEngine]
    public void A_registered_buffers_index_means_nothing_here(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.At(1024), Len = 10 }));
        ring.Next().PrepareReadv(file, memory.Put(0, Part(memory, 100, 64)), 1, 0).BufIndex = 5;
        Assert.Equal(64, ring.Result());
    }

    [Theory, EveryEngine]
    public void Flags_that_do_not_fit_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        nuint vector = memory.Put(0, Part(memory, 100, 64));
        ring.Next().PrepareReadv(file, vector, 1, 0, 1 << 30);
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareReadv(file, vector, 1, 0, Libc.RWF_HIPRI);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareWritev(file, vector, 1, 0, Libc.RWF_DSYNC);
        Assert.Equal(64, ring.Result());
        ring.Next().PrepareReadv(file, vector, 1, 0).IoPrio = 0xffff;
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    private static IoVec Part(TestMemory memory, int offset, nuint length) => new() { Base = memory.At(offset), Len = length };
}
