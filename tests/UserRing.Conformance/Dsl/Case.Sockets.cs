using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>Sockets, all blocking unless asked otherwise, all on this machine.</summary>
internal sealed unsafe partial class Case
{
    public const int AF_UNIX = 1, AF_INET = 2, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    public const uint MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100;
    public const int SockAddrInBytes = 16;

    private const int SOL_SOCKET = 1, SO_SNDBUF = 7;

    /// <summary>Two connected stream sockets of AF_UNIX.</summary>
    public (TestDescriptor A, TestDescriptor B) Pair(int type = SOCK_STREAM)
    {
        int* ends = stackalloc int[2];
        Assert.Equal(0, socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends));
        return (Own(new TestDescriptor(ends[0])), Own(new TestDescriptor(ends[1])));
    }

    /// <summary>A TCP socket that is neither bound nor connected.</summary>
    public TestDescriptor Tcp(int flags = 0) => Own(new TestDescriptor(Checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0))));

    public TestDescriptor Udp() => Own(new TestDescriptor(Checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))));

    /// <summary>A TCP socket that listens on a free port of 127.0.0.1.</summary>
    public TestDescriptor Listener(int flags = 0)
    {
        TestDescriptor listener = Tcp(flags);
        Assert.Equal(0, Checked(bind(listener, (void*)Loopback(0), SockAddrInBytes)));
        Assert.Equal(0, Checked(listen(listener, 8)));
        return listener;
    }

    /// <summary>A listener with one connection waiting to be accepted.</summary>
    public TestDescriptor ListenerWithCaller()
    {
        TestDescriptor listener = Listener();
        Assert.Equal(0, Checked(connect(Tcp(), (void*)AddressOf(listener), SockAddrInBytes)));
        return listener;
    }

    /// <summary>Two connected TCP sockets: who connected, who accepted.</summary>
    public (TestDescriptor Caller, TestDescriptor Callee) TcpPair()
    {
        TestDescriptor listener = Listener(), caller = Tcp();
        Assert.Equal(0, Checked(connect(caller, (void*)AddressOf(listener), SockAddrInBytes)));
        return (caller, Own(new TestDescriptor(Checked(accept4(listener, null, null, SOCK_CLOEXEC)))));
    }

    /// <summary>The address of a sockaddr_in of 127.0.0.1 and that port; 16 bytes.</summary>
    public nuint Loopback(int port)
    {
        byte[] address = [AF_INET, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        return PutAll<byte>(address);
    }

    /// <summary>The address of the sockaddr_in that a socket is bound to.</summary>
    public nuint AddressOf(int socket)
    {
        nuint address = Loopback(0);
        uint length = SockAddrInBytes;
        Assert.Equal(0, Checked(getsockname(socket, (void*)address, &length)));
        return address;
    }

    /// <summary>A port of 127.0.0.1 that was free a moment ago: nobody listens there.</summary>
    public nuint NobodysAddress()
    {
        TestDescriptor bound = Tcp();
        Assert.Equal(0, Checked(bind(bound, (void*)Loopback(0), SockAddrInBytes)));
        return AddressOf(bound);
    }

    /// <summary>Writes to a pipe or socket without a ring.</summary>
    public void Say(int descriptor, int bytes)
    {
        byte[] content = new byte[bytes];
        fixed (byte* at = content)
            Assert.Equal(bytes, Libc.Write(descriptor, at, (nuint)bytes));
    }

    /// <summary>Fills a socket until no more fits; it stays as blocking as it was.</summary>
    public void FillSocket(int descriptor)
    {
        int small = 4096;
        Assert.Equal(0, Checked(setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &small, sizeof(int))));
        byte[] content = new byte[4096];
        fixed (byte* at = content)
        {
            while (send(descriptor, at, (nuint)content.Length, (int)MSG_DONTWAIT) > 0)
            {
            }
        }
    }

    /// <summary>shutdown(2): 0 reading, 1 writing, 2 both.</summary>
    public void ShutDown(int socket, int how) => Assert.Equal(0, Checked(shutdown(socket, how)));

    private static int Checked(int result)
    {
        Assert.True(result >= 0, $"a socket call: {Errno.Name(Marshal.GetLastPInvokeError())}");
        return result;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int descriptor, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int descriptor, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int descriptor, void* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int descriptor, void* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int descriptor, void* bytes, nuint count, int flags);
}
