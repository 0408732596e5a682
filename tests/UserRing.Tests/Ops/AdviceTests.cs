using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>FADVISE, MADVISE and SYNC_FILE_RANGE.</summary>
public sealed class AdviceTests
{
    private const uint DontNeed = 4;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Advice_about_a_file_is_taken(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(1 << 16);
        Assert.Equal(0, ring.RegisterFiles(file));
        for (uint advice = 0; advice < 6; advice++)
        {
            Assert.Equal(0, Advise(file, 0, 0, advice, how));
            Assert.Equal(0, Advise(0, 0, 1ul << 40, advice, how | SqeFlags.FixedFile));
        }

        Assert.Equal(-Errno.EINVAL, Advise(file, 0, 0, 99, how));
        Assert.Equal(-Errno.EINVAL, Advise(file, 0, ulong.MaxValue, DontNeed, how));
        Assert.Equal(0, Advise(file, unchecked((ulong)-5), 10, DontNeed, how));

        int Advise(int descriptor, ulong offset, ulong length, uint advice, SqeFlags flags)
        {
            ring.Next().PrepareFadvise(descriptor, offset, length, advice).Flags = flags;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(Libc.POSIX_FADV_SEQUENTIAL)]
    [EveryEngine((int)DontNeed)]
    public void Advice_about_what_is_no_file_is_refused(string engine, int advice)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestDescriptor place = TestDescriptor.Open("/", Libc.O_PATH), directory = TestDescriptor.Open("/");
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(-Errno.ESPIPE, Advise(pipe.ReadEnd));
        Assert.Equal(-Errno.EBADF, Advise(place));
        Assert.Equal(-Errno.EBADF, Advise(TestDescriptor.Closed));
        Assert.Equal(0, Advise(directory));
        Assert.Equal(0, Advise(device));

        int Advise(int descriptor)
        {
            ring.Next().PrepareFadvise(descriptor, 0, 0, (uint)advice);
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Advice_about_memory_is_taken(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(4 * 4096);
        memory.Bytes.Fill(1);
        Assert.Equal(0, Advise(memory.At(4096), 4096, DontNeed));
        Assert.Equal((1, 0, 1), (memory.Bytes[4095], memory.Bytes[4096], memory.Bytes[8192]));
        ring.Next().PrepareMadvise(memory.Address, 4096, DontNeed).Off = 3 * 4096; // the 64-bit length, which goes first
        Assert.Equal(0, ring.Result());
        Assert.Equal((0, 0, 1), (memory.Bytes[0], memory.Bytes[8192], memory.Bytes[12288]));
        Assert.Equal(0, Advise(memory.Address, 0, DontNeed));
        Assert.Equal(-Errno.EINVAL, Advise(memory.At(1), 4096, DontNeed));
        Assert.Equal(-Errno.EINVAL, Advise(memory.Address, 4096, 999));
        Assert.Equal(-Errno.ENOMEM, Advise(0, 4096, DontNeed));

        int Advise(nuint address, ulong length, uint advice)
        {
            ring.Next().PrepareMadvise(address, length, advice).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_range_of_a_file_is_written_out(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Numbered(1 << 16);
        using TestDescriptor readOnly = file.Again(Libc.O_RDONLY), place = file.Again(Libc.O_PATH);
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(0, Sync(file, 0, 0, 0));
        Assert.Equal(0, Sync(file, 4096, 8192, 7));
        Assert.Equal(0, Sync(readOnly, 0, 0, 7));
        Assert.Equal(-Errno.EINVAL, Sync(file, 0, 0, 8));
        Assert.Equal(-Errno.EINVAL, Sync(file, ulong.MaxValue, 0, 0));
        Assert.Equal(-Errno.EINVAL, Sync(file, long.MaxValue, 10, 0));
        Assert.Equal(-Errno.ESPIPE, Sync(pipe.WriteEnd, 0, 0, 0));
        Assert.Equal(-Errno.ESPIPE, Sync(device, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, Sync(place, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, Sync(TestDescriptor.Closed, 0, 0, 8));

        int Sync(int descriptor, ulong offset, uint length, uint flags)
        {
            ring.Next().PrepareSyncFileRange(descriptor, offset, length, flags).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(Opcode.Fadvise, -Errno.EBADF)]
    [EveryEngine(Opcode.Madvise, 0)]
    [EveryEngine(Opcode.SyncFileRange, -Errno.EBADF)]
    public void Unused_fields_are_refused(string engine, Opcode opcode, int otherwise)
    {
        using var ring = new SeamRing(engine);
        var sqe = new Sqe { Opcode = opcode, Fd = TestDescriptor.Closed };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFdIn = 1 }));
        if (opcode == Opcode.SyncFileRange)
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr = 1 }));
        Assert.Equal(otherwise, ring.Do(sqe with { Addr3 = 1 }));
    }
}
