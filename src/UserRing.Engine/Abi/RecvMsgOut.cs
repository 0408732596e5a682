using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>
/// <c>io_uring_recvmsg_out</c> (6.0): head of a buffer filled by a multishot RECVMSG; name, control data and payload follow.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct RecvMsgOut
{
    /// <summary><c>namelen</c>: bytes of the name.</summary>
    public uint NameLen;

    /// <summary><c>controllen</c>: bytes of control data.</summary>
    public uint ControlLen;

    /// <summary><c>payloadlen</c>: bytes of payload.</summary>
    public uint PayloadLen;

    /// <summary><c>flags</c>: MSG_ flags of the message.</summary>
    public uint Flags;
}
