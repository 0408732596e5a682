using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>FALLOCATE and FTRUNCATE.</summary>
public sealed class SizeTests
{
    private const int KeepSize = Libc.FALLOC_FL_KEEP_SIZE, PunchHole = Libc.FALLOC_FL_PUNCH_HOLE;

    [Theory]
    [EveryEngine(SqeFlags.None, "")]
    [EveryEngine(SqeFlags.Async, "")]
    [EveryEngine(SqeFlags.None, "/dev/shm")]
    public void Room_is_made_and_holes_are_punched(string engine, SqeFlags how, string folder)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create(new string('x', 100), folder);
        Assert.Equal((0, 8192L), (Allocate(0, 0, 8192), file.Size));
        Assert.Equal((0, 8192L), (Allocate(KeepSize, 8192, 8192), file.Size));
        Assert.Equal((0, 8192L), (Allocate(KeepSize | PunchHole, 0, 50), file.Size));
        Assert.Equal([.. new byte[50], .. Enumerable.Repeat((byte)'x', 50)], file.Content()[..100]);
        Assert.Equal((0, 10_000L), (Allocate(0, 5000, 5000), file.Size));

        int Allocate(int mode, ulong offset, ulong length)
        {
            ring.Next().PrepareFallocate(file, mode, offset, length).Flags = how;
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void What_cannot_be_allocated_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("abc");
        using TestDescriptor readOnly = file.Again(Libc.O_RDONLY), place = file.Again(Libc.O_PATH);
        using TestDescriptor device = TestDescriptor.Open("/dev/null", Libc.O_RDWR);
        Assert.Equal(-Errno.EINVAL, Allocate(file, 0, 0, 0));
        Assert.Equal(-Errno.EINVAL, Allocate(file, 0, ulong.MaxValue, 1));
        Assert.Equal(-Errno.EINVAL, Allocate(file, 0, 0, ulong.MaxValue));
        Assert.Equal(-Errno.EFBIG, Allocate(file, 0, long.MaxValue - 1, 100));
        Assert.Equal(-Errno.EOPNOTSUPP, Allocate(file, 0x8000, 0, 1));
        Assert.Equal(-Errno.EOPNOTSUPP, Allocate(file, PunchHole, 0, 1));
        Assert.Equal(-Errno.EOPNOTSUPP, Allocate(file, -1, 0, 1));
        Assert.Equal(-Errno.EBADF, Allocate(readOnly, 0, 0, 1));
        Assert.Equal(-Errno.EBADF, Allocate(place, 0, 0, 1));
        Assert.Equal(-Errno.EBADF, Allocate(TestDescriptor.Closed, 0, 0, 1));
        Assert.Equal(-Errno.ESPIPE, Allocate(pipe.WriteEnd, 0, 0, 1));
        Assert.Equal(-Errno.EBADF, Allocate(pipe.ReadEnd, 0, 0, 1));
        Assert.Equal(-Errno.ENODEV, Allocate(device, 0, 0, 1));

        int Allocate(int descriptor, int mode, ulong offset, ulong length)
        {
            ring.Next().PrepareFallocate(descriptor, mode, offset, length);
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_file_is_cut_and_grown(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        using TestDescriptor appending = file.Again(Libc.O_WRONLY | Libc.O_APPEND);
        Assert.Equal(0, ring.RegisterFiles(file));
        Assert.Equal((0, 4L), (Truncate(file, 4, how), file.Size));
        Assert.Equal((0, 5000L), (Truncate(file, 5000, how), file.Size));
        Assert.Equal("0123\0"u8, file.Content()[..5]);
        Assert.Equal((0, 2L), (Truncate(0, 2, how | SqeFlags.FixedFile), file.Size));
        Assert.Equal((0, 3L), (Truncate(appending, 3, how), file.Size));

        int Truncate(int descriptor, ulong length, SqeFlags flags)
        {
            ring.Next().PrepareFtruncate(descriptor, length).Flags = flags;
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void What_cannot_be_cut_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("abc");
        using TestDescriptor readOnly = file.Again(Libc.O_RDONLY), place = file.Again(Libc.O_PATH);
        using TestDescriptor directory = TestDescriptor.Open("/", Libc.O_DIRECTORY), device = TestDescriptor.Open("/dev/null", Libc.O_RDWR);
        Assert.Equal(-Errno.EINVAL, Truncate(readOnly, 1));
        Assert.Equal(-Errno.EINVAL, Truncate(pipe.WriteEnd, 1));
        Assert.Equal(-Errno.EINVAL, Truncate(directory, 1));
        Assert.Equal(-Errno.EINVAL, Truncate(device, 0));
        Assert.Equal(-Errno.EINVAL, Truncate(file, ulong.MaxValue));
        Assert.Equal(-Errno.EFBIG, Truncate(file, long.MaxValue));
        Assert.Equal(-Errno.EBADF, Truncate(place, 1));
        ring.Next().PrepareFtruncate(place, ulong.MaxValue).Flags = SqeFlags.Async;
        Assert.Equal(-Errno.EBADF, ring.Result());
        Assert.Equal(-Errno.EBADF, Truncate(TestDescriptor.Closed, ulong.MaxValue));

        int Truncate(int descriptor, ulong length)
        {
            ring.Next().PrepareFtruncate(descriptor, length);
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void Unused_fields_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        var allocate = new Sqe { Opcode = Opcode.Fallocate, Fd = TestDescriptor.Closed, Addr = 1 };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(allocate with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(allocate with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(allocate with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EBADF, ring.Do(allocate with { Addr3 = 1 }));
        var truncate = new Sqe { Opcode = Opcode.Ftruncate, Fd = TestDescriptor.Closed };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { Addr3 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(truncate with { Len = 1 }));
    }

    [Theory, EveryEngine]
    public void Beyond_the_file_size_limit_there_is_an_error_and_no_signal(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(BeyondFileSizeLimit, [engine]);
    }

    /// <summary>Nobody ignores SIGXFSZ here: it would end the process.</summary>
    [Scenario]
    private static void BeyondFileSizeLimit(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        using TestFile onDisk = TestFile.Create("abc"), inMemory = TestFile.Create("abc", "/dev/shm");
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_FSIZE, 1000, 1000));
        pipe.Write("0123456789");
        foreach (TestFile file in (TestFile[])[onDisk, inMemory])
        {
            ring.Next().PrepareFtruncate(file, 2000);
            Assert.Equal(-Errno.EFBIG, ring.Result());
            ring.Next().PrepareFallocate(file, 0, 0, 2000);
            Assert.Equal(-Errno.EFBIG, ring.Result());
            ring.Next().PrepareWrite(file, memory.Address, 100, 2000);
            Assert.Equal(-Errno.EFBIG, ring.Result());
            ring.Next().PrepareWrite(file, memory.Address, 100, 950);
            Assert.Equal(50, ring.Result());
            ring.Next().PrepareSplice(pipe.ReadEnd, -1, file, 1000, 5);
            Assert.Equal(-Errno.EFBIG, ring.Result());
        }
    }
}
