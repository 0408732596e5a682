using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>CONNECT, on sockets of both modes, none of which it changes.</summary>
public sealed class ConnectTests
{
    private const int NonBlocking = Libc.SOCK_NONBLOCK;

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None)]
    [EveryEngine(0, SqeFlags.Async)]
    [EveryEngine(NonBlocking, SqeFlags.Async)]
    public void It_completes_when_the_connection_stands(string engine, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.Listener(), caller = TestSocket.Tcp(mode);
        ring.Next().PrepareConnect(caller, memory.Put<byte>(0, listener.Address), TestSocket.AddressBytes).Flags = flags;
        Assert.Equal(0, ring.Result());
        using TestSocket callee = listener.Accept();
        caller.Send("hello");
        Assert.Equal("hello", callee.ReceiveText());
        Assert.Equal(mode != 0, caller.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Unix_sockets_and_datagram_sockets_connect_too(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.UnixListener(out byte[] address), caller = TestSocket.Unix(mode);
        ring.Next().PrepareConnect(caller, memory.Put<byte>(0, address), (uint)address.Length);
        Assert.Equal(0, ring.Result());
        using TestSocket sender = TestSocket.Udp(mode), receiver = TestSocket.Udp();
        ring.Next().PrepareConnect(sender, memory.Put<byte>(0, receiver.Address), TestSocket.AddressBytes);
        Assert.Equal(0, ring.Result());
        sender.Send("hello");
        Assert.Equal("hello", receiver.ReceiveText());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void A_refusal_is_told_and_ends_the_chain(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket caller = TestSocket.Tcp(mode);
        byte[] nobody;
        using (TestSocket gone = TestSocket.Listener())
            nobody = gone.Address;
        ref Sqe sqe = ref ring.Next().PrepareConnect(caller, memory.Put<byte>(0, nobody), TestSocket.AddressBytes);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, 1);
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECONNREFUSED, -Errno.ECANCELED), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void Its_address_may_be_overwritten_once_it_is_submitted(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var gate = new Gate(ring);
        using TestSocket listener = TestSocket.Listener(), caller = TestSocket.Tcp();
        Sqe sqe = default;
        sqe.PrepareConnect(caller, memory.Put<byte>(0, listener.Address), TestSocket.AddressBytes);
        Assert.Equal(0, gate.Pass(sqe, () => memory.Bytes.Fill(0xFF)).Res);
        listener.Accept().Dispose();
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None, CancelFlags.None)]
    [EveryEngine(0, SqeFlags.None, CancelFlags.Fd)]
    [EveryEngine(0, SqeFlags.Async, CancelFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None, CancelFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.Async, CancelFlags.Fd)]
    public void A_cancel_finds_it_while_nobody_answers(string engine, int mode, SqeFlags flags, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var deaf = new DeafListener();
        using TestSocket caller = TestSocket.Tcp(mode);
        ref Sqe sqe = ref ring.Next().PrepareConnect(caller, memory.Put<byte>(0, deaf.Address), TestSocket.AddressBytes);
        (sqe.Flags, sqe.UserData) = (flags, 7);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        sqe = ref ring.Next().PrepareAsyncCancel(7, key);
        sqe.UserData = 100;
        if (key == CancelFlags.Fd)
            sqe.Fd = caller;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[7], results[100]));
        Assert.Equal(mode != 0, caller.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(0, SqeFlags.Async)]
    [EveryEngine(NonBlocking, SqeFlags.None)]
    public void A_link_timeout_ends_it(string engine, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var deaf = new DeafListener();
        using TestSocket caller = TestSocket.Tcp(mode);
        ref Sqe sqe = ref ring.Next().PrepareConnect(caller, memory.Put<byte>(0, deaf.Address), TestSocket.AddressBytes);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink | flags, 1);
        ring.Next() = new Sqe
        {
            Opcode = Opcode.LinkTimeout, Addr = memory.PutTime(64, TimeSpan.FromMilliseconds(20)), Len = 1, UserData = 2,
        };
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, -Errno.ETIME), (results[1], results[2]));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void A_second_one_meanwhile_is_told_that_the_first_is_under_way(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var deaf = new DeafListener();
        using TestSocket caller = TestSocket.Tcp(mode);
        nuint address = memory.Put<byte>(0, deaf.Address);
        ring.Next().PrepareConnect(caller, address, TestSocket.AddressBytes).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareConnect(caller, address, TestSocket.AddressBytes).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((2ul, -Errno.EALREADY), (cqe.UserData, cqe.Res));
    }

    [Theory, EveryEngine]
    public void On_a_full_queue_of_a_unix_listener_a_blocking_socket_waits_out_of_a_cancels_reach(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.UnixListener(out byte[] address, backlog: 0);
        using TestSocket first = TestSocket.Unix(), second = TestSocket.Unix(), third = TestSocket.Unix();
        Assert.Equal(0, first.Connect(address));
        ring.Next().PrepareConnect(second, memory.Put<byte>(0, address), (uint)address.Length).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.EINTR, -Errno.EALREADY), (results[1], results[2]));
        ring.Next().PrepareConnect(third, memory.Address, (uint)address.Length).UserData = 3;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        listener.Accept().Dispose();
        Assert.Equal(0, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void On_a_full_queue_of_a_unix_listener_a_non_blocking_socket_does_not_wait(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.UnixListener(out byte[] address, backlog: 0);
        using TestSocket first = TestSocket.Unix(), second = TestSocket.Unix(NonBlocking);
        Assert.Equal(0, first.Connect(address));
        ring.Next().PrepareConnect(second, memory.Put<byte>(0, address), (uint)address.Length).Flags = flags;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void What_is_connected_cannot_be_connected_again(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.Listener(), caller = TestSocket.Tcp(mode);
        nuint address = memory.Put<byte>(0, listener.Address);
        ring.Next().PrepareConnect(caller, address, TestSocket.AddressBytes);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareConnect(caller, address, TestSocket.AddressBytes);
        Assert.Equal(-Errno.EISCONN, ring.Result());
    }

    /// <summary>A listener that takes no more connections: those who call it get no answer.</summary>
    private sealed class DeafListener : IDisposable
    {
        private readonly TestSocket _listener = TestSocket.Listener(backlog: 0);
        private readonly TestSocket _first = TestSocket.Tcp();

        public DeafListener() => Assert.Equal(0, _first.Connect(_listener.Address));

        public byte[] Address => _listener.Address;

        public void Dispose()
        {
            _listener.Dispose();
            _first.Dispose();
        }
    }
}
