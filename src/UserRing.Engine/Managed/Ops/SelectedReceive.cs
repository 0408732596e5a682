using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// RECV and RECVMSG into provided buffers: one, a bundle, or one after the other for as long as there is something (multishot). Buffers are
/// taken for each attempt, under the submit lock, and put back when it gave them no byte (io_uring/net.c).
/// </summary>
internal static class SelectedReceive
{
    private const int MostInARow = 32, MostInBundle = 64;
    private static readonly int HeadBytes = Unsafe.SizeOf<RecvMsgOut>();

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        bool isMultishot = (request.Marks & Marks.Multishot) != 0;
        for (int received = 0; received < MostInARow; received++)
        {
            IssueOutcome outcome = Once(request, out bool goesOn);
            if (outcome != IssueOutcome.Done || !isMultishot || !goesOn)
                return outcome;
            if (!batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            (request.Progress, request.CqeFlags) = (0, CqeFlags.None);
        }

        return IssueOutcome.Again;
    }

    private static bool IsBundle(Request request) => ((RecvSendFlags)request.Sqe.IoPrio & RecvSendFlags.Bundle) != 0;

    /// <summary>One receive; <paramref name="goesOn"/>: a multishot one may follow.</summary>
    private static IssueOutcome Once(Request request, out bool goesOn)
    {
        goesOn = false;
        using (request.Ring.Submission.Hold())
        {
            if (!request.Selection.IsMade)
            {
                int error = Select(request);
                if (error < 0)
                    return Exchange.Done(request, error);
            }

            bool emptied = request.Selection.EmptiedGroup;
            IssueOutcome outcome = Attempt(request, out nint received);
            if (outcome == IssueOutcome.WouldBlock || received <= 0 && request.Progress == 0)
            {
                if (request.Progress == 0)
                    request.Ring.BufferGroups.Recycle(ref request.Selection);
                if (outcome == IssueOutcome.Done && !request.Selection.IsMade)
                    return outcome;
            }

            if (outcome == IssueOutcome.Done)
            {
                ReadOnlySpan<IoVec> used = Libc.VectorAt(request.Vector, request.VectorCount);
                int buffers = IsBundle(request) ? BufferGroups.CountUsed(used, request.Result) : 1;
                request.CqeFlags |= BufferGroups.Finish(ref request.Selection, Math.Max(0, request.Result), buffers);
                goesOn = received > 0 && !(IsBundle(request) && emptied) && !IsAtLimit(request);
            }

            return outcome;
        }
    }

    /// <summary>Takes buffers and makes them the request's vector: 0 or -errno.</summary>
    private static int Select(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (request.Vector == 0)
        {
            request.Vector = Libc.AllocateVector(MostInBundle);
            (request.OwnsVector, request.NeedsCleanup) = (true, true);
        }

        uint length = request.Left == 0 ? sqe.Len : sqe.Len == 0 ? request.Left : Math.Min(sqe.Len, request.Left);
        Span<IoVec> vectors = Libc.VectorAt(request.Vector, MostInBundle);
        BufferGroups groups = request.Ring.BufferGroups;
        int count = 1;
        if (IsBundle(request))
        {
            count = groups.SelectMany(sqe.BufGroup, mayRetry: true, length, vectors, ref request.Selection);
        }
        else
        {
            int error = groups.Select(sqe.BufGroup, mayRetry: true, ref length, ref request.Selection);
            vectors[0] = new IoVec { Base = request.Selection.Address, Len = length };
            count = error < 0 ? error : 1;
        }

        if (count < 0)
            return count;
        request.VectorCount = count;
        request.Asked = 0;
        foreach (ref readonly IoVec vector in vectors[..count])
            request.Asked += (long)vector.Len;
        return 0;
    }

    private static IssueOutcome Attempt(Request request, out nint received)
    {
        bool all = (request.Sqe.MsgFlags & Libc.MSG_WAITALL) != 0;
        do
            received = Call(request);
        while (received == -Errno.EINTR);
        if (received == -Errno.EAGAIN)
            return Exchange.WouldBlock(request);
        if (received < 0)
        {
            request.Marks |= Marks.Short;
            return Exchange.Done(request, request.Progress > 0 ? request.Progress : (int)received);
        }

        request.Progress += (int)received;
        if (all && received > 0 && request.Progress < request.Asked && Exchange.IsStream(request))
        {
            BufferGroups.Keep(ref request.Selection, request.Progress);
            return IssueOutcome.WouldBlock; // the rest of the same buffer is waited for
        }

        if (all && request.Progress < request.Asked)
            request.Marks |= Marks.Short;
        bool isEmptied = request.Progress < request.Asked && (request.Sqe.MsgFlags & Libc.MSG_PEEK) == 0;
        request.CqeFlags = Exchange.NonEmptyFlag(Exchange.LeftIn(request.File, isEmptied));
        return Exchange.Done(request, request.Progress);
    }

    /// <summary>The system call, into the caller's memory or through ours.</summary>
    private static nint Call(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int flags = (int)sqe.MsgFlags | Libc.MSG_DONTWAIT;
        if (sqe.Opcode == Opcode.Recvmsg && (request.Marks & Marks.Multishot) != 0)
            return CallWithHead(request, flags);
        Span<IoVec> vectors = Libc.VectorAt(request.Vector, request.VectorCount);
        bool isPlain = sqe.Opcode == Opcode.Recv && request.VectorCount == 1 && request.Caller.LendsInPlace;
        if (isPlain)
        {
            nuint done = (nuint)request.Progress;
            return Libc.Recv(request.File, vectors[0].Base + done, vectors[0].Len - done, flags);
        }

        MsgHdr header = sqe.Opcode == Opcode.Recvmsg ? Message.Ours(request) : default;
        if (request.Progress > 0 && vectors.Length == 1)
            vectors[0] = new IoVec { Base = vectors[0].Base + (nuint)request.Progress, Len = vectors[0].Len - (nuint)request.Progress };
        nint received = WithLoan(request, vectors, ref header, flags);
        if (received < 0 || sqe.Opcode == Opcode.Recv)
            return received;
        int error = Message.GiveBack(request, header);
        return error < 0 ? error : received;
    }

    /// <summary>recvmsg into these buffers of the caller's.</summary>
    private static nint WithLoan(Request request, ReadOnlySpan<IoVec> theirs, ref MsgHdr header, int flags)
    {
        if (request.Caller.LendsInPlace)
            return Libc.RecvMsg(request.File, ref header, theirs, flags);
        int error = request.Caller.Lend(theirs, LoanDirection.ToCaller, out Loan? loan);
        if (error < 0)
            return error;
        nint received = Libc.RecvMsg(request.File, ref header, loan!.Vector, flags);
        error = loan.End((int)Math.Max(0, received));
        return error < 0 ? error : received;
    }

    /// <summary>
    /// A multishot RECVMSG: head, name, control data and payload one after the other in the buffer. The answer is what of it is in use; the
    /// last one is told by its payload, since a head alone is no error.
    /// </summary>
    private static nint CallWithHead(Request request, int flags)
    {
        ref MsgHdr wanted = ref Message.Ours(request);
        IoVec buffer = Libc.VectorAt(request.Vector, 1)[0];
        nuint nameRoom = (nuint)wanted.NameLen, controlRoom = wanted.ControlLen, before = (nuint)HeadBytes + nameRoom + controlRoom;
        if (buffer.Len < before)
            return -Errno.EFAULT;
        Span<byte> control = stackalloc byte[request.Caller.LendsInPlace ? 0 : (int)Math.Min(controlRoom, 4096)];
        Span<byte> name = stackalloc byte[SocketAddress.Most];
        nuint controlAt = buffer.Base + (nuint)HeadBytes + nameRoom;
        var header = new MsgHdr { Control = controlRoom == 0 ? 0 : controlAt, ControlLen = controlRoom };
        var payload = new IoVec { Base = buffer.Base + before, Len = buffer.Len - before };
        nint received = control.IsEmpty
            ? WithName(request, payload, name, ref header, flags)
            : WithControl(request, payload, name, control, controlAt, ref header, flags);
        if (received < 0)
            return received;

        var head = new RecvMsgOut
        {
            NameLen = (uint)header.NameLen, ControlLen = (uint)header.ControlLen, PayloadLen = (uint)received,
            Flags = (uint)(header.Flags & ~Libc.MSG_CMSG_CLOEXEC),
        };
        int error = request.Caller.CopyOut(buffer.Base, MemoryMarshal.AsBytes(new Span<RecvMsgOut>(ref head)));
        int copied = Math.Min(header.NameLen, (int)nameRoom);
        if (error == 0 && copied > 0)
            error = request.Caller.CopyOut(buffer.Base + (nuint)HeadBytes, name[..copied]);
        request.IsLastMessage = received == 0;
        return error < 0 ? error : (nint)before + Math.Min(received, (nint)payload.Len);
    }

    private static nint WithName(Request request, IoVec payload, Span<byte> name, ref MsgHdr header, int flags)
    {
        header.NameLen = name.Length;
        header.Name = Libc.AddressOf(name);
        return WithLoan(request, new ReadOnlySpan<IoVec>(in payload), ref header, flags);
    }

    private static nint WithControl(
        Request request, IoVec payload, Span<byte> name, Span<byte> control, nuint controlAt, ref MsgHdr header, int flags)
    {
        (header.Control, header.ControlLen) = (Libc.AddressOf(control), (nuint)control.Length);
        nint received = WithName(request, payload, name, ref header, flags);
        int error = received < 0 ? 0 : request.Caller.CopyOut(controlAt, control[..(int)header.ControlLen]);
        return error < 0 ? error : received;
    }

    private static bool IsAtLimit(Request request)
    {
        if (request.IsLastMessage)
            return true;
        if (request.Left == 0)
            return false;
        request.Left -= Math.Min(request.Left, (uint)request.Result);
        return request.Left == 0;
    }
}
