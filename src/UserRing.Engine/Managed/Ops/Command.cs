using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// URING_CMD: the commands of sockets. Those of devices are refused as by a driver that has none. Transmit timestamps come from a socket's
/// error queue together with what the kernel alone may leave in it, so they are refused as well.
/// </summary>
internal static class Command
{
    private const int MostOption = 4096;
    private const UringCmdFlags Known = UringCmdFlags.Fixed | UringCmdFlags.Multishot;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Pad1 != 0)
            return -Errno.EINVAL;
        UringCmdFlags flags = sqe.UringCmdFlags;
        if ((flags & ~Known) != 0)
            return -Errno.EINVAL;
        bool selects = (request.Marks & Marks.SelectsBuffer) != 0, isMultishot = (flags & UringCmdFlags.Multishot) != 0;
        if ((flags & UringCmdFlags.Fixed) != 0 && selects)
            return -Errno.EINVAL;
        return selects != isMultishot ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        if (Libc.SocketType(request.File) < 0)
            return Done(request, -Errno.EOPNOTSUPP);
        return Done(request, (SocketOp)request.Sqe.CmdOp switch
        {
            // Of local sockets ioctl(2) would tell: the kernel's engine asks the protocol, which has none (io_uring/cmd_net.c).
            SocketOp.SiocInq or SocketOp.SiocOutq when Libc.SocketDomain(request.File) is not (Libc.AF_INET or Libc.AF_INET6) =>
                -Errno.EOPNOTSUPP,
            SocketOp.SiocInq => Libc.BytesToReceive(request.File),
            SocketOp.SiocOutq => Libc.BytesToSend(request.File),
            SocketOp.GetSockOpt => GetOption(request),
            SocketOp.SetSockOpt => SetOption(request),
            SocketOp.GetSockName when request.Ring.IsNewest => GetName(request),
            _ => -Errno.EOPNOTSUPP,
        });
    }

    /// <summary>The option's size, which is the answer here and no longer written back.</summary>
    private static int GetOption(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Level != Libc.SOL_SOCKET)
            return -Errno.EOPNOTSUPP;
        if ((int)sqe.OptLen < 0)
            return -Errno.EINVAL;
        uint length = sqe.OptLen;
        int error;
        if (request.Caller.LendsInPlace)
        {
            error = Libc.GetSockOpt(request.File, (int)sqe.Level, (int)sqe.OptName, (nuint)sqe.OptVal, ref length);
            return error < 0 ? error : (int)length;
        }

        Span<byte> value = stackalloc byte[MostOption];
        length = Math.Min(length, MostOption);
        error = Libc.GetSockOpt(request.File, (int)sqe.Level, (int)sqe.OptName, Libc.AddressOf(value), ref length);
        if (error == 0)
            error = request.Caller.CopyOut((nuint)sqe.OptVal, value[..(int)length]);
        return error < 0 ? error : (int)length;
    }

    private static int SetOption(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((int)sqe.OptLen < 0)
            return -Errno.EINVAL;
        if (request.Caller.LendsInPlace)
            return Libc.SetSockOpt(request.File, (int)sqe.Level, (int)sqe.OptName, (nuint)sqe.OptVal, sqe.OptLen);
        Span<byte> value = stackalloc byte[(int)Math.Min(sqe.OptLen, MostOption)];
        int error = request.Caller.CopyIn((nuint)sqe.OptVal, value);
        return error < 0
            ? error
            : Libc.SetSockOpt(request.File, (int)sqe.Level, (int)sqe.OptName, Libc.AddressOf(value), (uint)value.Length);
    }

    /// <summary>The socket's own address or, with 1 as its option's length, the peer's; the length's address is in addr3.</summary>
    private static int GetName(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.IoPrio != 0 || sqe.Len != 0 || sqe.OptLen > 1)
            return -Errno.EINVAL;
        uint room = 0;
        int error = request.Caller.CopyIn((nuint)sqe.Addr3, MemoryMarshal.AsBytes(new Span<uint>(ref room)));
        if (error < 0)
            return error;
        if ((int)room < 0)
            return -Errno.EINVAL;
        Span<byte> address = stackalloc byte[SocketAddress.Most];
        error = Libc.GetSocketName(request.File, ofPeer: sqe.OptLen == 1, address, out uint length);
        if (error == 0)
            error = request.Caller.CopyOut((nuint)sqe.Addr, address[..(int)Math.Min(room, length)]);
        return error < 0 ? error : request.Caller.CopyOut((nuint)sqe.Addr3, MemoryMarshal.AsBytes(new Span<uint>(ref length)));
    }


    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
