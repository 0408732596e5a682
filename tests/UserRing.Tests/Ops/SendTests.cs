using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>SEND out of the program's own memory, on sockets of both modes, none of which it changes.</summary>
public sealed class SendTests
{
    private const int NonBlocking = Libc.SOCK_NONBLOCK;
    private const uint WaitAll = TestSocket.MSG_WAITALL, DontWait = TestSocket.MSG_DONTWAIT;
    private const ulong Sending = 7, Cancelling = 100;
    private const int Much = 12 << 20;

    [Theory]
    [EveryEngine(Transport.Unix, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.Async)]
    [EveryEngine(Transport.Packets, 0, SqeFlags.None)]
    [EveryEngine(Transport.Datagrams, NonBlocking, SqeFlags.None)]
    public void What_is_sent_arrives(string engine, Transport transport, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport, mode);
        memory.Put(0, "hello"u8);
        ring.Next().PrepareSend(pair.A, memory.Address, 5).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.Equal((5, CqeFlags.None), Outcome(ring.Take()));
        Assert.Equal(0, Libc.Fcntl(pair.B, Libc.F_SETFL, Libc.O_RDWR));
        Assert.Equal("hello", pair.B.ReceiveText());
        Assert.Equal(mode != 0, pair.A.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(Transport.Unix, 0, SqeFlags.None, RecvSendFlags.None)]
    [EveryEngine(Transport.Tcp, 0, SqeFlags.None, RecvSendFlags.PollFirst)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.None, RecvSendFlags.None)]
    [EveryEngine(Transport.Packets, 0, SqeFlags.Async, RecvSendFlags.None)]
    [EveryEngine(Transport.Datagrams, NonBlocking, SqeFlags.None, RecvSendFlags.PollFirst)]
    public void Where_there_is_no_room_it_waits_for_room(string engine, Transport transport, int mode, SqeFlags flags, RecvSendFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport, mode);
        memory.Put(0, "at last"u8);
        pair.A.Fill();
        ring.Next().PrepareSend(pair.A, memory.Address, 7, 0, how).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        string received = "";
        Until.True(() => (received += ReceiveNow(pair.B)).EndsWith("at last", StringComparison.Ordinal), "what was sent arrives");
        Assert.Equal(7, ring.Take().Res);
        Assert.Equal(mode != 0, pair.A.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(Transport.Unix, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.Async)]
    public void Sending_all_of_much_waits_for_a_slow_reader(string engine, Transport transport, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair(transport, mode & 0);
        new Random(5).NextBytes(memory.Bytes);
        if (mode != 0)
            Assert.Equal(0, Libc.Fcntl(pair.A, Libc.F_SETFL, Libc.O_RDWR | Libc.O_NONBLOCK));
        ring.Next().PrepareSend(pair.A, memory.Address, Much, WaitAll).Flags = flags | SqeFlags.IoLink;
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        Assert.True(memory.Bytes.SequenceEqual(pair.B.ReceiveAll(Much)));
        Assert.Equal([Much, 0], ring.Take(2).Select(cqe => cqe.Res));
    }

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void Much_is_sent_in_part_and_that_ends_no_chain(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(16 << 20);
        using var pair = new TestPair(transport);
        new Random(6).NextBytes(memory.Bytes);
        ring.Next().PrepareSend(pair.A, memory.Address, 16 << 20).Flags = SqeFlags.IoLink;
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Cqe[] completions = ring.Take(2);
        Assert.InRange(completions[0].Res, 1, (16 << 20) - 1);
        Assert.Equal(0, completions[1].Res);
        Assert.True(memory[..completions[0].Res].SequenceEqual(pair.B.ReceiveAll(completions[0].Res)));
    }

    [Theory, EveryEngine]
    public void Told_not_to_wait_it_does_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair(Transport.Tcp);
        ref Sqe sqe = ref ring.Next().PrepareSend(pair.A, memory.Address, Much, WaitAll | DontWait);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Sending);
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.InRange(results[Sending], 1, Much - 1);
        Assert.Equal(-Errno.ECANCELED, results[8]);
        pair.A.Fill();
        ring.Next().PrepareSend(pair.A, memory.Address, 1, DontWait);
        Assert.Equal(-Errno.EAGAIN, ring.Result());
        ring.Next().PrepareSend(pair.A, memory.Address, 1, DontWait).Flags = SqeFlags.Async;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }

    [Theory]
    [EveryEngine(CancelFlags.None)]
    [EveryEngine(CancelFlags.Fd)]
    public void A_cancel_tells_how_much_was_sent_and_ends_the_chain(string engine, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair();
        ref Sqe sqe = ref ring.Next().PrepareSend(pair.A, memory.Address, Much, WaitAll);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Sending);
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        sqe = ref ring.Next().PrepareAsyncCancel(Sending, key);
        (sqe.UserData, sqe.Fd) = (Cancelling, pair.A);
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(3);
        Assert.InRange(results[Sending], 1, Much - 1);
        Assert.Equal((-Errno.ECANCELED, 0), (results[8], results[Cancelling]));
        Assert.Equal(results[Sending], pair.B.ReceiveAll(results[Sending]).Length);
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_cancelled_one_that_sent_nothing_says_so(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        pair.A.Fill();
        ref Sqe sqe = ref ring.Next().PrepareSend(pair.A, memory.Address, 5);
        (sqe.Flags, sqe.UserData) = (flags, Sending);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        ring.Next().PrepareAsyncCancel(Sending).UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[Sending], results[Cancelling]));
    }

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void To_a_peer_that_is_gone_it_fails_without_a_signal(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport);
        pair.A.ShutDown(1);
        ring.Next().PrepareSend(pair.A, memory.Address, 5);
        Assert.Equal(-Errno.EPIPE, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_peer_that_goes_ends_the_send_that_waits(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair();
        ring.Next().PrepareSend(pair.A, memory.Address, Much, WaitAll).UserData = Sending;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.B.Close();
        Assert.InRange(ring.Take().Res, 1, Much - 1);
        ring.Next().PrepareSend(pair.A, memory.Address, 1);
        Assert.Equal(-Errno.EPIPE, ring.Result());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void To_a_destination_which_may_be_overwritten_once_it_is_submitted(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var gate = new Gate(ring);
        using TestSocket sender = TestSocket.Udp(mode), receiver = TestSocket.Udp();
        memory.Put(100, "to you"u8);
        Sqe sqe = default;
        sqe.PrepareSend(sender, memory.At(100), 6, 0, RecvSendFlags.None, memory.Put<byte>(0, receiver.Address), TestSocket.AddressBytes);
        Assert.Equal(6, gate.Pass(sqe, () => memory[..100].Fill(0xFF)).Res);
        Assert.Equal("to you", receiver.ReceiveText());
    }

    [Theory, EveryEngine]
    public void Bad_destinations_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket sender = TestSocket.Udp();
        Sqe sqe = default;
        sqe.PrepareSend(sender, memory.Address, 6, 0, RecvSendFlags.None, memory.At(64), 16);
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { AddrLen = 129 }));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr2 = TestMemory.Bad }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Pad3 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { AddrLen = 4 }));
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_vector_may_be_overwritten_once_it_is_submitted(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var gate = new Gate(ring);
        using var pair = new TestPair(Transport.Tcp);
        memory.Put(100, "hello, world"u8);
        nuint vector = memory.Put(0, new IoVec { Base = memory.At(100), Len = 7 }, default, new IoVec { Base = memory.At(107), Len = 5 });
        Sqe sqe = default;
        sqe.PrepareSend(pair.A, vector, 3, WaitAll, RecvSendFlags.Vectorized).Flags = flags;
        Assert.Equal(12, gate.Pass(sqe, () => memory[..100].Fill(0xFF)).Res);
        Assert.Equal("hello, world", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void Sending_all_of_a_vector_goes_on_where_it_stopped(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much + 4096);
        using var pair = new TestPair();
        new Random(7).NextBytes(memory[4096..]);
        IoVec[] parts = [.. Enumerable.Range(0, 3).Select(i => new IoVec { Base = memory.At(4096 + i * (Much / 3)), Len = Much / 3 })];
        ring.Next().PrepareSend(pair.A, memory.Put<IoVec>(0, parts), 3, WaitAll, RecvSendFlags.Vectorized);
        Assert.Equal(1, ring.Submit());
        memory[..4096].Fill(0xFF);
        Assert.True(memory[4096..].SequenceEqual(pair.B.ReceiveAll(Much)));
        Assert.Equal(Much, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_message_goes_as_a_whole_or_not_at_all(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(1 << 20);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        Assert.Equal(0, sender.Connect(receiver.Address));
        ring.Next().PrepareSend(sender, memory.Address, 1 << 20);
        Assert.Equal(-Errno.EMSGSIZE, ring.Result());
        ring.Next().PrepareSend(sender, memory.Address, 0);
        Assert.Equal(0, ring.Result());
        Assert.Empty(receiver.Receive());
    }

    private static string ReceiveNow(TestSocket socket)
    {
        if (Libc.Poll(socket, Libc.POLLIN, 5, out _) <= 0)
            return "";
        return System.Text.Encoding.Latin1.GetString(socket.Receive(1 << 16, Libc.MSG_DONTWAIT));
    }

    private static (int Res, CqeFlags Flags) Outcome(Cqe cqe) => (cqe.Res, cqe.Flags);
}
