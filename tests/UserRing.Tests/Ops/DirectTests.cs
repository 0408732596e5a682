using System.Globalization;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>O_DIRECT: transfers that the device does while the program goes on.</summary>
public sealed class DirectTests
{
    private const int Block = 4096, Depth = 32;

    [Theory, EveryEngine]
    public void Blocks_are_read_and_written(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block * 8);
        using var memory = new TestMemory(Block * 4);
        byte[] content = file.Content();
        ring.Next().PrepareRead(file, memory.Address, Block * 2, Block);
        Assert.Equal(Block * 2, ring.Result());
        Assert.Equal(content.AsSpan(Block, Block * 2), memory[..(Block * 2)]);
        memory.Bytes.Fill(0x3C);
        ring.Next().PrepareWrite(file, memory.Address, Block, Block * 7);
        Assert.Equal(Block, ring.Result());
        Assert.Equal(memory[..Block], file.Content().AsSpan(Block * 7));
    }

    [Theory, EveryEngine]
    public void The_end_of_the_file_cuts_a_read_short(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block + 100);
        using var memory = new TestMemory(Block * 2);
        ring.Next().PrepareRead(file, memory.Address, Block * 2, 0);
        Assert.Equal(Block + 100, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, Block, Block * 2);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void What_is_not_aligned_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block * 2);
        using var memory = new TestMemory(Block * 2);
        ring.Next().PrepareRead(file, memory.Address, Block, 7);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareRead(file, memory.Address, 100, 0);
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory, EveryEngine]
    public void Bad_buffers_directions_and_offsets_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(Block, Libc.O_WRONLY | Libc.O_DIRECT);
        using TestFile readable = Direct(Block);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(file, memory.Address, Block, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareRead(readable, TestMemory.Bad, Block, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareRead(readable, memory.Address, Block, unchecked((ulong)-4096));
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareRead(readable, memory.Address, 0, 0);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareRead(readable, memory.Address, Block, 0).RwFlags = Libc.RWF_HIPRI;
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory, EveryEngine]
    public void The_files_own_position_is_used(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block * 3);
        using var memory = new TestMemory();
        file.Position = Block;
        ring.Next().PrepareRead(file, memory.Address, Block, ulong.MaxValue);
        // It is not always moved: the kernel leaves it where it was if the device answers later.
        Assert.Equal((Block, (long)Block), (ring.Result(), memory.As<long>()));
    }

    [Theory, EveryEngine]
    public void Vectors_and_registered_buffers_go_the_same_way(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block * 4);
        using var memory = new TestMemory(Block * 4);
        using var vector = new TestMemory();
        vector.Put(0, new IoVec { Base = memory.At(Block), Len = Block }, new IoVec { Base = memory.At(0), Len = Block });
        ring.Next().PrepareReadv(file, vector.Address, 2, Block);
        Assert.Equal(Block * 2, ring.Result());
        Assert.Equal((Block * 2L, (long)Block), (memory.As<long>(0), memory.As<long>(Block)));
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = Block * 4 }));
        Assert.Equal(0, ring.RegisterFiles(file));
        ring.Next().PrepareReadFixed(0, memory.At(Block * 2), Block, Block * 3, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal((Block, Block * 3L), (ring.Result(), memory.As<long>(Block * 2)));
    }

    [Theory, EveryEngine]
    public void What_follows_a_transfer_of_several_buffers_waits_where_a_cancel_reaches_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = Direct(Block * 4);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(Block * 4);
        using var vector = new TestMemory();
        vector.Put(0, new IoVec { Base = memory.At(Block), Len = Block }, new IoVec { Base = memory.At(0), Len = Block });
        ref Sqe write = ref ring.Next().PrepareWritev(file, vector.Address, 2, Block);
        (write.Flags, write.UserData) = (SqeFlags.IoLink, 1);
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 8, 0).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Cqe written = ring.Take();
        Assert.Equal((1UL, Block * 2), (written.UserData, written.Res));
        Assert.True(ring.StaysQuiet());
        ring.Next() = new Sqe { Opcode = Opcode.AsyncCancel, Fd = -1, Addr = 2, UserData = 3 };
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        // The kernel's worker ends the transfer if its file system was busy at that moment, and then goes on with what follows.
        (int, int)[] answers = engine == TestEngines.Kernel
            ? [(-Errno.ECANCELED, 0), (-Errno.EINTR, -Errno.EALREADY)]
            : [(-Errno.ECANCELED, 0)];
        Assert.Contains((results[2], results[3]), answers);
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun)]
    [EveryEngine(SetupFlags.CoopTaskrun)]
    public void Reads_of_a_deep_batch_each_get_their_own_data(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, Depth, flags);
        using TestFile file = Direct(Block * Depth);
        using var memory = new TestMemory(Block * Depth);
        byte[] content = file.Content();
        for (int round = 0; round < 5; round++)
        {
            memory.Bytes.Clear();
            for (int i = 0; i < Depth; i++)
                ring.Next().PrepareRead(file, memory.At(i * Block), Block, (ulong)(i * Block)).UserData = (ulong)i;
            Assert.Equal(Depth, ring.Submit());
            Assert.All(ring.Take(Depth), cqe => Assert.Equal(Block, cqe.Res));
            Assert.True(content.AsSpan().SequenceEqual(memory.Bytes));
        }
    }

    [Theory, EveryEngine]
    public void More_than_can_be_in_flight_at_once_all_complete(string engine)
    {
        const int Count = 4096;
        using var ring = new SeamRing(engine, Count);
        using TestFile file = Direct(Block * 16);
        using var memory = new TestMemory(Block * 16);
        for (int i = 0; i < Count; i++)
            ring.Next().PrepareRead(file, memory.At(i % 16 * Block), Block, (ulong)(i % 16 * Block)).UserData = (ulong)i;
        Assert.Equal(Count, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(Count);
        Assert.Equal(Count, results.Count);
        Assert.All(results.Values, result => Assert.Equal(Block, result));
    }

    [Theory, EveryEngine]
    public void A_whole_batch_is_in_flight_after_one_enter(string engine)
    {
        using var ring = new SeamRing(engine, Depth);
        using TestFile file = Direct(Block * Depth * 16);
        using var memory = new TestMemory(Block * Depth);
        string counters = InFlightCounters(file);
        Requirements.SkipUnless(
            counters.Length > 0, "The test directory's device has no /sys/dev/block entry that counts requests in flight.");
        int deepest = 0;
        // One look is over too soon on a fast device: the best of many counts.
        for (int round = 0; round < 300 && deepest < Depth / 2; round++)
        {
            // Far from each other, so that the block layer does not merge them into a few.
            for (int i = 0; i < Depth; i++)
                ring.Next().PrepareRead(file, memory.At(i * Block), Block, (ulong)((i * 16 + round % 16) * Block));
            Assert.Equal(Depth, ring.Submit());
            deepest = Math.Max(deepest, InFlight(counters));
            Assert.All(ring.Take(Depth), cqe => Assert.Equal(Block, cqe.Res));
        }

        Assert.InRange(deepest, Depth / 2, int.MaxValue);
    }

    private static TestFile Direct(int bytes)
    {
        TestFile file = TestFile.Numbered(bytes, Libc.O_RDWR | Libc.O_DIRECT);
        Assert.Equal(0, Libc.Fsync(file));
        return file;
    }

    private static string InFlightCounters(TestFile file)
    {
        if (Libc.StatFd(file, out FileIdentity identity) < 0)
            return "";
        string path = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{identity.Dev >> 32}:{identity.Dev & 0xffffffff}");
        path = File.Exists($"{path}/partition") ? $"{path}/../inflight" : $"{path}/inflight";
        return File.Exists(path) ? path : "";
    }

    /// <summary>Reads and writes that the device has not answered yet.</summary>
    private static int InFlight(string counters) =>
        File.ReadAllText(counters).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Sum(count => int.Parse(count, CultureInfo.InvariantCulture));
}
