using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// A multishot RECVMSG's receive: head, name, control data and payload one after the other in the provided buffer. The program's header
/// only says how much room name and control data have, whatever its pointers are (io_uring/net.c, io_recvmsg_multishot).
/// </summary>
internal static class HeadedReceive
{
    private static readonly int HeadBytes = Unsafe.SizeOf<RecvMsgOut>();

    /// <summary>What of the buffer is in use, or -errno; an empty payload is told apart, since the head alone is no end.</summary>
    internal static nint Call(Request request)
    {
        ref MsgHdr wanted = ref Message.Ours(request);
        IoVec buffer = Libc.VectorAt(request.Vector, 1)[0];
        nuint nameRoom = (nuint)wanted.NameLen, controlRoom = wanted.ControlLen, before = (nuint)HeadBytes + nameRoom + controlRoom;
        if (buffer.Len < before)
            return -Errno.EFAULT;
        int flags = (int)request.Sqe.MsgFlags | Libc.MSG_DONTWAIT;
        bool isForeign = !request.Caller.LendsInPlace;
        Span<byte> control = stackalloc byte[isForeign ? (int)Math.Min(controlRoom, 4096) : 0];
        Span<byte> name = stackalloc byte[SocketAddress.Most];
        nuint controlAt = buffer.Base + (nuint)HeadBytes + nameRoom;
        var header = new MsgHdr { Control = controlRoom == 0 ? 0 : controlAt, ControlLen = controlRoom };
        if (nameRoom > 0)
            (header.Name, header.NameLen) = (Libc.AddressOf(name), name.Length);
        if (isForeign && controlRoom > 0)
            (header.Control, header.ControlLen) = (Libc.AddressOf(control), (nuint)control.Length);
        var payload = new IoVec { Base = buffer.Base + before, Len = buffer.Len - before };
        request.Asked = (long)payload.Len;
        nint received = SelectedReceive.WithLoan(request, new ReadOnlySpan<IoVec>(in payload), ref header, flags);
        if (received < 0)
            return received;

        request.Receiving.IsLastMessage = received == 0;
        int error = isForeign ? request.Caller.CopyOut(controlAt, control[..(int)header.ControlLen]) : 0;
        if (error == 0)
            error = WriteHead(request, buffer.Base, header, (uint)received, name[..Math.Min(header.NameLen, (int)nameRoom)]);
        return error < 0 ? error : (nint)before + Math.Min(received, (nint)payload.Len);
    }

    private static int WriteHead(Request request, nuint buffer, in MsgHdr header, uint received, ReadOnlySpan<byte> name)
    {
        var head = new RecvMsgOut
        {
            NameLen = (uint)header.NameLen, ControlLen = (uint)header.ControlLen, PayloadLen = received, Flags = (uint)header.Flags,
        };
        int error = request.Caller.CopyOut(buffer, MemoryMarshal.AsBytes(new ReadOnlySpan<RecvMsgOut>(in head)));
        return error == 0 && name.Length > 0 ? request.Caller.CopyOut(buffer + (nuint)HeadBytes, name) : error;
    }
}
