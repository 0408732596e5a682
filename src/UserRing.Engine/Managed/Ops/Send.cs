using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SEND and SENDMSG, and their zero-copy forms. One attempt that cannot block (MSG_DONTWAIT, whatever the socket's own mode is), then
/// readiness. With MSG_WAITALL the rest of a short transfer is sent as well, where the socket is a stream (io_uring/net.c).
/// A zero-copy send is copied, which its second completion reports if it is asked: pages of the program cannot be lent from user space.
/// </summary>
internal static class Send
{
    private const RecvSendFlags Plain = RecvSendFlags.PollFirst | RecvSendFlags.Bundle | RecvSendFlags.Vectorized;
    private const RecvSendFlags ZeroCopy =
        RecvSendFlags.PollFirst | RecvSendFlags.FixedBuf | RecvSendFlags.ReportUsage | RecvSendFlags.Vectorized;

    internal static int PrepareSend(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (((RecvSendFlags)sqe.IoPrio & ~Plain) != 0)
            return -Errno.EINVAL;
        sqe.MsgFlags |= Libc.MSG_NOSIGNAL;
        request.Receiving.Length = sqe.Len;
        if (((RecvSendFlags)sqe.IoPrio & RecvSendFlags.Bundle) != 0 && (request.Marks & Marks.SelectsBuffer) != 0)
            (sqe.MsgFlags, request.Marks) = (sqe.MsgFlags | Libc.MSG_WAITALL, request.Marks | Marks.Multishot);
        return PrepareData(request);
    }

    internal static int PrepareSendMsg(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (((RecvSendFlags)sqe.IoPrio & ~Plain) != 0 || ((RecvSendFlags)sqe.IoPrio & RecvSendFlags.Bundle) != 0)
            return -Errno.EINVAL;
        if (sqe.Addr2 != 0 || sqe.FileIndex != 0)
            return -Errno.EINVAL;
        sqe.MsgFlags |= Libc.MSG_NOSIGNAL;
        return Message.Take(request, receives: false);
    }

    internal static int PrepareSendZc(Request request)
    {
        int error = PrepareZeroCopy(request);
        return error < 0 ? error : PrepareData(request);
    }

    internal static int PrepareSendMsgZc(Request request)
    {
        int error = PrepareZeroCopy(request);
        if (error < 0)
            return error;
        return request.Sqe.Addr2 != 0 || request.Sqe.FileIndex != 0 ? -Errno.EINVAL : Message.Take(request, receives: false);
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        bool selects = (request.Marks & Marks.SelectsBuffer) != 0, isZeroCopy = (request.Marks & Marks.Notifies) != 0;
        bool waitsFirst = ((RecvSendFlags)sqe.IoPrio & RecvSendFlags.PollFirst) != 0 && request.IsFirstAttempt(mode);
        if (selects || waitsFirst || isZeroCopy)
        {
            int type = Exchange.TypeOf(request, batch);
            if (type < 0)
                return Exchange.Done(request, type);
        }

        if (isZeroCopy && PrepareCopy(request) is < 0 and var refusal)
            return Exchange.Done(request, refusal);
        if (waitsFirst)
            return Exchange.WouldBlock(request);
        if (selects)
            return SelectedSend.Issue(request, batch, mode);
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Exchange.Done(request, -Errno.EBADF);
        int error = Exchange.Begin(request, LoanDirection.FromCaller);
        return error < 0 ? Exchange.Done(request, error) : Attempt(request);
    }

    /// <summary>Sends what is left of the request's data, as far as there is room.</summary>
    internal static IssueOutcome Attempt(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        bool all = (sqe.MsgFlags & Libc.MSG_WAITALL) != 0;
        while (true)
        {
            nint sent = Call(request, (int)sqe.MsgFlags & ~Libc.MSG_WAITALL & ~Libc.MSG_ZEROCOPY | Libc.MSG_DONTWAIT);
            if (sent < 0)
            {
                if (sent == -Errno.EINTR)
                    continue;
                if (sent == -Errno.EAGAIN)
                    return Exchange.WouldBlock(request);
                request.Marks |= Marks.Short;
                return Exchange.Done(request, request.Progress > 0 ? request.Progress : (int)sent);
            }

            request.Progress += (int)sent;
            bool isShort = all && request.Progress < request.Asked;
            if (isShort && sent > 0 && Exchange.IsStream(request))
            {
                if (request.Copied != 0)
                    Message.ForgetControl(request);
                Exchange.Advance(request);
                return Exchange.WouldBlock(request); // there is no more room
            }

            if (isShort)
                request.Marks |= Marks.Short;
            return Exchange.Done(request, request.Progress);
        }
    }

    private static int PrepareZeroCopy(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Pad2 != 0 || sqe.Addr3 != 0)
            return -Errno.EINVAL;
        if ((sqe.Flags & SqeFlags.CqeSkipSuccess) != 0)
            return -Errno.EINVAL;
        // From here on there is a notification, even of a request that fails.
        (request.Marks, request.CqeFlags) = (request.Marks | Marks.Notifies, CqeFlags.More);
        if (((RecvSendFlags)sqe.IoPrio & ~ZeroCopy) != 0)
            return -Errno.EINVAL;
        if (((RecvSendFlags)sqe.IoPrio & RecvSendFlags.ReportUsage) != 0)
            request.Marks |= Marks.ReportsUsage;
        sqe.MsgFlags |= Libc.MSG_NOSIGNAL;
        return 0;
    }

    private static int PrepareData(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Pad3 != 0)
            return -Errno.EINVAL;
        int error = sqe.Addr2 == 0 ? 0 : Message.TakeAddress(request);
        if (error < 0)
            return error;
        if (((RecvSendFlags)sqe.IoPrio & RecvSendFlags.Vectorized) != 0 && (request.Marks & Marks.SelectsBuffer) == 0)
        {
            if (sqe.Len > RingLimits.MaxIovecs)
                return -Errno.EINVAL;
            return IoVector.Take(request, (nuint)sqe.Addr, (int)sqe.Len);
        }

        return Exchange.CheckRange(request);
    }

    /// <summary>What zero-copy asks of the socket and the buffer before anything is sent: 0, -EOPNOTSUPP or -EFAULT.</summary>
    private static int PrepareCopy(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (!Libc.HasZeroCopy(request.File))
            return -Errno.EOPNOTSUPP;
        if (((RecvSendFlags)sqe.IoPrio & RecvSendFlags.FixedBuf) == 0 || request.FixedBuffer is not null)
            return 0;
        RegisteredBuffer? buffer;
        using (request.Ring.Submission.Hold())
        {
            buffer = request.Ring.Buffers.Find(sqe.BufIndex);
            if (buffer is null)
                return -Errno.EFAULT;
            buffer.AddReference();
            (request.FixedBuffer, request.HoldsFixedBuffer, request.NeedsCleanup) = (buffer, true, true);
        }

        return request.Vector != 0 ? IoVector.CheckWithin(request, buffer)
            : buffer.Contains((nuint)sqe.Addr, sqe.Len) ? 0 : -Errno.EFAULT;
    }

    private static nint Call(Request request, int flags)
    {
        ref Sqe sqe = ref request.Sqe;
        if (request.Vector == 0 && request.Copied == 0)
        {
            nuint done = (nuint)request.Progress;
            return Libc.Send(request.File, (nuint)sqe.Addr + done, (nuint)request.Asked - done, flags);
        }

        return Libc.SendMsg(request.File, Exchange.HeaderOf(request), flags);
    }
}
