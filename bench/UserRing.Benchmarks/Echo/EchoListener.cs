using System.Net;
using System.Net.Sockets;

namespace UserRing.Benchmarks.Echo;

/// <summary>Where the server listens: a free port of 127.0.0.1, or a name of AF_UNIX that no file has.</summary>
internal sealed class EchoListener : IDisposable
{
    private const int Backlog = 4096;

    private readonly Socket _socket;

    public EchoListener(bool unix)
    {
        _socket = unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(unix ? new UnixDomainSocketEndPoint($"\0echo-{Guid.NewGuid():N}") : new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(Backlog);
        SocketAddress address = _socket.LocalEndPoint!.Serialize();
        Address = address.Buffer[..address.Size].ToArray();
    }

    public int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    public AddressFamily Family => _socket.AddressFamily;

    /// <summary>The sockaddr to connect to.</summary>
    public byte[] Address { get; }

    public void Dispose() => _socket.Dispose();
}
