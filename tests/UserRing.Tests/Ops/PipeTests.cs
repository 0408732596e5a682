using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>PIPE.</summary>
public sealed class PipeTests
{
    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(Libc.O_CLOEXEC | Libc.O_NONBLOCK, SqeFlags.None)]
    [EveryEngine(Libc.O_NONBLOCK, SqeFlags.Async)]
    public void A_pipe_is_made_as_asked(string engine, int flags, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ring.Next().PreparePipe(memory.At(8), flags).Flags = how;
        Assert.Equal(0, ring.Result());
        using TestDescriptor readEnd = new(memory.As<int>(8)), writeEnd = new(memory.As<int>(12));
        Assert.NotEqual(readEnd.Number, writeEnd.Number);
        foreach (TestDescriptor end in (TestDescriptor[])[readEnd, writeEnd])
        {
            Assert.Equal(flags & Libc.O_NONBLOCK, Libc.Fcntl(end, Libc.F_GETFL, 0) & Libc.O_NONBLOCK);
            Assert.Equal((flags & Libc.O_CLOEXEC) != 0 ? Libc.FD_CLOEXEC : 0, Libc.Fcntl(end, Libc.F_GETFD, 0));
        }

        "data"u8.CopyTo(memory.Bytes[64..]);
        ring.Next().PrepareWrite(writeEnd, memory.At(64), 4, 0);
        Assert.Equal(4, ring.Result());
        ring.Next().PrepareRead(readEnd, memory.At(128), 64, 0);
        Assert.Equal(4, ring.Result());
        Assert.Equal("data"u8, memory[128..132]);
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_pipe_goes_to_two_slots(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFile file = TestFile.Create("old");
        Assert.Equal(-Errno.ENXIO, Make(1));
        Assert.Equal(-Errno.ENFILE, Make(FileSlots.Alloc));
        Assert.Equal(0, ring.RegisterFiles(file, -1, -1, -1));
        Assert.Equal(0, Make(1));
        Assert.Equal((0, 1), (memory.As<int>(0), memory.As<int>(4)));
        Assert.Equal(4, Write(1));
        Assert.Equal(4, Read(0));
        Assert.Equal(0, Make(FileSlots.Alloc));
        Assert.Equal((2, 3), (memory.As<int>(0), memory.As<int>(4)));
        Assert.Equal(4, Write(3));
        Assert.Equal(4, Read(2));
        Assert.Equal(-Errno.ENFILE, Make(FileSlots.Alloc));
        // What does not fit whole leaves nothing, and what it replaced is gone.
        Assert.Equal(-Errno.EINVAL, Make(4));
        Assert.Equal(-Errno.EBADF, Write(3));
        Assert.Equal(-Errno.EINVAL, Make(5));
        Assert.Equal(-Errno.EINVAL, Make(1, Libc.O_CLOEXEC));
        Assert.Equal(4, Write(1));
        ring.Next().PreparePipe(0, 0, 2).Flags = how;
        Assert.Equal(-Errno.EFAULT, ring.Result());
        Assert.Equal((-Errno.EBADF, -Errno.EBADF), (Write(1), Read(2)));

        int Make(uint fileIndex, int flags = 0)
        {
            ring.Next().PreparePipe(memory.Address, flags, fileIndex).Flags = how;
            return ring.Result();
        }

        int Write(int slot)
        {
            ring.Next().PrepareWrite(slot, memory.At(64), 4, 0).Flags = SqeFlags.FixedFile;
            return ring.Result();
        }

        int Read(int slot)
        {
            ring.Next().PrepareRead(slot, memory.At(128), 64, 0).Flags = SqeFlags.FixedFile;
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void Fields_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        var sqe = new Sqe { Opcode = Opcode.Pipe, Addr = memory.Address };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Fd = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr3 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { PipeFlags = 1 << 30, Addr = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { PipeFlags = Libc.O_CLOEXEC, FileIndex = 1, Addr = 0 }));
        Assert.Equal(0, ring.Do(sqe with { Len = 1, BufIndex = 1, Flags = SqeFlags.FixedFile }));
        Libc.Close(memory.As<int>(0));
        Libc.Close(memory.As<int>(4));
    }

    [Theory, EveryEngine]
    public void Pipes_that_nobody_could_be_told_of_are_closed(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(NobodyTold, [engine]);
    }

    [Scenario]
    private static void NobodyTold(string[] arguments)
    {
        const int Count = 32;
        using var ring = new SeamRing(arguments[0], Count);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles([.. Enumerable.Repeat(-1, Count)]));
        Round();
        Holdings before = Holdings.Now();
        for (int i = 0; i < 20; i++)
            Round();
        before.AwaitReturn();

        void Round()
        {
            for (int i = 0; i < Count; i++)
            {
                nuint ends = (i % 3) switch { 0 => 0, 1 => TestMemory.ReadOnly, _ => memory.End - 4 };
                uint fileIndex = (i % 4) switch { 0 => FileSlots.Alloc, 1 => (uint)i, _ => 0 };
                ring.Next().PreparePipe(ends, 0, fileIndex).Flags = i % 2 == 0 ? SqeFlags.Async : 0;
            }

            Assert.Equal(Count, ring.Submit());
            Assert.All(ring.Take(Count), cqe => Assert.Equal(-Errno.EFAULT, cqe.Res));
        }
    }
}
