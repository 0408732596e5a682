using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// The header of SENDMSG and RECVMSG: copied in preparation and checked as the kernel does (net/socket.c, __copy_msghdr), with the
/// address to send to. Where a message is received, name and control data go to the caller's memory as the system call writes them, or
/// through ours if the caller does not lend in place.
/// </summary>
internal static class Message
{
    /// <summary>Of <see cref="Request.Copied"/>: our header, an address, and a foreign caller's control data.</summary>
    private const int AddressAt = 64, ControlAt = AddressAt + SocketAddress.Most;

    /// <summary>More control data than any socket takes (optmem_max).</summary>
    private const int MostControl = 1 << 16;

    /// <summary>SEND with an address, which has no header of the caller's: 0, -EINVAL or -EFAULT.</summary>
    internal static int TakeAddress(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int length = sqe.AddrLen;
        if (length > SocketAddress.Most)
            return -Errno.EINVAL;
        Span<byte> own = PathName.Own(request, ControlAt);
        Ours(request) = new MsgHdr { Name = request.Copied + AddressAt, NameLen = length };
        return SocketAddress.Copy(request.Caller, sqe.Addr2, own.Slice(AddressAt, length));
    }

    /// <summary>The header at addr: 0, -EFAULT, -EINVAL or -EMSGSIZE.</summary>
    internal static int Take(Request request, bool receives)
    {
        var theirs = default(MsgHdr);
        int error = request.Caller.CopyIn((nuint)request.Sqe.Addr, MemoryMarshal.AsBytes(new Span<MsgHdr>(ref theirs)));
        if (error < 0)
            return error;
        if ((request.Marks & Marks.SelectsBuffer) != 0)
            error = TakeLength(request, theirs);
        else if (theirs.IovLen > RingLimits.MaxIovecs)
            error = -Errno.EMSGSIZE;
        int nameLength = theirs.Name == 0 ? 0 : theirs.NameLen;
        if (error == 0 && nameLength < 0)
            error = -Errno.EINVAL;
        if (error < 0)
            return error;
        if (receives && (request.Marks & Marks.Multishot) != 0)
            return TakeRooms(request, theirs);

        nameLength = Math.Min(nameLength, SocketAddress.Most);
        bool isForeign = !request.Caller.LendsInPlace;
        int control = theirs.Control == 0 || !isForeign ? 0 : (int)Math.Min(theirs.ControlLen, MostControl);
        Span<byte> own = PathName.Own(request, ControlAt + control);
        ref MsgHdr ours = ref Ours(request);
        ours = theirs with { NameLen = nameLength, Iov = 0, IovLen = 0, Flags = 0 };
        if (!receives)
            ours.Name = nameLength == 0 ? 0 : request.Copied + AddressAt;
        else if (isForeign && theirs.Name != 0)
            ours.Name = request.Copied + AddressAt; // even without room: how long the name is shall be told
        if (control > 0)
            (ours.Control, ours.ControlLen) = (request.Copied + ControlAt, (nuint)control);
        if (!receives)
            error = SocketAddress.Copy(request.Caller, theirs.Name, own.Slice(AddressAt, nameLength));
        if (error == 0 && !receives && control > 0)
            error = request.Caller.CopyIn(theirs.Control, own[ControlAt..]);
        if (error == 0 && (request.Marks & Marks.SelectsBuffer) == 0)
            error = IoVector.Take(request, theirs.Iov, (int)theirs.IovLen);
        return error;
    }

    /// <summary>
    /// Of a multishot receive only the lengths count: how much room name and control data have in each buffer. 0 or -EOVERFLOW.
    /// </summary>
    private static int TakeRooms(Request request, in MsgHdr theirs)
    {
        if (theirs.NameLen < 0 || theirs.ControlLen > int.MaxValue)
            return -Errno.EOVERFLOW;
        if (Unsafe.SizeOf<RecvMsgOut>() + (long)theirs.NameLen + (long)theirs.ControlLen > int.MaxValue)
            return -Errno.EOVERFLOW;
        _ = PathName.Own(request, ControlAt);
        Ours(request) = new MsgHdr { NameLen = theirs.NameLen, ControlLen = theirs.ControlLen };
        return 0;
    }

    /// <summary>Our copy of the header, in native memory.</summary>
    internal static ref MsgHdr Ours(Request request) =>
        ref MemoryMarshal.AsRef<MsgHdr>(Libc.BytesAt(request.Copied, Unsafe.SizeOf<MsgHdr>()));

    /// <summary>The message has its control data in part of it that was sent: the rest goes without.</summary>
    internal static void ForgetControl(Request request)
    {
        ref MsgHdr ours = ref Ours(request);
        (ours.Control, ours.ControlLen) = (0, 0);
    }

    /// <summary>A message was received into <paramref name="ours"/>: what the caller is told of it. 0 or -EFAULT.</summary>
    internal static int GiveBack(Request request, in MsgHdr ours)
    {
        var theirs = default(MsgHdr);
        nuint header = (nuint)request.Sqe.Addr;
        Caller caller = request.Caller;
        int error = 0;
        if (!caller.LendsInPlace)
        {
            // Where to, the caller's header still says.
            error = caller.CopyIn(header, MemoryMarshal.AsBytes(new Span<MsgHdr>(ref theirs)));
            int name = Math.Min(Ours(request).NameLen, ours.NameLen);
            if (error == 0 && theirs.Name != 0 && name > 0)
                error = caller.CopyOut(theirs.Name, Libc.BytesAt(request.Copied + AddressAt, name));
            if (error == 0 && theirs.Control != 0 && ours.ControlLen > 0)
                error = caller.CopyOut(theirs.Control, Libc.BytesAt(request.Copied + ControlAt, (int)ours.ControlLen));
        }

        // One field each, as the kernel writes them: the rest may be another thread's by now.
        if (error == 0 && Ours(request).Name != 0)
            error = Put(caller, header, nameof(MsgHdr.NameLen), ours.NameLen);
        if (error == 0)
            error = Put(caller, header, nameof(MsgHdr.Flags), ours.Flags);
        return error < 0 ? error : Put(caller, header, nameof(MsgHdr.ControlLen), ours.ControlLen);
    }

    private static int Put<T>(Caller caller, nuint header, string field, T value)
        where T : unmanaged
    {
        nuint offset = field switch
        {
            nameof(MsgHdr.NameLen) => 8,
            nameof(MsgHdr.ControlLen) => 40,
            _ => 48,
        };
        return caller.CopyOut(header + offset, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    /// <summary>With provided buffers the only iovec says how much of one may be used: 0, -EINVAL or -EFAULT.</summary>
    private static int TakeLength(Request request, in MsgHdr theirs)
    {
        var vector = default(IoVec);
        if (theirs.IovLen > 1)
            return -Errno.EINVAL;
        int error = theirs.IovLen == 0
            ? 0
            : request.Caller.CopyIn(theirs.Iov, MemoryMarshal.AsBytes(new Span<IoVec>(ref vector)));
        if (error == 0 && (nint)vector.Len < 0)
            error = -Errno.EINVAL;
        request.Sqe.Len = (uint)Math.Min(vector.Len, RingLimits.MaxTransferBytes);
        return error;
    }
}
