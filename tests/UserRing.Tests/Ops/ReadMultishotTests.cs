using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>READ_MULTISHOT. Its finer points, and single reads into provided buffers: ReadShapesTests.</summary>
public sealed class ReadMultishotTests
{
    private const ushort Group = 3;
    private const ulong Reading = 7, Cancelling = 100;

    [Theory]
    [EveryEngine(BufferKind.Ring, SqeFlags.None)]
    [EveryEngine(BufferKind.List, SqeFlags.None)]
    [EveryEngine(BufferKind.Mapped, SqeFlags.Async)]
    public void Each_piece_of_a_pipe_is_reported_until_its_end(string engine, BufferKind kind, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 8, 8, kind);
        Start(ring, pipe.ReadEnd, flags);
        foreach (string piece in (string[])["one", "and", "another"])
        {
            Assert.True(ring.StaysQuiet(10));
            pipe.Write(piece);
            Cqe cqe = ring.Take();
            Assert.Equal(
                (Reading, piece, CqeFlags.More),
                (cqe.UserData, Encoding.ASCII.GetString(buffers.Of(cqe)), cqe.Flags & CqeFlags.More));
        }

        pipe.WriteEnd.Close();
        Cqe last = ring.Take();
        Assert.Equal((Reading, 0, CqeFlags.None), (last.UserData, last.Res, last.Flags));
    }

    [Theory]
    [EveryEngine(CancelFlags.None)]
    [EveryEngine(CancelFlags.Fd)]
    [EveryEngine(CancelFlags.Op)]
    public void A_cancel_ends_it_and_leaves_what_was_not_read(string engine, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 8, 8);
        Start(ring, pipe.ReadEnd);
        pipe.Write("read");
        Assert.Equal(4, ring.Take().Res);
        ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(Reading, key);
        (sqe.UserData, sqe.Fd, sqe.Len) = (Cancelling, pipe.ReadEnd, (uint)Opcode.ReadMultishot);
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[Reading], results[Cancelling]));
        pipe.Write("kept");
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal("kept", pipe.Read());
    }

    [Theory, EveryEngine]
    public void An_empty_group_and_a_full_queue_end_it(string engine)
    {
        using var ring = new SeamRing(engine, 2, cqEntries: 2);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 4, 4);
        Start(ring, pipe.ReadEnd);
        pipe.Write("abcdefghijklm");
        Until.True(() => ring.Enter() == 0 && (ring.SqFlags & SqRingFlags.CqOverflow) != 0, "the overflow flag");
        Assert.Equal(
            [(4, CqeFlags.More), (4, CqeFlags.More), (4, CqeFlags.None)], ring.Take(3).Select(cqe => (cqe.Res, cqe.Flags & CqeFlags.More)));
        Start(ring, pipe.ReadEnd);
        Assert.Equal("m"u8, buffers.Of(ring.Take()));
        Assert.True(ring.StaysQuiet(10)); // there is no buffer left, but nothing to put into it either
        pipe.Write("n");
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ENOBUFS, CqeFlags.None), (cqe.Res, cqe.Flags));
        Assert.Equal("n", pipe.Read());
    }

    [Theory, EveryEngine]
    public void Files_that_cannot_be_polled_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(64);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 4, 4);
        Start(ring, file);
        Assert.Equal(-Errno.EBADFD, ring.Take().Res);
        Start(ring, file, SqeFlags.Async);
        Assert.Equal(-Errno.EBADFD, ring.Take().Res);
        using TestDescriptor zero = TestDescriptor.Open("/dev/zero");
        Start(ring, zero);
        Assert.Equal(-Errno.EBADFD, ring.Take().Res);
        Start(ring, zero, SqeFlags.Async);
        Assert.Equal(-Errno.EBADFD, ring.Take().Res);
        Start(ring, pipe.WriteEnd);
        Assert.Equal(-Errno.EBADF, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_file_that_cannot_be_tried_is_never_read(string engine)
    {
        using var ring = new SeamRing(engine);
        using var watch = new TestWatch();
        using var buffers = new TestBuffers(ring, Group, 8, 16);
        Start(ring, watch);
        watch.Happen();
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(Reading).UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[Reading], results[Cancelling]));
        Assert.True(Libc.Poll(watch, Libc.POLLIN, 0, out _) > 0); // what happened can still be read
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.Incremental)]
    [EveryEngine(BufferKind.List)]
    public void A_file_that_cannot_be_tried_is_read_once_by_a_worker(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var watch = new TestWatch();
        using var buffers = new TestBuffers(ring, Group, 2, 16, kind);
        Start(ring, watch, SqeFlags.Async);
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(Reading).UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, Cqe> cqes = ring.Take(2).ToDictionary(cqe => cqe.UserData);
        Assert.Equal((-Errno.ECANCELED, 0), (cqes[Reading].Res, cqes[Cancelling].Res));
        bool isFromList = kind == BufferKind.List; // a worker uses up the others before it finds nothing to read
        Assert.Equal(!isFromList, (cqes[Reading].Flags & CqeFlags.Buffer) != 0);
        Start(ring, watch, SqeFlags.Async);
        Assert.True(ring.StaysQuiet(10));
        if (!isFromList)
        {
            Start(ring, watch, SqeFlags.Async);
            Assert.Equal(-Errno.ENOBUFS, ring.Take().Res);
        }

        watch.Happen();
        Cqe cqe = ring.Take();
        Assert.Equal((Reading, 16, CqeFlags.None), (cqe.UserData, cqe.Res, cqe.Flags & CqeFlags.More));
        Assert.Equal(TestBuffers.FirstId + (isFromList ? 0 : 1), TestBuffers.IdOf(cqe));
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_file_that_does_not_wait_is_read_each_time(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var watch = new TestWatch(Libc.O_NONBLOCK);
        using var buffers = new TestBuffers(ring, Group, 8, 16);
        Start(ring, watch, flags);
        Assert.True(ring.StaysQuiet(10));
        for (int i = 0; i < 3; i++)
        {
            watch.Happen();
            Cqe cqe = ring.Take();
            Assert.Equal((16, CqeFlags.More), (cqe.Res, cqe.Flags & CqeFlags.More));
        }
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(Libc.O_NONBLOCK, SqeFlags.None)]
    [EveryEngine(Libc.O_NONBLOCK, SqeFlags.Async)]
    [EveryEngine(0, SqeFlags.Async)]
    public void A_terminal_is_read_line_by_line(string engine, int openFlags, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        (int master, int slave) = TestLibc.OpenLineTerminal(openFlags);
        using var keyboard = new TestDescriptor(master);
        using var terminal = new TestDescriptor(slave);
        using var buffers = new TestBuffers(ring, Group, 8, 16);
        Start(ring, terminal, flags);
        bool isOnce = openFlags == 0 && flags != 0; // only a worker can wait in the call
        foreach (string line in (string[])["one\n", "another\n"])
        {
            Assert.True(ring.StaysQuiet(10));
            Type(keyboard, line);
            Cqe cqe = ring.Take();
            Assert.Equal((line, !isOnce), (Encoding.ASCII.GetString(buffers.Of(cqe)), (cqe.Flags & CqeFlags.More) != 0));
            if (isOnce)
                return;
        }

        keyboard.Close();
        Assert.Equal((0, CqeFlags.None), (ring.SeeFirst().Res, ring.Take().Flags));
    }

    [Theory, EveryEngine]
    public void An_event_counter_is_read_each_time_it_moves(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd();
        using var buffers = new TestBuffers(ring, Group, 8, 8);
        Start(ring, counter);
        for (int i = 0; i < 3; i++)
        {
            Libc.SignalEventfd(counter);
            Assert.Equal(1L, BitConverter.ToInt64(buffers.Of(ring.Take())));
        }
    }

    [Theory, EveryEngine]
    public void Through_a_slot_it_outlives_the_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd));
        ring.Next().PrepareReadMultishot(0, Group).Flags |= SqeFlags.FixedFile;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        pipe.Write("abcd");
        Assert.Equal("abcd"u8, buffers.Of(ring.Take()));
    }

    [Theory]
    [EveryEngine(0u)]
    [EveryEngine((uint)(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun))]
    public void Nothing_of_a_fast_writer_is_lost(string engine, uint flags)
    {
        const int Bytes = 300_000, Buffers = 32;
        using var ring = new SeamRing(engine, 8, (SetupFlags)flags, cqEntries: 64);
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, Buffers, 16);
        TestThread<int> writer = TestThread.Start(() =>
        {
            for (int i = 0; i < Bytes; i += 3)
                pipe.Write($"{(char)('a' + i % 26)}{(char)('a' + (i + 1) % 26)}{(char)('a' + (i + 2) % 26)}");
            return 0;
        });
        bool runs = false;
        for (int next = 0; next < Bytes;)
        {
            if (!runs)
                Start(ring, pipe.ReadEnd);
            Cqe cqe = ring.Take();
            runs = (cqe.Flags & CqeFlags.More) != 0;
            if (cqe.Res == -Errno.ENOBUFS)
                continue;
            foreach (byte one in buffers.Of(cqe))
                Assert.Equal('a' + next++ % 26, one);
            buffers.GiveBack(TestBuffers.IdOf(cqe));
        }

        Assert.Equal(0, writer.Answer);
    }

    private static unsafe void Type(TestDescriptor keyboard, string line)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(line);
        fixed (byte* at = bytes)
            Assert.Equal(bytes.Length, Libc.Write(keyboard, at, (nuint)bytes.Length));
    }

    private static void Start(SeamRing ring, TestDescriptor file, SqeFlags flags = SqeFlags.None)
    {
        ref Sqe sqe = ref ring.Next().PrepareReadMultishot(file, Group);
        (sqe.Flags, sqe.UserData) = (sqe.Flags | flags, Reading);
        Assert.Equal(1, ring.Submit());
    }
}
