using System.Runtime.InteropServices;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>A socket of the test's own, blocking unless asked otherwise, all on this machine.</summary>
internal sealed unsafe partial class TestSocket : TestDescriptor
{
    public const int AF_UNIX = 1, AF_INET = 2;
    public const int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5;
    public const int AddressBytes = 16;
    public const uint MSG_PEEK = 0x2, MSG_CTRUNC = 0x8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_EOR = 0x80, MSG_WAITALL = 0x100;

    private const int SO_SNDBUF = 7, SO_RCVBUF = 8, SO_LINGER = 13;

    public TestSocket(int number)
        : base(number)
    {
    }

    /// <summary>Not bound and not connected.</summary>
    public static TestSocket Tcp(int flags = 0) => new(Libc.Socket(AF_INET, SOCK_STREAM | Libc.SOCK_CLOEXEC | flags, 0));

    /// <summary>Bound to a free port of 127.0.0.1.</summary>
    public static TestSocket Udp(int flags = 0)
    {
        var made = new TestSocket(Libc.Socket(AF_INET, SOCK_DGRAM | Libc.SOCK_CLOEXEC | flags, 0));
        made.Bind();
        return made;
    }

    /// <summary>Listens on a free port of 127.0.0.1.</summary>
    public static TestSocket Listener(int flags = 0, int backlog = 64)
    {
        TestSocket made = Tcp(flags);
        made.Bind();
        Assert.Equal(0, Libc.Listen(made, backlog));
        return made;
    }

    /// <summary>Listens on a name of AF_UNIX that no file has.</summary>
    public static TestSocket UnixListener(out byte[] address, int flags = 0, int backlog = 64)
    {
        var made = new TestSocket(Libc.Socket(AF_UNIX, SOCK_STREAM | Libc.SOCK_CLOEXEC | flags, 0));
        address = [AF_UNIX, 0, 0, .. Encoding.ASCII.GetBytes($"test-{Guid.NewGuid():N}")];
        fixed (byte* at = address)
            Assert.Equal(0, Libc.Bind(made, (nuint)at, (uint)address.Length));
        Assert.Equal(0, Libc.Listen(made, backlog));
        return made;
    }

    public static TestSocket Unix(int flags = 0, int type = SOCK_STREAM) => new(Libc.Socket(AF_UNIX, type | Libc.SOCK_CLOEXEC | flags, 0));

    /// <summary>The sockaddr_in of 127.0.0.1 and a port.</summary>
    public static byte[] Loopback(int port) => [AF_INET, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>The sockaddr_in it is bound to.</summary>
    public byte[] Address
    {
        get
        {
            byte[] address = new byte[AddressBytes];
            uint length = AddressBytes;
            fixed (byte* at = address)
                Assert.Equal(0, getsockname(this, at, &length));
            return address;
        }
    }

    public bool IsNonBlocking => (Libc.Fcntl(this, Libc.F_GETFL, 0) & Libc.O_NONBLOCK) != 0;

    /// <summary>connect(2): 0 or -errno.</summary>
    public int Connect(byte[] address)
    {
        fixed (byte* at = address)
            return Libc.Connect(this, (nuint)at, (uint)address.Length);
    }

    /// <summary>accept4(2).</summary>
    public TestSocket Accept()
    {
        Until.True(() => Libc.Poll(this, Libc.POLLIN, 100, out _) > 0, "there is a connection to accept");
        return new TestSocket(Libc.Accept4(this, 0, 0, Libc.SOCK_CLOEXEC));
    }

    /// <summary>send(2) of all of it.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
            Assert.Equal(bytes.Length, Libc.Send(this, (nuint)at, (nuint)bytes.Length, Libc.MSG_NOSIGNAL));
    }

    public void Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    /// <summary>send(2) that does not wait: bytes or -errno.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
            return (int)Libc.Send(this, (nuint)at, (nuint)bytes.Length, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
    }

    /// <summary>recv(2) of up to so many bytes, which are waited for within bounds.</summary>
    public byte[] Receive(int most = 4096, int flags = 0)
    {
        Until.True(() => Libc.Poll(this, Libc.POLLIN, 100, out _) > 0, "there is something to receive");
        byte[] bytes = new byte[most];
        fixed (byte* at = bytes)
        {
            nint count;
            do
                count = Libc.Recv(this, (nuint)at, (nuint)most, flags);
            while (count == -Errno.EINTR);
            Assert.InRange(count, 0, most);
            return bytes[..(int)count];
        }
    }

    public string ReceiveText(int most = 4096) => Encoding.ASCII.GetString(Receive(most));

    /// <summary>Exactly so many bytes of a stream.</summary>
    public byte[] ReceiveAll(int count)
    {
        byte[] all = new byte[count];
        for (int done = 0; done < count;)
        {
            byte[] part = Receive(Math.Min(count - done, 1 << 18));
            Assert.NotEmpty(part);
            part.CopyTo(all, done);
            done += part.Length;
        }

        return all;
    }

    /// <summary>
    /// Sends until no more fits, whatever its mode: how much that was. TCP may have room again once the other end's acknowledgement comes,
    /// which it may put off for 200 ms.
    /// </summary>
    public int Fill(int sendBuffer = 4096)
    {
        int settled = Libc.SocketDomain(this) == AF_UNIX ? 0 : 250;
        SetOption(SO_SNDBUF, sendBuffer);
        int total = 0, sent;
        byte[] content = new byte[4096];
        do
        {
            while ((sent = TrySend(content)) > 0)
                total += sent;
            Libc.Poll(this, Libc.POLLOUT, settled, out _); // which is not reported for little room
            sent = TrySend(content);
            total += Math.Max(0, sent);
        }
        while (sent > 0);
        return total;
    }

    /// <summary>shutdown(2): 0 reading, 1 writing, 2 both.</summary>
    public void ShutDown(int how) => Assert.Equal(0, Libc.Shutdown(this, how));

    /// <summary>Its close resets the connection.</summary>
    public void ResetOnClose()
    {
        int* linger = stackalloc int[2] { 1, 0 };
        Assert.Equal(0, Libc.SetSockOpt(this, Libc.SOL_SOCKET, SO_LINGER, (nuint)linger, 2 * sizeof(int)));
    }

    public void LimitSendBuffer(int bytes) => SetOption(SO_SNDBUF, bytes);

    public void LimitReceiveBuffer(int bytes) => SetOption(SO_RCVBUF, bytes);

    private void Bind()
    {
        fixed (byte* at = Loopback(0))
            Assert.Equal(0, Libc.Bind(this, (nuint)at, AddressBytes));
    }

    private void SetOption(int option, int value) =>
        Assert.Equal(0, Libc.SetSockOpt(this, Libc.SOL_SOCKET, option, (nuint)(&value), sizeof(int)));

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int descriptor, void* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socketpair(int domain, int type, int protocol, int* ends);
}

/// <summary>What two connected sockets are.</summary>
public enum Transport
{
    Unix,
    Tcp,
    Packets,
    Datagrams,
}

/// <summary>Two connected sockets: what A sends B receives, and the other way round.</summary>
internal sealed unsafe class TestPair : IDisposable
{
    public TestPair(Transport transport = Transport.Unix, int flags = 0)
    {
        if (transport == Transport.Tcp)
        {
            using TestSocket listener = TestSocket.Listener();
            A = TestSocket.Tcp();
            Assert.Equal(0, A.Connect(listener.Address));
            B = listener.Accept();
            foreach (TestSocket end in (TestSocket[])[A, B])
                Assert.Equal(0, Libc.Fcntl(end, Libc.F_SETFL, Libc.O_RDWR | (flags & Libc.O_NONBLOCK)));
            return;
        }

        int type = transport switch
        {
            Transport.Packets => TestSocket.SOCK_SEQPACKET,
            Transport.Datagrams => TestSocket.SOCK_DGRAM,
            _ => TestSocket.SOCK_STREAM,
        };
        int* ends = stackalloc int[2];
        Assert.Equal(0, TestSocket.socketpair(TestSocket.AF_UNIX, type | Libc.SOCK_CLOEXEC | flags, 0, ends));
        (A, B) = (new TestSocket(ends[0]), new TestSocket(ends[1]));
    }

    public TestSocket A { get; }

    public TestSocket B { get; }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
