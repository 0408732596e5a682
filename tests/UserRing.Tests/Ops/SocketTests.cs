using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>SOCKET, BIND, LISTEN and SHUTDOWN.</summary>
public sealed class SocketTests
{
    private const int ReadSide = 0, WriteSide = 1, Both = 2;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_socket_is_made_and_bound_and_listens(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        nuint address = memory.Put(0, TestSocket.Loopback(0));
        ring.Next().PrepareSocket(TestSocket.AF_INET, TestSocket.SOCK_STREAM | Libc.SOCK_CLOEXEC).Flags = flags;
        using var listener = new TestSocket(ring.Result());
        ring.Next().PrepareBind(listener, address, TestSocket.AddressBytes).Flags = flags;
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareListen(listener, 4).Flags = flags;
        Assert.Equal(0, ring.Result());
        using TestSocket caller = TestSocket.Tcp();
        Assert.Equal(0, caller.Connect(listener.Address));
        using TestSocket callee = listener.Accept();
        caller.Send("hello");
        Assert.Equal("hello", callee.ReceiveText());
    }

    [Theory]
    [EveryEngine(0, false, false)]
    [EveryEngine(Libc.SOCK_CLOEXEC, true, false)]
    [EveryEngine(Libc.SOCK_NONBLOCK, false, true)]
    [EveryEngine(Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, true, true)]
    public void A_new_socket_has_the_flags_asked_for(string engine, int flags, bool closesOnExec, bool isNonBlocking)
    {
        using var ring = new SeamRing(engine);
        ring.Next().PrepareSocket(TestSocket.AF_UNIX, TestSocket.SOCK_DGRAM | flags);
        using var socket = new TestSocket(ring.Result());
        Assert.Equal(closesOnExec, (Libc.Fcntl(socket, Libc.F_GETFD, 0) & 1) != 0);
        Assert.Equal(isNonBlocking, socket.IsNonBlocking);
    }

    [Theory, EveryEngine]
    public void A_chain_makes_a_listener_in_a_slot_and_serves_one_caller(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(-1, -1));
        using TestSocket caller = TestSocket.Unix();
        byte[] name = [TestSocket.AF_UNIX, 0, 0, .. Guid.NewGuid().ToByteArray()];
        nuint address = memory.Put(0, name);
        ring.Next().PrepareSocket(TestSocket.AF_UNIX, TestSocket.SOCK_STREAM, 0, fileIndex: 1).UserData = 1;
        ring.Next().PrepareBind(0, address, (uint)name.Length).UserData = 2;
        ring.Next().PrepareListen(0, 1).UserData = 3;
        ring.Next().PrepareAccept(0, fileIndex: 2).UserData = 4;
        ring.Next().PrepareRecv(1, memory.At(100), 5, TestSocket.MSG_WAITALL).UserData = 5;
        ring.Next().PrepareSend(1, memory.At(100), 5, TestSocket.MSG_WAITALL).UserData = 6;
        for (uint i = 0; i < 6; i++)
            ring.SqeAt(i).Flags = (i == 0 ? 0 : SqeFlags.FixedFile) | (i == 5 ? 0 : SqeFlags.IoLink);
        Assert.Equal(6, ring.Submit());
        ring.Await(3);
        Assert.Equal(0, caller.Connect(name));
        caller.Send("say");
        caller.Send("it");
        Assert.Equal("sayit", caller.ReceiveText());
        Assert.Equal([(1ul, 0), (2, 0), (3, 0), (4, 0), (5, 5), (6, 5)], ring.Take(6).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void A_socket_goes_to_a_free_slot_as_long_as_there_is_one(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.RegisterFiles(-1, -1));
        var sqe = new Sqe
        {
            Opcode = Opcode.Socket, Fd = TestSocket.AF_INET, Off = TestSocket.SOCK_STREAM, FileIndex = FileSlots.Alloc,
        };
        Assert.Equal((0, 1, -Errno.ENFILE), (ring.Do(sqe), ring.Do(sqe), ring.Do(sqe)));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { FileIndex = 3 }));
        Assert.Equal(0, ring.Do(sqe with { FileIndex = 2 }));
        ring.Next().PrepareListen(1, 1).Flags = SqeFlags.FixedFile;
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void An_address_may_be_overwritten_once_it_is_submitted(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var gate = new Gate(ring);
        using TestSocket socket = TestSocket.Tcp();
        Sqe sqe = default;
        sqe.PrepareBind(socket, memory.Put(0, TestSocket.Loopback(0)), TestSocket.AddressBytes);
        Assert.Equal(0, gate.Pass(sqe, () => memory.Bytes.Fill(0xFF)).Res);
        Assert.Equal(TestSocket.AF_INET, socket.Address[0]);
        Assert.NotEqual(0, socket.Address[2] << 8 | socket.Address[3]);
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Shutdown_ends_the_receive_that_waits(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        ring.Next().PrepareRecv(pair.A, memory.Address, 8).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        ring.Next(2).PrepareShutdown(pair.A, ReadSide).UserData = 2;
        ring.SqeAt(1).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((0, 0), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void Shutdown_of_the_writing_side_is_the_peers_end(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        pair.A.Send("last words");
        ring.Next().PrepareShutdown(pair.A, WriteSide);
        Assert.Equal(0, ring.Result());
        Assert.Equal(("last words", ""), (pair.B.ReceiveText(), pair.B.ReceiveText()));
        Assert.Equal(-Errno.EPIPE, pair.A.TrySend([1]));
    }

    [Theory, EveryEngine]
    public void Failures_of_shutdown_end_no_chain_and_those_of_bind_and_listen_do(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket socket = TestSocket.Tcp(), datagrams = TestSocket.Udp();
        using TestSocket listener = TestSocket.Listener();
        nuint taken = memory.Put<byte>(0, listener.Address);
        Assert.Equal((-Errno.ENOTCONN, 0), Linked(ring, (ref sqe) => sqe.PrepareShutdown(socket, Both)));
        Assert.Equal((-Errno.EADDRINUSE, -Errno.ECANCELED), Linked(ring, (ref sqe) => sqe.PrepareBind(socket, taken, 16)));
        Assert.Equal((-Errno.EOPNOTSUPP, -Errno.ECANCELED), Linked(ring, (ref sqe) => sqe.PrepareListen(datagrams, 1)));
        Assert.Equal((-Errno.EAFNOSUPPORT, -Errno.ECANCELED), Linked(ring, (ref sqe) => sqe.PrepareSocket(99, 1)));
    }

    private delegate void Preparation(ref Sqe sqe);

    private static (int First, int Second) Linked(SeamRing ring, Preparation prepare)
    {
        ref Sqe first = ref ring.Next();
        prepare(ref first);
        (first.Flags, first.UserData) = (SqeFlags.IoLink, 1);
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        return (results[1], results[2]);
    }
}
