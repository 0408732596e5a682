using System.Net;
using System.Net.Sockets;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>READ of files: what it returns, what it refuses, and in what order.</summary>
public sealed class ReadTests
{
    private const ulong CurrentPosition = ulong.MaxValue;
    private const uint UnknownFlag = 1u << 30;

    [Theory]
    [EveryEngine(0ul, 64u, 64)]
    [EveryEngine(0ul, 200u, 100)]
    [EveryEngine(40ul, 200u, 60)]
    [EveryEngine(100ul, 64u, 0)]
    [EveryEngine(5000ul, 64u, 0)]
    [EveryEngine(0ul, 0u, 0)]
    [EveryEngine(0ul, uint.MaxValue, 100)]
    [EveryEngine(0ul, 0x7fff_f000u, 100)]
    public void Up_to_the_end_of_the_file_is_read(string engine, ulong offset, uint length, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        memory.Bytes.Fill(0xCC);
        ring.Next().PrepareRead(file, memory.Address, length, offset);
        Assert.Equal(expected, ring.Result());
        Assert.Equal(file.Content().AsSpan().Slice((int)Math.Min(offset, 100), expected), memory[..expected]);
        Assert.Equal(-1, memory[expected..].IndexOfAnyExcept((byte)0xCC));
    }

    [Theory, EveryEngine]
    public void The_files_own_position_is_used_and_moved_only_if_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var memory = new TestMemory();
        file.Position = 90;
        ring.Next().PrepareRead(file, memory.Address, 64, CurrentPosition);
        Assert.Equal((10, 100L), (ring.Result(), file.Position));
        file.Position = 5;
        ring.Next().PrepareRead(file, memory.Address, 10, 0);
        Assert.Equal((10, 5L), (ring.Result(), file.Position));
    }

    [Theory, EveryEngine]
    public void Offsets_that_cannot_be_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        foreach (long offset in new[] { -2, long.MinValue, long.MaxValue })
        {
            ring.Next().PrepareRead(file, memory.Address, 10, (ulong)offset);
            Assert.Equal((offset, -Errno.EINVAL), (offset, ring.Result()));
        }
    }

    [Theory, EveryEngine]
    public void A_buffer_that_cannot_be_written_is_a_fault(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        foreach (nuint address in new[] { (nuint)0, TestMemory.Bad, TestMemory.ReadOnly })
        {
            ring.Next().PrepareRead(file, address, 10, 0);
            Assert.Equal((address, -Errno.EFAULT), (address, ring.Result()));
            ring.Next().PrepareRead(file, address, 0, 0);
            Assert.Equal((address, 0), (address, ring.Result()));
        }
    }

    [Theory, EveryEngine(InPlace = true)]
    public void A_buffer_that_is_good_at_first_is_filled_as_far_as_it_goes(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(8192);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 8192, 0);
        Assert.Equal(4096, ring.Result());
        Assert.Equal(file.Content().AsSpan(0, 4096), memory.Bytes);
    }

    [Theory, EveryEngine]
    public void A_file_not_open_for_reading_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc"u8, Libc.O_WRONLY);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 3, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareRead(file, TestMemory.Bad, 3, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = Libc.RWF_HIPRI;
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = UnknownFlag;
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_directory_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor directory = TestDescriptor.Open(AppContext.BaseDirectory, Libc.O_DIRECTORY);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(directory, memory.Address, 3, 0);
        Assert.Equal(-Errno.EISDIR, ring.Result());
    }

    [Theory, EveryEngine]
    public void Flags_that_do_not_fit_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = UnknownFlag;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = UnknownFlag | Libc.RWF_NOWAIT;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = Libc.RWF_HIPRI;
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = Libc.RWF_HIPRI | UnknownFlag;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).RwFlags = Libc.RWF_SYNC | Libc.RWF_DSYNC;
        Assert.Equal(3, ring.Result());
    }

    [Theory]
    [EveryEngine("")]
    [EveryEngine("/dev/shm")]
    public void Flags_that_do_not_fit_are_refused_even_where_nothing_is_read(string engine, string folder)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc", folder);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 0, 0).RwFlags = UnknownFlag;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
    }

    [Theory, EveryEngine]
    public void Flags_that_do_not_fit_are_refused_before_a_stream_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 3, 0).RwFlags = UnknownFlag;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 3, CurrentPosition).RwFlags = Libc.RWF_DONTCACHE;
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Result());
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 3, 0).RwFlags = Libc.RWF_HIPRI;
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory]
    [EveryEngine((ushort)0xffff, -Errno.EINVAL)]
    [EveryEngine((ushort)0x4004, 3)]
    [EveryEngine((ushort)0x6000, 3)]
    [EveryEngine((ushort)0x8000, -Errno.EINVAL)]
    [EveryEngine((ushort)0x0001, -Errno.EINVAL)]
    [EveryEngine((ushort)0x4008, 3)]
    public void A_priority_is_checked(string engine, ushort priority, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 3, 0).IoPrio = priority;
        Assert.Equal(expected, ring.Result());
    }

    [Theory, EveryEngine]
    public void Attributes_are_refused_and_padding_is_ignored(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 3, 0).AttrTypeMask = (RwAttrFlags)2;
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).FileIndex = 7;
        Assert.Equal(3, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 3, 0).BufIndex = 7;
        Assert.Equal(3, ring.Result());
    }

    [Theory]
    [EveryEngine("")]
    [EveryEngine("/dev/shm")]
    public void A_large_file_is_read_whole(string engine, string folder)
    {
        const int Size = (3 << 20) + 777;
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(Size, folder: folder);
        using var memory = new TestMemory(Size + 100);
        ring.Next().PrepareRead(file, memory.Address, Size + 100, 0);
        Assert.Equal(Size, ring.Result());
        Assert.True(file.Content().AsSpan().SequenceEqual(memory[..Size]));
    }

    [Theory, EveryEngine]
    public void An_uncached_file_is_read_whole(string engine)
    {
        const int Size = 1 << 20;
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(Size);
        using var memory = new TestMemory(Size);
        byte[] content = file.Content();
        for (int round = 0; round < 3; round++)
        {
            TestLibc.ForgetPages(file);
            memory.Bytes.Clear();
            ring.Next().PrepareRead(file, memory.Address, Size, 0);
            Assert.Equal(Size, ring.Result());
            Assert.True(content.AsSpan().SequenceEqual(memory.Bytes));
        }
    }

    [Theory, EveryEngine]
    public void Uncached_reads_in_one_batch_each_get_their_own_data(string engine)
    {
        const int Block = 4096, Count = 128;
        using var ring = new SeamRing(engine, Count);
        using TestFile file = TestFile.Numbered(Block * Count);
        using var memory = new TestMemory(Block * Count);
        byte[] content = file.Content();
        TestLibc.ForgetPages(file);
        // Backwards, so that reading ahead does not make it a cached case after all.
        for (int i = Count - 1; i >= 0; i--)
            ring.Next().PrepareRead(file, memory.At(i * Block), Block, (ulong)(i * Block)).UserData = (ulong)i;
        Assert.Equal(Count, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(Count);
        Assert.Equal(Count, results.Count);
        Assert.All(results.Values, result => Assert.Equal(Block, result));
        Assert.True(content.AsSpan().SequenceEqual(memory.Bytes));
    }

    [Theory, EveryEngine]
    public void Consecutive_reads_of_one_batch_each_get_their_own_result(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using TestFile file = TestFile.Numbered(1000);
        using var memory = new TestMemory();
        for (ulong i = 0; i < 12; i++)
            ring.Next().PrepareRead(file, memory.At((int)i * 100), 100, i * 100).UserData = i;
        Assert.Equal(12, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(12);
        Assert.Equal([100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0],
            results.OrderBy(pair => pair.Key).Select(pair => pair.Value));
        Assert.Equal(file.Content(), memory[..1000]);
        Assert.Equal(-1, memory[1000..].IndexOfAnyExcept((byte)0));
    }

    [Theory, EveryEngine]
    public void A_bad_buffer_in_a_run_of_reads_spoils_only_its_own(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using TestFile file = TestFile.Numbered(1000);
        using var memory = new TestMemory();
        for (ulong i = 0; i < 10; i++)
        {
            nuint buffer = i is 3 or 9 ? TestMemory.Bad : memory.At((int)i * 100);
            ring.Next().PrepareRead(file, buffer, 100, i * 100).UserData = i;
        }

        Assert.Equal(10, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(10);
        for (ulong i = 0; i < 10; i++)
        {
            Assert.Equal((i, i is 3 or 9 ? -Errno.EFAULT : 100), (i, results[i]));
            if (i is not (3 or 9))
                Assert.Equal(file.Content().AsSpan((int)i * 100, 100), memory[((int)i * 100)..((int)i * 100 + 100)]);
        }
    }

    [Theory, EveryEngine]
    public void Consecutive_reads_at_the_files_own_position_follow_each_other(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using TestFile file = TestFile.Numbered(64);
        using var memory = new TestMemory();
        for (int i = 0; i < 9; i++)
            ring.Next((ulong)i).PrepareRead(file, memory.At(i * 8), 8, CurrentPosition).UserData = (ulong)i;
        Assert.Equal(9, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(9);
        Assert.Equal((0, 64L), (results[8], file.Position));
        Assert.Equal(file.Content(), memory[..64]);
    }

    [Theory, EveryEngine]
    public void Reads_and_writes_of_one_batch_on_a_file_in_memory_keep_their_order(string engine)
    {
        // Nothing promises it, but on the kernel a batch that never has to wait has always run in order.
        using var ring = new SeamRing(engine, 16);
        using TestFile file = TestFile.Numbered(4096, folder: "/dev/shm");
        using var memory = new TestMemory();
        memory.Bytes.Fill(0x77);
        ring.Next().PrepareRead(file, memory.At(0), 8, 8).UserData = 1;
        ring.Next().PrepareRead(file, memory.At(8), 8, 16).UserData = 2;
        ring.Next().PrepareWrite(file, memory.At(100), 8, 16).UserData = 3;
        ring.Next().PrepareRead(file, memory.At(16), 8, 16).UserData = 4;
        Assert.Equal(4, ring.Submit());
        Assert.All(ring.Take(4), cqe => Assert.Equal(8, cqe.Res));
        Assert.Equal((8L, 16L, 0x7777777777777777L), (memory.As<long>(0), memory.As<long>(8), memory.As<long>(16)));
    }

    [Theory]
    [EveryEngine("/proc/self/status")]
    [EveryEngine("/proc/self/maps")]
    [EveryEngine("/sys/kernel/mm/transparent_hugepage/enabled")]
    public void Files_without_a_disk_are_read(string engine, string path)
    {
        Requirements.SkipUnless(File.Exists(path), $"There is no {path}.");
        using var ring = new SeamRing(engine);
        using TestDescriptor file = TestDescriptor.Open(path);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, 16, 0);
        Assert.Equal(16, ring.Result());
        Assert.NotEqual(0, memory.Bytes[0]);
    }

    [Theory]
    [EveryEngine("/dev/zero", 100)]
    [EveryEngine("/dev/null", 0)]
    public void Devices_are_read(string engine, string path, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor device = TestDescriptor.Open(path);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(device, memory.Address, 100, 0);
        Assert.Equal(expected, ring.Result());
        ring.Next().PrepareRead(device, memory.Address, 100, CurrentPosition);
        Assert.Equal(expected, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_listening_socket_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        using var memory = new TestMemory();
        ring.Next().PrepareRead((int)socket.Handle, memory.Address, 3, 0);
        Assert.Equal(-Errno.ENOTCONN, ring.Result());
    }

    [Theory, EveryEngine]
    public void Without_waiting_what_is_cached_is_read_and_what_is_not_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(1 << 20);
        using var memory = new TestMemory();
        file.Content();
        ring.Next().PrepareRead(file, memory.Address, 4096, 8192).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(4096, ring.Result());
        TestLibc.ForgetPageAt(file, 500 << 10);
        ring.Next().PrepareRead(file, memory.Address, 4096, 500 << 10).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }
}
