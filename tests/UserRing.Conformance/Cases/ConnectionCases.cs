using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>SOCKET, BIND, LISTEN, ACCEPT, CONNECT, SHUTDOWN: how sockets begin, meet and part.</summary>
internal static class ConnectionCases
{
    private const int BothWays = 2;

    private static readonly CaseList Sockets = new()
    {
        { "socket.badfamily", c => SocketFault(c, (ref s) => s.Fd = 99) },
        { "socket.badtype", c => SocketFault(c, (ref s) => s.Off = 77) },
        { "socket.badproto", c => SocketFault(c, (ref s) => s.Len = 200) },
        { "socket.rwflags", c => SocketFault(c, (ref s) => s.RwFlags = 1) },
        { "socket.addr", c => SocketFault(c, (ref s) => s.Addr = c.Buffer) },
        { "socket.slot-cloexec", c => c.Fault(Tabled(c), Slotted(Socket), (ref s) => s.Off |= Case.SOCK_CLOEXEC) },
        { "socket.slot-notable", c => c.Unlike(c.Res(Tabled(c), Slotted(Socket)), c.Res(Slotted(Socket))) },
        {
            "socket.emfile", Run.Alone, c =>
            {
                c.Control(c.Fd(c.Res(Socket)));
                c.UseUpDescriptors();
                return c.Fd(c.Res(Socket));
            }
        },
    };

    private static readonly CaseList Bound = new()
    {
        { "bind.inuse", c => BindFault(c, (ref s) => s.Addr = c.AddressOf(c.Listener())) },
        { "bind.notsock", c => BindFault(c, (ref s) => s.Fd = c.File()) },
        { "bind.len", c => BindFault(c, (ref s) => s.Len = 1) },
        { "bind.short", c => BindFault(c, (ref s) => s.Addr2 = 4) },
        { "bind.null", c => BindFault(c, (ref s) => s.Addr = 0) },
        { "bind.huge", c => BindFault(c, (ref s) => s.Addr2 = 4096) },
        { "listen.notsock", c => c.Fault(Listen(c.Tcp()), (ref s) => s.Fd = c.File()) },
        { "listen.udp", c => c.Fault(Listen(c.Tcp()), (ref s) => s.Fd = c.Udp()) },
        { "listen.addr", c => c.Fault(Listen(c.Tcp()), (ref s) => s.Addr = c.Buffer) },
        { "listen.ok", c => c.Res(Listen(c.Tcp())) },
    };

    private static readonly CaseList Accepted = new()
    {
        { "accept.notsock", c => AcceptFault(c, (ref s) => s.Fd = c.File()) },
        { "accept.notlisten", c => AcceptFault(c, (ref s) => s.Fd = c.Tcp()) },
        { "accept.udp", c => AcceptFault(c, (ref s) => s.Fd = c.Udp()) },
        { "accept.len", c => AcceptFault(c, (ref s) => s.Len = 1) },
        { "accept.bufindex", c => AcceptFault(c, (ref s) => s.BufIndex = 1) },
        { "accept.badflags", c => AcceptFault(c, (ref s) => s.AcceptFlags = 1 << 30) },
        { "accept.badioprio", c => AcceptFault(c, (ref s) => s.IoPrio = 1 << 8) },
        {
            "accept.multi-slot", c => c.Unlike(
                c.Res(Tabled(c), Slotted(Accept(c.ListenerWithCaller()))),
                c.Res(Tabled(c), Slotted(Accept(c.ListenerWithCaller()) with { IoPrio = (ushort)AcceptFlags.Multishot })))
        },
        {
            "accept.dontwait", c =>
            {
                Sqe accept = Accept(c.ListenerWithCaller()) with { IoPrio = (ushort)AcceptFlags.DontWait };
                return c.Unlike(c.Fd(c.Res(accept)), c.Fd(c.Res(accept)));
            }
        },
        {
            "accept.nonblock", c =>
            {
                TestDescriptor listener = c.Listener(Case.SOCK_NONBLOCK);
                c.Submit(Accept(listener));
                long ready = c.After(40);
                c.Res(c.NewRing(), Connect(c.Tcp(), c.AddressOf(listener)));
                Assert.True(c.Fd(c.Ring.Take().Res) >= 0, "the accept does not end when somebody connects");
                return ready;
            }
        },
        {
            "accept.slot-notable", c => c.Unlike(
                c.Res(Tabled(c), Slotted(Accept(c.ListenerWithCaller()))),
                c.Res(Slotted(Accept(c.ListenerWithCaller()))))
        },
        {
            "accept.addr-nolen", c =>
            {
                Sqe good = AcceptWithAddress(c), bad = AcceptWithAddress(c) with { Addr2 = 0 };
                return c.Unlike(c.Fd(c.Res(good)), c.Fd(c.Res(bad)));
            }
        },
        {
            "accept.emfile", Run.Alone, c =>
            {
                Sqe other = Accept(c.ListenerWithCaller());
                c.Control(c.Fd(c.Res(Accept(c.ListenerWithCaller()))));
                c.UseUpDescriptors();
                return c.Fd(c.Res(other));
            }
        },
    };

    private static readonly CaseList Connected = new()
    {
        { "connect.refused", c => ConnectFault(c, (ref s) => s.Addr = c.NobodysAddress()) },
        { "connect.notsock", c => ConnectFault(c, (ref s) => s.Fd = c.File()) },
        { "connect.null", c => ConnectFault(c, (ref s) => s.Addr = 0) },
        { "connect.short", c => ConnectFault(c, (ref s) => s.Addr2 = 1) },
        { "connect.huge", c => ConnectFault(c, (ref s) => s.Addr2 = 4096) },
        { "connect.len", c => ConnectFault(c, (ref s) => s.Len = 1) },
        { "connect.rwflags", c => ConnectFault(c, (ref s) => s.RwFlags = 1) },
        {
            ["connect.ok", "connect.isconn"], c =>
            {
                Sqe connect = Connect(c.Tcp(), c.AddressOf(c.Listener()));
                int first = c.Res(connect);
                c.Row("connect.ok", first);
                c.Row("connect.isconn", c.Unlike(first, c.Res(connect)));
            }
        },
        { "shutdown.notsock", c => c.Fault(Shutdown(c.Pair().A), (ref s) => s.Fd = c.File()) },
        { "shutdown.badhow", c => c.Unlike(c.Res(Shutdown(c.Pair().A)), c.Res(Shutdown(c.Pair().A) with { Len = 7 })) },
        { "shutdown.notconn", c => c.Fault(Shutdown(c.TcpPair().Caller), (ref s) => s.Fd = c.Tcp()) },
        { "shutdown.off", c => c.Unlike(c.Res(Shutdown(c.Pair().A)), c.Res(Shutdown(c.Pair().A) with { Off = 1 })) },
        { "shutdown.ok", c => c.Res(Shutdown(c.Pair().A)) },
    };

    private static Sqe Socket => new() { Opcode = Opcode.Socket, Fd = Case.AF_INET, Off = Case.SOCK_STREAM };

    private static Sqe Bind(int socket, nuint address) =>
        new() { Opcode = Opcode.Bind, Fd = socket, Addr = address, Addr2 = Case.SockAddrInBytes };

    private static Sqe Listen(int socket) => new() { Opcode = Opcode.Listen, Fd = socket, Len = 8 };

    private static Sqe Accept(int listener) => new() { Opcode = Opcode.Accept, Fd = listener };

    private static Sqe AcceptWithAddress(Case c) =>
        Accept(c.ListenerWithCaller()) with { Addr = c.Loopback(0), Addr2 = c.Put(Case.SockAddrInBytes) };

    private static Sqe Connect(int socket, nuint address) =>
        new() { Opcode = Opcode.Connect, Fd = socket, Addr = address, Addr2 = Case.SockAddrInBytes };

    private static Sqe Shutdown(int socket) => new() { Opcode = Opcode.Shutdown, Fd = socket, Len = BothWays };

    /// <summary>Puts the new file into slot 0 of the file table.</summary>
    private static Sqe Slotted(in Sqe sqe) => sqe with { FileIndex = 1 };

    /// <summary>A ring with a file table of two empty slots.</summary>
    private static SeamRing Tabled(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.RegisterFiles(-1, -1));
        return ring;
    }

    private static long SocketFault(Case c, Fault<Sqe> fault) => FileFault(c, Socket, Socket, fault);

    private static long BindFault(Case c, Fault<Sqe> fault) =>
        FileFault(c, Bind(c.Tcp(), c.Loopback(0)), Bind(c.Tcp(), c.Loopback(0)), fault);

    private static long AcceptFault(Case c, Fault<Sqe> fault) =>
        FileFault(c, Accept(c.ListenerWithCaller()), Accept(c.ListenerWithCaller()), fault);

    private static long ConnectFault(Case c, Fault<Sqe> fault)
    {
        nuint address = c.AddressOf(c.Listener());
        return FileFault(c, Connect(c.Tcp(), address), Connect(c.Tcp(), address), fault);
    }

    /// <summary>Twins, as the control uses its socket up: one as it is, the other with the fault. Takes care of new descriptors.</summary>
    private static long FileFault(Case c, in Sqe good, Sqe twin, Fault<Sqe> fault)
    {
        fault(ref twin);
        bool opens = good.Opcode is Opcode.Socket or Opcode.Accept;
        int Closed(int answer) => opens ? c.Fd(answer) : answer;
        return c.Unlike(Closed(c.Res(good)), Closed(c.Res(twin)));
    }
}
