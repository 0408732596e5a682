using System.Globalization;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>WRITE: what it returns, what it refuses, and who waits.</summary>
public sealed class WriteTests
{
    private const ulong CurrentPosition = ulong.MaxValue;

    [Theory]
    [EveryEngine("", 0ul, 50u, 100L)]
    [EveryEngine("", 90ul, 50u, 140L)]
    [EveryEngine("", 5000ul, 50u, 5050L)]
    [EveryEngine("", 5000ul, 0u, 100L)]
    [EveryEngine("/dev/shm", 0ul, 50u, 100L)]
    [EveryEngine("/dev/shm", 5000ul, 50u, 5050L)]
    public void Bytes_go_where_they_are_sent(string engine, string folder, ulong offset, uint length, long size)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100, folder: folder);
        using var memory = new TestMemory();
        memory.Bytes.Fill(0x5A);
        byte[] expected = [.. file.Content(), .. new byte[size - 100]];
        memory[..(int)length].CopyTo(expected.AsSpan((int)Math.Min(offset, (ulong)size)));
        ring.Next().PrepareWrite(file, memory.Address, length, offset);
        Assert.Equal((int)length, ring.Result());
        Assert.Equal(expected, file.Content());
    }

    [Theory, EveryEngine]
    public void The_files_own_position_is_used_and_moved_only_if_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        "ab"u8.CopyTo(memory.Bytes);
        file.Position = 3;
        ring.Next().PrepareWrite(file, memory.Address, 2, CurrentPosition);
        Assert.Equal((2, 5L), (ring.Result(), file.Position));
        ring.Next().PrepareWrite(file, memory.Address, 2, 8);
        Assert.Equal((2, 5L), (ring.Result(), file.Position));
        Assert.Equal("012ab567ab"u8, file.Content());
    }

    [Theory, EveryEngine]
    public void Appending_ignores_the_offset(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123");
        using TestDescriptor appending = file.Again(Libc.O_WRONLY | Libc.O_APPEND);
        using var memory = new TestMemory();
        "xyz"u8.CopyTo(memory.Bytes);
        ring.Next().PrepareWrite(file, memory.Address, 3, 0).RwFlags = Libc.RWF_APPEND;
        Assert.Equal((3, 7L), (ring.Result(), file.Size));
        ring.Next().PrepareWrite(appending, memory.Address, 3, 1);
        Assert.Equal((3, 10L), (ring.Result(), file.Size));
        Assert.Equal("0123xyzxyz"u8, file.Content());
    }

    [Theory, EveryEngine]
    public void A_file_not_open_for_writing_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc"u8, Libc.O_RDONLY);
        using TestDescriptor directory = TestDescriptor.Open(AppContext.BaseDirectory, Libc.O_DIRECTORY);
        using var memory = new TestMemory();
        ring.Next().PrepareWrite(file, memory.Address, 3, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareWrite(directory, memory.Address, 3, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void Buffers_and_offsets_that_cannot_be_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        ring.Next().PrepareWrite(file, TestMemory.Bad, 3, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareWrite(file, 0, 3, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareWrite(file, memory.Address, 3, unchecked((ulong)-2));
        Assert.Equal(-Errno.EINVAL, ring.Result());
        Assert.Equal("abc"u8, file.Content());
        ring.Next().PrepareWrite(file, TestMemory.ReadOnly, 3, 0);
        Assert.Equal(3, ring.Result());
    }

    [Theory, EveryEngine(InPlace = true)]
    public void No_more_is_moved_at_once_than_the_kernel_ever_moves(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor device = TestDescriptor.Open("/dev/null", Libc.O_WRONLY);
        using var memory = new TestMemory();
        ring.Next().PrepareWrite(device, memory.Address, uint.MaxValue, 0);
        Assert.Equal((int)RingLimits.MaxTransferBytes, ring.Result());
    }

    [Theory]
    [EveryEngine("/dev/null", 5)]
    [EveryEngine("/dev/full", -Errno.ENOSPC)]
    public void Devices_are_written(string engine, string path, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor device = TestDescriptor.Open(path, Libc.O_WRONLY);
        using var memory = new TestMemory();
        ring.Next().PrepareWrite(device, memory.Address, 5, 0);
        Assert.Equal(expected, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_pipe_without_a_reader_is_broken(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        pipe.ReadEnd.Close();
        ring.Next().PrepareWrite(pipe.WriteEnd, memory.Address, 5, 0);
        Assert.Equal(-Errno.EPIPE, ring.Result());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(Libc.O_NONBLOCK)]
    public void A_full_pipe_is_waited_for_even_if_it_is_non_blocking(string engine, int flags)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe(flags);
        using var memory = new TestMemory();
        "tail"u8.CopyTo(memory.Bytes);
        Assert.Equal(4096, pipe.Fill());
        ring.Next().PrepareWrite(pipe.WriteEnd, memory.Address, 4, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        Assert.Equal(4096, pipe.Read().Length);
        Assert.Equal(4, ring.Take().Res);
        Assert.Equal("tail", pipe.Read());
        Assert.Equal(4096, pipe.Fill());
        ring.Next().PrepareWrite(pipe.WriteEnd, memory.Address, 4, 0).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }

    [Theory, EveryEngine]
    public void Without_waiting_a_file_that_may_block_is_not_written_to_whatever_the_place(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        ring.Next().PrepareWrite(file, memory.Address, 3, 0).RwFlags = Libc.RWF_NOWAIT;
        int refusal = ring.Result();
        bool mayBlock = refusal == -Errno.EAGAIN; // ext4; others write to memory without waiting
        ring.Next().PrepareWrite(file, memory.Address, 3, 1UL << 63).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(mayBlock ? refusal : -Errno.EINVAL, ring.Result());
        ring.Next().PrepareWrite(file, TestMemory.Bad, 3, 0).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(mayBlock ? refusal : -Errno.EFAULT, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_waiting_write_ends_when_the_reader_goes(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        pipe.Fill();
        ring.Next().PrepareWrite(pipe.WriteEnd, memory.Address, 4, 0);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pipe.ReadEnd.Close();
        Assert.Equal(-Errno.EPIPE, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_write_larger_than_the_pipe_writes_what_fits(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(3 * 4096);
        Libc.Fcntl(pipe.WriteEnd, Libc.F_SETPIPE_SZ, 4096);
        ring.Next().PrepareWrite(pipe.WriteEnd, memory.Address, 3 * 4096, 0);
        Assert.Equal(4096, ring.Result());
    }

    [Theory]
    [EveryEngine("")]
    [EveryEngine("/dev/shm")]
    public void Writes_to_one_file_do_not_interleave(string engine, string folder)
    {
        const int Count = 16, Size = 256 << 10;
        using var ring = new SeamRing(engine, Count);
        using TestFile file = TestFile.Create([], folder: folder);
        using var memory = new TestMemory(Count * Size);
        for (int i = 0; i < Count; i++)
        {
            memory[(i * Size)..((i + 1) * Size)].Fill((byte)('a' + i));
            ring.Next().PrepareWrite(file, memory.At(i * Size), Size, 0).UserData = (ulong)i;
        }

        Assert.Equal(Count, ring.Submit());
        Assert.All(ring.Take(Count), cqe => Assert.Equal(Size, cqe.Res));
        byte[] content = file.Content();
        Assert.Equal(Size, content.Length);
        Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept(content[0]));
    }

    [Theory, EveryEngine]
    public void Appends_of_one_batch_are_all_there_and_whole(string engine)
    {
        const int Count = 64, Size = 1000;
        using var ring = new SeamRing(engine, Count);
        using TestFile file = TestFile.Create("");
        using var memory = new TestMemory(Count * Size);
        for (int i = 0; i < Count; i++)
        {
            memory[(i * Size)..((i + 1) * Size)].Fill((byte)i);
            ring.Next((ulong)i).PrepareWrite(file, memory.At(i * Size), Size, 0).RwFlags = Libc.RWF_APPEND;
        }

        Assert.Equal(Count, ring.Submit());
        Assert.All(ring.Take(Count), cqe => Assert.Equal(Size, cqe.Res));
        byte[] content = file.Content();
        Assert.Equal(Count * Size, content.Length);
        Assert.All(content.Chunk(Size), chunk => Assert.Equal(-1, chunk.AsSpan().IndexOfAnyExcept(chunk[0])));
        Assert.Equal(Count, content.Chunk(Size).Select(chunk => chunk[0]).Distinct().Count());
    }

    [Theory, EveryEngine]
    public void Writes_to_many_files_all_arrive(string engine)
    {
        const int Count = 100;
        using var ring = new SeamRing(engine, 128);
        TestFile[] files = [.. Enumerable.Range(0, Count).Select(_ => TestFile.Create(""))];
        using var memory = new TestMemory();
        for (int i = 0; i < Count; i++)
        {
            memory.Put(i * 4, i);
            ring.Next().PrepareWrite(files[i], memory.At(i * 4), 4, 0).UserData = (ulong)i;
        }

        Assert.Equal(Count, ring.Submit());
        Assert.All(ring.Take(Count), cqe => Assert.Equal(4, cqe.Res));
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(BitConverter.GetBytes(i), files[i].Content());
            files[i].Dispose();
        }
    }

    [Theory, EveryEngine]
    public void A_file_size_limit_is_an_error_of_the_request(string engine)
    {
        if (engine == TestEngines.Kernel)
            TestEngines.RequireKernel();
        Child.Succeeds(BeyondFileSizeLimit, [engine]);
    }

    [Scenario]
    private static void BeyondFileSizeLimit(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        TestLibc.Ignore(TestLibc.SIGXFSZ);
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_FSIZE, 1000, 1000));
        ring.Next().PrepareWrite(file, memory.Address, 100, 2000);
        Assert.Equal(-Errno.EFBIG, ring.Result());
        ring.Next().PrepareWrite(file, memory.Address, 100, 950);
        Assert.Equal(50, ring.Result());
    }

    /// <summary>
    /// POSIX locks belong to the process and go with the first descriptor of the file that it closes. The managed engine holds a parked
    /// request's file by a duplicate, so a lock is lost when a write or fsync that could not run at once has completed. On the
    /// kernel it stays.
    /// </summary>
    [Theory]
    [InlineData(TestEngines.Kernel, true)]
    [InlineData(TestEngines.Managed, false)]
    public void A_posix_lock_held_during_a_parked_request_survives_it_on_the_kernel_only(string engine, bool survives)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("locked");
        Assert.Equal(0, TestLibc.Lock(file));
        Assert.True(IsLockedForOthers(file));
        ring.Next().PrepareRead(file, new TestMemory().Address, 4, 0);
        Assert.Equal(4, ring.Result());
        Assert.True(IsLockedForOthers(file));
        ring.Next().PrepareFsync(file);
        Assert.Equal(0, ring.Result());
        Assert.Equal(survives, IsLockedForOthers(file));
    }

    private static bool IsLockedForOthers(TestFile file) =>
        bool.Parse(Child.Succeeds(
            ReportLock, [string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.Number}")]));

    [Scenario]
    private static void ReportLock(string[] arguments)
    {
        using TestDescriptor file = TestDescriptor.Open(arguments[0], Libc.O_RDWR);
        Console.Write(TestLibc.IsLocked(file));
    }
}
