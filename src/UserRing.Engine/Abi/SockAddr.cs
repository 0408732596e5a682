using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>sockaddr_in</c>: an IPv4 address and port.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct SockAddrIn
{
    /// <summary><c>sin_family</c>: AF_INET.</summary>
    public ushort Family;

    /// <summary><c>sin_port</c>: port, big endian.</summary>
    public ushort Port;

    /// <summary><c>sin_addr</c>: address, big endian.</summary>
    public uint Addr;
}

/// <summary><c>sockaddr_in6</c>: an IPv6 address and port.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SockAddrIn6
{
    /// <summary><c>sin6_family</c>: AF_INET6.</summary>
    public ushort Family;

    /// <summary><c>sin6_port</c>: port, big endian.</summary>
    public ushort Port;

    /// <summary><c>sin6_flowinfo</c>: flow label, big endian.</summary>
    public uint Flowinfo;

    /// <summary><c>sin6_addr</c>: address.</summary>
    public Bytes16 Addr;

    /// <summary><c>sin6_scope_id</c>: interface of a link-local address.</summary>
    public uint ScopeId;
}

/// <summary><c>sockaddr_un</c>: a path, or an abstract name after a zero byte.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SockAddrUn
{
    /// <summary><c>sun_family</c>: AF_UNIX.</summary>
    public ushort Family;

    /// <summary><c>sun_path</c>: the path.</summary>
    public Bytes108 Path;
}
