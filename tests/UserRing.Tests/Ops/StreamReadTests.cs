using System.Net;
using System.Net.Sockets;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>READ of what has no positions and may have to wait: pipes, sockets, eventfds and the like.</summary>
public sealed class StreamReadTests
{
    private const ulong CurrentPosition = ulong.MaxValue;

    [Theory]
    [EveryEngine(0ul)]
    [EveryEngine(3ul)]
    [EveryEngine(CurrentPosition)]
    public void A_pipe_gives_what_it_holds_whatever_the_offset(string engine, ulong offset)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        pipe.Write("hello");
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, offset);
        Assert.Equal(5, ring.Result());
        Assert.Equal("hello"u8, memory[..5]);
    }

    [Theory, EveryEngine]
    public void Offsets_that_cannot_be_are_refused_all_the_same(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        pipe.Write("hello");
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, unchecked((ulong)-2));
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(Libc.O_NONBLOCK)]
    public void An_empty_pipe_is_waited_for_even_if_it_is_non_blocking(string engine, int flags)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe(flags);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0).UserData = 8;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("later");
        Cqe cqe = ring.Take();
        Assert.Equal((8ul, 5), (cqe.UserData, cqe.Res));
        Assert.Equal("later"u8, memory[..5]);
        Assert.Equal(flags, Libc.Fcntl(pipe.ReadEnd, Libc.F_GETFL, 0) & Libc.O_NONBLOCK);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(Libc.O_NONBLOCK)]
    public void Without_waiting_an_empty_pipe_is_refused(string engine, int flags)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe(flags);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0).RwFlags = Libc.RWF_NOWAIT;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }

    [Theory, EveryEngine]
    public void The_end_of_a_pipe_is_zero_bytes(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pipe.WriteEnd.Close();
        Assert.Equal(0, ring.Take().Res);
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void The_wrong_end_of_a_pipe_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.WriteEnd, memory.Address, 64, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareWrite(pipe.ReadEnd, memory.Address, 64, 0);
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_bad_buffer_is_a_fault_once_there_is_data(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        pipe.Write("hello");
        ring.Next().PrepareRead(pipe.ReadEnd, TestMemory.Bad, 64, 0);
        Assert.Equal(-Errno.EFAULT, ring.Result());
    }

    [Theory, EveryEngine]
    public void Several_waiting_reads_are_each_served_once(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        for (int i = 0; i < 8; i++)
            ring.Next().PrepareRead(pipe.ReadEnd, memory.At(i), 1, 0).UserData = (ulong)i;
        Assert.Equal(8, ring.Submit());
        for (int i = 0; i < 8; i++)
        {
            pipe.Write(((char)('a' + i)).ToString());
            Assert.Equal(1, ring.Take().Res);
        }

        Assert.Equal("abcdefgh", string.Concat(memory[..8].ToArray().Order().Select(value => (char)value)));
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory, EveryEngine]
    public void A_descriptor_closed_and_used_again_does_not_redirect_a_waiting_read(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(pipe.ReadEnd, TestLibc.Dup2(other.ReadEnd, pipe.ReadEnd));
        other.Write("wrong");
        Assert.True(ring.StaysQuiet(20));
        pipe.Write("right");
        Assert.Equal(5, ring.Take().Res);
        Assert.Equal("right"u8, memory[..5]);
        Assert.Equal("wrong", other.Read());
    }

    [Theory, EveryEngine]
    public void A_closed_pipe_end_stays_open_for_a_waiting_read(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0);
        Assert.Equal(1, ring.Submit());
        pipe.ReadEnd.Close();
        pipe.Write("hello");
        Assert.Equal(5, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_registered_pipe_is_waited_for_even_after_it_left_the_table(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd));
        ring.Next().PrepareRead(0, memory.Address, 64, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(1, ring.Submit());
        pipe.ReadEnd.Close();
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.True(ring.StaysQuiet(10));
        pipe.Write("hello");
        Assert.Equal(5, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void An_eventfd_gives_its_count_to_eight_bytes(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(3);
        using var memory = new TestMemory();
        ring.Next().PrepareRead(counter, memory.Address, 4, 0);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareRead(counter, memory.Address, 8, 0);
        Assert.Equal((8, 3L), (ring.Result(), memory.As<long>()));
        ring.Next().PrepareRead(counter, memory.Address, 8, 0);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        Libc.SignalEventfd(counter);
        Assert.Equal((8, 1L), (ring.Take().Res, memory.As<long>()));
    }

    [Theory, EveryEngine]
    public void A_socket_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using Socket server = listener.AcceptSocket();
        using var memory = new TestMemory();
        ring.Next().PrepareRead((int)server.Handle, memory.Address, 64, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        client.Client.Send("ping"u8);
        Assert.Equal(4, ring.Take().Res);
        ring.Next().PrepareWrite((int)server.Handle, memory.Address, 4, 0);
        Assert.Equal(4, ring.Result());
        byte[] back = new byte[16];
        Assert.Equal(4, client.Client.Receive(back));
        Assert.Equal("ping"u8, back.AsSpan(0, 4));
    }

    [Theory, EveryEngine]
    public void What_can_be_polled_and_not_read_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        ring.Next().PrepareRead(epoll, memory.Address, 10, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void What_cannot_be_tried_without_waiting_is_waited_for_first(string engine)
    {
        using var ring = new SeamRing(engine);
        using var watch = new TestWatch();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(watch, memory.Address, 4096, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        watch.Happen();
        Assert.InRange(ring.Take().Res, 16, 4096);
        // And with something there already.
        watch.Happen();
        ring.Next().PrepareRead(watch, memory.Address, 4096, 0).UserData = 2;
        Assert.InRange(ring.Result(), 16, 4096);
    }

    [Theory, EveryEngine]
    public void Asked_for_a_worker_an_empty_pipe_is_waited_for_as_well(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        for (int i = 0; i < 4; i++)
            ring.Next().PrepareRead(pipe.ReadEnd, memory.At(i), 1, 0).Flags = SqeFlags.Async;
        Assert.Equal(4, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("wxyz");
        Assert.All(ring.Take(4), cqe => Assert.Equal(1, cqe.Res));
    }

    [Theory, EveryEngine]
    public void Data_goes_to_and_fro_between_threads_without_a_loss(string engine)
    {
        const int Rounds = 2000;
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        TestThread<int> writer = TestThread.Start(() =>
        {
            for (int i = 0; i < Rounds; i++)
                pipe.Write("12345678");
            return Rounds;
        });
        int bytes = 0;
        while (bytes < Rounds * 8)
        {
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0);
            int read = ring.Result();
            Assert.InRange(read, 1, 64);
            bytes += read;
        }

        Assert.Equal((Rounds, Rounds * 8), (writer.Answer, bytes));
    }
}
