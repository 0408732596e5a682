using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>sys/socket.h, and the socket requests of sys/ioctl.h</summary>
internal static unsafe partial class Libc
{
    public const int AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10;
    public const int SOCK_STREAM = 1, SOCK_SEQPACKET = 5;
    public const int SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int MSG_PEEK = 0x2, MSG_CTRUNC = 0x8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100, MSG_NOSIGNAL = 0x4000;
    public const int MSG_ERRQUEUE = 0x2000, MSG_ZEROCOPY = 0x4000000, MSG_CMSG_CLOEXEC = 0x40000000;

    private const int SoError = 4, SoType = 3, SoLinger = 13, SoAcceptConn = 30, SoDomain = 39;
    private const int IpProtoTcp = 6, TcpInfo = 11;
    private const byte TcpSynSent = 2, TcpSynRecv = 3, TcpTimeWait = 6, TcpCloseWait = 8, TcpLastAck = 9, TcpClosing = 11;
    private const nuint FionRead = 0x541B, TiocOutq = 0x5411;

    /// <summary>socket(2)</summary>
    public static int Socket(int domain, int type, int protocol) => Result(socket(domain, type, protocol));

    /// <summary>bind(2)</summary>
    public static int Bind(int fd, nuint address, uint length) => Result(bind(fd, address, length));

    /// <summary>listen(2)</summary>
    public static int Listen(int fd, int backlog) => Result(listen(fd, backlog));

    /// <summary>accept4(2); address and the address of its length may be 0.</summary>
    public static int Accept4(int fd, nuint address, nuint addressLength, int flags) =>
        Result(accept4(fd, address, addressLength, flags));

    /// <summary>The same into local memory.</summary>
    public static int Accept4(int fd, Span<byte> address, out uint length, int flags)
    {
        uint room = (uint)address.Length;
        fixed (byte* local = address)
        {
            int result = Accept4(fd, (nuint)local, (nuint)(&room), flags);
            length = room;
            return result;
        }
    }

    /// <summary>connect(2)</summary>
    public static int Connect(int fd, nuint address, uint length) => Result(connect(fd, address, length));

    /// <summary>getsockname(2) or getpeername(2) into local memory.</summary>
    public static int GetSocketName(int fd, bool ofPeer, Span<byte> address, out uint length)
    {
        uint room = (uint)address.Length;
        fixed (byte* local = address)
        {
            int result = Result(ofPeer ? getpeername(fd, local, &room) : getsockname(fd, local, &room));
            length = room;
            return result;
        }
    }

    /// <summary>shutdown(2)</summary>
    public static int Shutdown(int fd, int how) => Result(shutdown(fd, how));

    /// <summary>send(2): bytes or -errno.</summary>
    public static nint Send(int fd, nuint data, nuint length, int flags) => Result(sendto(fd, data, length, flags, 0, 0));

    /// <summary>sendto(2): bytes or -errno.</summary>
    public static nint SendTo(int fd, nuint data, nuint length, int flags, nuint address, uint addressLength) =>
        Result(sendto(fd, data, length, flags, address, addressLength));

    /// <summary>recv(2): bytes or -errno.</summary>
    public static nint Recv(int fd, nuint data, nuint length, int flags) => Result(recvfrom(fd, data, length, flags, 0, 0));

    /// <summary>sendmsg(2): bytes or -errno.</summary>
    public static nint SendMsg(int fd, in MsgHdr message, int flags)
    {
        fixed (MsgHdr* address = &message)
            return Result(sendmsg(fd, address, flags));
    }

    /// <summary>recvmsg(2): bytes or -errno; name length, control length and flags are written back.</summary>
    public static nint RecvMsg(int fd, ref MsgHdr message, int flags)
    {
        fixed (MsgHdr* address = &message)
            return Result(recvmsg(fd, address, flags));
    }

    /// <summary>recvmsg(2) into these buffers.</summary>
    public static nint RecvMsg(int fd, ref MsgHdr message, ReadOnlySpan<IoVec> vectors, int flags)
    {
        fixed (IoVec* first = vectors)
        {
            (message.Iov, message.IovLen) = ((nuint)first, (nuint)vectors.Length);
            return RecvMsg(fd, ref message, flags);
        }
    }

    /// <summary>Where stack memory lies, for a structure that points to it; valid as long as its frame.</summary>
    public static nuint AddressOf(Span<byte> onStack) => (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(onStack));

    /// <summary>getsockopt(2): 0 or -errno.</summary>
    public static int GetSockOpt(int fd, int level, int name, nuint value, ref uint length)
    {
        uint given = length;
        int result = Result(getsockopt(fd, level, name, (void*)value, &given));
        length = given;
        return result;
    }

    /// <summary>setsockopt(2)</summary>
    public static int SetSockOpt(int fd, int level, int name, nuint value, uint length) =>
        Result(setsockopt(fd, level, name, (void*)value, length));

    /// <summary>The socket's pending error as -errno, which this takes; 0 if there is none.</summary>
    public static int TakeSocketError(int fd) => IntOption(fd, SoError) is var error and > 0 ? -error : 0;

    /// <summary>1 if the socket listens, 0 if not, or -ENOTSOCK, -EBADF.</summary>
    public static int IsListening(int fd) => IntOption(fd, SoAcceptConn);

    /// <summary>Whether a TCP socket has begun a connection and has no answer yet.</summary>
    public static bool IsConnecting(int fd)
    {
        // The state is the first byte of struct tcp_info.
        byte state = 0;
        uint length = 1;
        return getsockopt(fd, IpProtoTcp, TcpInfo, &state, &length) == 0 && state is TcpSynSent or TcpSynRecv;
    }

    /// <summary>1 if it is a TCP socket whose peer sends no more, 0 if it is another, or -errno for what is no TCP socket.</summary>
    public static int HasTcpPeerEnded(int fd)
    {
        byte state = 0;
        uint length = 1;
        int result = Result(getsockopt(fd, IpProtoTcp, TcpInfo, &state, &length));
        if (result < 0)
            return result;
        return state is TcpCloseWait or TcpLastAck or TcpClosing or TcpTimeWait ? 1 : 0;
    }

    /// <summary>SOCK_STREAM and so on, or -ENOTSOCK, -EBADF.</summary>
    public static int SocketType(int fd) => IntOption(fd, SoType);

    /// <summary>AF_INET and so on, or -ENOTSOCK, -EBADF.</summary>
    public static int SocketDomain(int fd) => IntOption(fd, SoDomain);

    /// <summary>Whether the socket's protocol has zero-copy sends at all.</summary>
    public static bool HasZeroCopy(int fd) => SocketDomain(fd) is AF_INET or AF_INET6;

    /// <summary>Bytes that can be received (ioctl SIOCINQ) or -errno.</summary>
    public static int BytesToReceive(int fd) => IntIoctl(fd, FionRead);

    /// <summary>Bytes that are not sent yet (ioctl SIOCOUTQ) or -errno.</summary>
    public static int BytesToSend(int fd) => IntIoctl(fd, TiocOutq);

    /// <summary>Whether closing this socket may wait for what is still to be sent (SO_LINGER with a time).</summary>
    public static bool LingersOnClose(int fd)
    {
        int* linger = stackalloc int[2];
        uint length = 2 * sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SoLinger, linger, &length) == 0 && linger[0] != 0 && linger[1] != 0;
    }

    private static int IntOption(int fd, int name)
    {
        int value = 0;
        uint length = sizeof(int);
        int result = Result(getsockopt(fd, SOL_SOCKET, name, &value, &length));
        return result < 0 ? result : value;
    }

    private static int IntIoctl(int fd, nuint request)
    {
        int value = 0;
        int result = Result(ioctl(fd, request, &value));
        return result < 0 ? result : value;
    }

    [LibraryImport(Name)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Name)]
    private static partial int bind(int fd, nuint address, uint length);

    [LibraryImport(Name)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport(Name)]
    private static partial int accept4(int fd, nuint address, nuint addressLength, int flags);

    [LibraryImport(Name)]
    private static partial int connect(int fd, nuint address, uint length);

    [LibraryImport(Name)]
    private static partial int getsockname(int fd, byte* address, uint* length);

    [LibraryImport(Name)]
    private static partial int getpeername(int fd, byte* address, uint* length);

    [LibraryImport(Name)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport(Name)]
    private static partial nint sendto(int fd, nuint data, nuint length, int flags, nuint address, uint addressLength);

    [LibraryImport(Name)]
    private static partial nint recvfrom(int fd, nuint data, nuint length, int flags, nuint address, nuint addressLength);

    [LibraryImport(Name)]
    private static partial nint sendmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport(Name)]
    private static partial nint recvmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport(Name)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport(Name)]
    private static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport(Name)]
    private static partial int ioctl(int fd, nuint request, void* value);
}
