using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>msghdr</c>: argument of SENDMSG and RECVMSG.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MsgHdr
{
    /// <summary><c>msg_name</c>: address of the peer's address.</summary>
    public nuint Name;

    /// <summary><c>msg_namelen</c>: its bytes.</summary>
    public int NameLen;

    /// <summary><c>msg_iov</c>: address of the iovecs.</summary>
    public nuint Iov;

    /// <summary><c>msg_iovlen</c>: how many.</summary>
    public nuint IovLen;

    /// <summary><c>msg_control</c>: address of control data.</summary>
    public nuint Control;

    /// <summary><c>msg_controllen</c>: its bytes.</summary>
    public nuint ControlLen;

    /// <summary><c>msg_flags</c>: out: MSG_ flags of a received message.</summary>
    public int Flags;
}

/// <summary><c>cmsghdr</c>: head of one piece of control data.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CmsgHdr
{
    /// <summary><c>cmsg_len</c>: bytes, this head included.</summary>
    public nuint Len;

    /// <summary><c>cmsg_level</c>: protocol it belongs to.</summary>
    public int Level;

    /// <summary><c>cmsg_type</c>: kind within that protocol.</summary>
    public int Type;
}
