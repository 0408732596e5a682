using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>What sends and receives share: the data's place, the header of a message, what a socket is, and when to wait.</summary>
internal static class Exchange
{
    /// <summary>SOCK_STREAM and so on, or -EBADF, -ENOTSOCK.</summary>
    internal static int TypeOf(Request request, IssueBatch batch) =>
        batch.FactsOf(request.File).OpenFlags < 0 ? -Errno.EBADF : Libc.SocketType(request.File);

    /// <summary>Whether the rest of a short transfer can follow later (io_uring/net.c, io_net_retry).</summary>
    internal static bool IsStream(Request request) => Libc.SocketType(request.File) is Libc.SOCK_STREAM or Libc.SOCK_SEQPACKET;

    /// <summary>
    /// What the kernel says after a receive is left in the socket: bytes, one more of TCP once the peer has ended (net/ipv4/tcp.c,
    /// tcp_inq_hint); -1 if its protocol does not say.
    /// </summary>
    internal static int LeftIn(int socket, bool tookAll)
    {
        if (Libc.HasTcpPeerEnded(socket) is >= 0 and var ended)
            return ended + (tookAll ? 0 : Math.Max(0, Libc.BytesToReceive(socket)));
        return Libc.SocketType(socket) == Libc.SOCK_STREAM && Libc.SocketDomain(socket) == Libc.AF_UNIX
            ? Math.Max(0, Libc.BytesToReceive(socket))
            : -1;
    }

    /// <summary>SOCK_NONEMPTY, if there is more.</summary>
    internal static CqeFlags NonEmptyFlag(int left) => left > 0 ? CqeFlags.SockNonEmpty : CqeFlags.None;

    /// <summary>A buffer that no program's memory can hold is refused in preparation: 0 or -EFAULT.</summary>
    internal static int CheckRange(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((request.Marks & Marks.SelectsBuffer) != 0)
            return 0;
        nuint length = Math.Min(sqe.Len, RingLimits.MaxTransferBytes);
        return sqe.Addr > AddressSpace.End || length > AddressSpace.End - sqe.Addr ? -Errno.EFAULT : 0;
    }

    /// <summary>
    /// Before the first attempt: what is asked for is counted and, for a caller that does not lend in place, borrowed. 0 or -errno.
    /// </summary>
    internal static int Begin(Request request, LoanDirection direction)
    {
        if (request.Progress > 0 || request.Loan is not null)
            return 0;
        var single = new IoVec { Base = (nuint)request.Sqe.Addr, Len = Math.Min(request.Sqe.Len, RingLimits.MaxTransferBytes) };
        bool isVector = request.Vector != 0 || IsMessage(request);
        ReadOnlySpan<IoVec> parts = isVector ? Libc.VectorAt(request.Vector, request.VectorCount) : new ReadOnlySpan<IoVec>(in single);
        request.Asked = 0;
        foreach (ref readonly IoVec part in parts)
            request.Asked += (long)part.Len;
        return request.Caller.LendsInPlace ? 0 : IoVector.Lend(request, parts, direction);
    }

    /// <summary>
    /// The header for the system call: the caller's own for a message, one with the address only for a send, and our vector of what is
    /// left.
    /// </summary>
    internal static MsgHdr HeaderOf(Request request)
    {
        MsgHdr header = request.Copied == 0 ? default : Message.Ours(request);
        if (request.Vector == 0 && request.VectorCount == 0 && !IsMessage(request))
            IoVector.TakeSingle(request);
        (header.Iov, header.IovLen) = (request.Vector, (nuint)request.VectorCount);
        return header;
    }

    /// <summary>What has been moved is done with.</summary>
    internal static void Advance(Request request)
    {
        if (request.Vector != 0)
            IoVector.Advance(request);
    }

    private static bool IsMessage(Request request) => request.Sqe.Opcode is Opcode.Sendmsg or Opcode.Recvmsg or Opcode.SendmsgZc;

    /// <summary>To wait for readiness, unless the program said not to: then the end, with what was moved before.</summary>
    internal static IssueOutcome WouldBlock(Request request)
    {
        if ((request.Sqe.MsgFlags & Libc.MSG_DONTWAIT) == 0)
            return IssueOutcome.WouldBlock;
        request.Marks |= Marks.Short;
        return Done(request, request.Progress > 0 ? request.Progress : -Errno.EAGAIN);
    }

    internal static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }

    internal static void Cleanup(Request request)
    {
        IoVector.Free(request);
        PathName.Free(request);
    }
}
