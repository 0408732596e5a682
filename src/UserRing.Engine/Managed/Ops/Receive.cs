using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// RECV and RECVMSG: one attempt that cannot block, then readiness. With MSG_WAITALL a stream is received from until all is there. What is
/// received into provided buffers, once, in bundles or again and again, is the business of <see cref="SelectedReceive"/>.
/// </summary>
internal static class Receive
{
    private const RecvSendFlags Known = RecvSendFlags.PollFirst | RecvSendFlags.Multishot | RecvSendFlags.Bundle;

    internal static int PrepareRecv(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int error = PrepareFlags(request);
        if (error < 0)
            return error;
        // Of a multishot receive the field is the most it may receive in all.
        if (sqe.OptLen != 0 && (request.Marks & Marks.Multishot) == 0)
            return -Errno.EINVAL;
        (request.Receiving.Left, request.Receiving.Length) = (sqe.OptLen, sqe.Len);
        return Exchange.CheckRange(request);
    }

    internal static int PrepareRecvMsg(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int error = PrepareFlags(request);
        if (error < 0)
            return error;
        if (sqe.OptLen != 0 || ((RecvSendFlags)sqe.IoPrio & RecvSendFlags.Bundle) != 0)
            return -Errno.EINVAL;
        int taken = Message.Take(request, receives: true);
        request.Receiving.Length = sqe.Len; // which the header told
        return taken;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        bool selects = (request.Marks & Marks.SelectsBuffer) != 0;
        // A multishot one by IOSQE_ASYNC is not attempted before its socket is ready (io_uring/io_uring.c, io_wq_submit_work).
        if (mode != IssueMode.Inline && request.IsFirstAttempt(mode) && (request.Marks & Marks.Multishot) != 0)
            return IssueOutcome.WouldBlock;
        bool waitsFirst = ((RecvSendFlags)sqe.IoPrio & RecvSendFlags.PollFirst) != 0 && request.IsFirstAttempt(mode);
        if (selects || waitsFirst)
        {
            int type = Exchange.TypeOf(request, batch);
            if (type < 0)
                return Exchange.Done(request, type);
        }

        if (waitsFirst)
            return Exchange.WouldBlock(request);
        if (selects)
            return SelectedReceive.Issue(request, batch, mode);
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Exchange.Done(request, -Errno.EBADF);
        int error = Exchange.Begin(request, LoanDirection.ToCaller);
        return error < 0 ? Exchange.Done(request, error) : Attempt(request);
    }

    /// <summary>Receives into what is left of the request's memory.</summary>
    internal static IssueOutcome Attempt(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        bool all = (sqe.MsgFlags & Libc.MSG_WAITALL) != 0;
        // With control data the rest of a short message is not waited for: it may have some of its own.
        bool owesRest = all && !(request.Copied != 0 && Message.Ours(request).ControlLen != 0);
        while (true)
        {
            int messageFlags = 0;
            nint received = Call(request, ref messageFlags);
            if (received < 0)
            {
                if (received == -Errno.EINTR)
                    continue;
                if (received == -Errno.EAGAIN)
                    return Exchange.WouldBlock(request);
                request.Marks |= Marks.Short;
                return Exchange.Done(request, request.Progress > 0 ? request.Progress : (int)received);
            }

            request.Progress += (int)received;
            bool isShort = owesRest && request.Progress < request.Asked;
            if (isShort && received > 0 && Exchange.IsStream(request))
            {
                Exchange.Advance(request);
                continue;
            }

            if (isShort || all && (messageFlags & (Libc.MSG_TRUNC | Libc.MSG_CTRUNC)) != 0)
                request.Marks |= Marks.Short;
            bool tookAll = request.Progress < request.Asked && (sqe.MsgFlags & Libc.MSG_PEEK) == 0;
            request.CqeFlags = Exchange.NonEmptyFlag(Exchange.LeftIn(request.File, tookAll));
            return Exchange.Done(request, request.Progress);
        }
    }

    private static int PrepareFlags(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        var flags = (RecvSendFlags)sqe.IoPrio;
        if (sqe.Addr2 != 0 || (flags & ~Known) != 0)
            return -Errno.EINVAL;
        if ((flags & RecvSendFlags.Multishot) == 0)
            return 0;
        if ((request.Marks & Marks.SelectsBuffer) == 0 || (sqe.MsgFlags & Libc.MSG_WAITALL) != 0)
            return -Errno.EINVAL;
        request.Marks |= Marks.Multishot;
        return 0;
    }

    private static nint Call(Request request, ref int messageFlags)
    {
        ref Sqe sqe = ref request.Sqe;
        int flags = (int)sqe.MsgFlags | Libc.MSG_DONTWAIT;
        MsgHdr header;
        nint received;
        if (request.Vector == 0 && sqe.Opcode == Opcode.Recv)
        {
            nuint done = (nuint)request.Progress;
            var rest = new IoVec { Base = (nuint)sqe.Addr + done, Len = (nuint)request.Asked - done };
            if ((flags & Libc.MSG_WAITALL) == 0)
                return Libc.Recv(request.File, rest.Base, rest.Len, flags);
            header = default; // tells whether a message was cut off, which ends a chain
            received = Libc.RecvMsg(request.File, ref header, new ReadOnlySpan<IoVec>(in rest), flags);
        }
        else
        {
            header = Exchange.HeaderOf(request);
            received = Libc.RecvMsg(request.File, ref header, flags);
        }

        messageFlags = header.Flags;
        if (received < 0 || sqe.Opcode == Opcode.Recv)
            return received;
        int error = Message.GiveBack(request, header);
        return error < 0 ? error : received;
    }
}
