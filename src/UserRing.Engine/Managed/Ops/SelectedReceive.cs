using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// RECV and RECVMSG into provided buffers: one, a bundle, or one after the other for as long as there is something (multishot). Buffers are
/// taken for each attempt, under the submit lock, and put back when it gave them no byte (io_uring/net.c, io_recv and io_recv_finish,
/// whose every turn shows in the completions).
/// </summary>
internal static class SelectedReceive
{
    private const int MostInARow = 32;
    private const CqeFlags OfOneAttempt = CqeFlags.SockNonEmpty | CqeFlags.More | CqeFlags.BufMore;

    private enum Step
    {
        Wait,
        End,
        Post,
        GoOn,
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        // The kernel has each attempt of an IOSQE_ASYNC request made by a worker, where a buffer that is taken stays taken, unless it is a
        // multishot one.
        bool onWorker = request.IsForKernelsWorker && !IsMultishot(request);
        // Once it waits, a multishot one that was told not to does so again and again.
        bool waits = IsMultishot(request) && mode != IssueMode.Inline;
        for (int left = -1, posted = 0; ;)
        {
            Step step;
            using (request.Ring.Submission.Hold())
            {
                // A cancel that comes through the ring holds this lock: one that found the request alive is the last word.
                step = request.IsStopped ? Step.Wait : Attempt(request, onWorker, waits, ref left);
                request.HasEnded = step == Step.End;
            }

            switch (step)
            {
                case Step.Wait:
                    return IssueOutcome.WouldBlock;
                case Step.End:
                    return IssueOutcome.Done;
                case Step.GoOn:
                    continue;
            }

            if (!batch.TryPostMore(request, request.Result, request.CqeFlags))
                return IssueOutcome.Done;
            BeginAgain(request);
            bool hasHadItsTurn = posted++ >= MostInARow || request.Receiving.IsCapped;
            if (left != 0 && !hasHadItsTurn)
                continue;
            request.Receiving.IsCapped &= left == 0; // where nothing is left, its next turn is capped from the start
            if (Wait(request, waits) == Step.End)
                return IssueOutcome.Done;
            return left != 0 ? IssueOutcome.Again : IssueOutcome.WouldBlock;
        }
    }

    private static bool IsMultishot(Request request) => (request.Marks & Marks.Multishot) != 0;

    private static bool IsBundle(Request request) => ((RecvSendFlags)request.Sqe.IoPrio & RecvSendFlags.Bundle) != 0;

    private static void BeginAgain(Request request)
    {
        (request.Progress, request.CqeFlags) = (0, CqeFlags.None);
        ref ReceiveState state = ref request.Receiving;
        (state.HasGoneOn, state.IsCut, state.Length) = (false, false, request.Sqe.Len);
    }

    /// <summary>One receive. <paramref name="left"/>: what the one before said was left, then what this one says.</summary>
    private static Step Attempt(Request request, bool onWorker, bool waits, ref int left)
    {
        ref Sqe sqe = ref request.Sqe;
        bool all = (sqe.MsgFlags & Libc.MSG_WAITALL) != 0, isMessage = sqe.Opcode == Opcode.Recvmsg;
        int messageFlags = 0;
        nint received = request.Selection.IsMade ? 0 : Select(request, onWorker, left);
        bool hasBuffer = received >= 0;
        left = -1;
        if (hasBuffer)
            received = Call(request, ref messageFlags);
        if (hasBuffer && received == -Errno.EAGAIN)
        {
            request.Ring.BufferGroups.Recycle(ref request.Selection);
            return Wait(request, waits);
        }

        if (received >= 0)
            left = Exchange.LeftIn(request.File, received < request.Asked && (sqe.MsgFlags & Libc.MSG_PEEK) == 0);
        long needed = all && !(isMessage && Message.Ours(request).ControlLen != 0) ? request.Asked : 0;
        if (received > 0 && received < needed && Exchange.IsStream(request))
        {
            Keep(request, (int)received);
            return Wait(request, waits); // for the rest, in the same buffer
        }

        if (received < needed || received < 0 || all && (messageFlags & (Libc.MSG_TRUNC | Libc.MSG_CTRUNC)) != 0)
            request.Marks |= Marks.Short;
        request.Result = received > 0 ? request.Progress + (int)received : request.Progress > 0 ? request.Progress : (int)received;
        if (received <= 0 && request.Progress == 0)
            request.Ring.BufferGroups.Recycle(ref request.Selection);
        return Finish(request, received, left);
    }

    /// <summary>To wait; or, if the program said not to, the end with what there is.</summary>
    private static Step Wait(Request request, bool inAnyCase)
    {
        if (inAnyCase || Exchange.WouldBlock(request) == IssueOutcome.WouldBlock)
            return Step.Wait;
        request.CqeFlags |= BufferGroups.Finish(ref request.Selection, request.Progress);
        return Step.End;
    }

    /// <summary>A part of what is to be received as a whole has come: the buffers it went to are the request's from now on.</summary>
    private static void Keep(Request request, int received)
    {
        int buffers = IsBundle(request) ? BufferGroups.CountUsed(Libc.VectorAt(request.Vector, request.VectorCount), received) : 1;
        BufferGroups.Keep(ref request.Selection, received, buffers);
        request.Progress += received;
        request.Asked -= received;
        IoVector.Advance(request);
    }

    /// <summary>What comes after a receive that has given or ended something.</summary>
    private static Step Finish(Request request, nint received, int left)
    {
        ref ReceiveState state = ref request.Receiving;
        bool ends = received <= 0 || state.IsLastMessage, isAtLimit = false, emptied = request.Selection.EmptiedGroup;
        CqeFlags flags = Exchange.NonEmptyFlag(left);
        if (request.Result > 0 && state.Left > 0)
        {
            state.Left -= Math.Min((uint)request.Result, state.Left);
            isAtLimit = state.Left == 0;
            ends |= isAtLimit;
        }

        if (!IsBundle(request))
        {
            flags |= BufferGroups.Finish(ref request.Selection, request.Result);
        }
        else
        {
            int now = request.Result - request.Progress;
            flags |= BufferGroups.Finish(
                ref request.Selection, now, BufferGroups.CountUsed(Libc.VectorAt(request.Vector, request.VectorCount), now));
            if (state.HasGoneOn)
                flags = request.CqeFlags | (flags & OfOneAttempt);
            state.IsCapped |= IsMultishot(request) && request.Sqe.Len != 0 && request.Result >= request.Sqe.Len;
            // Its buffers were all filled and there is more: that goes into further buffers and the same completion, once.
            if (!emptied && !(state.HasGoneOn || state.IsCut || state.IsCapped || isAtLimit) && left > 1 && now > 0 && now == request.Asked)
            {
                request.CqeFlags = flags & ~OfOneAttempt;
                request.Progress += now;
                (state.HasGoneOn, state.Length) = (true, (uint)left);
                return Step.GoOn;
            }

            ends |= emptied;
        }

        request.CqeFlags = flags;
        return ends || !IsMultishot(request) ? Step.End : Step.Post;
    }

    /// <summary>Takes buffers and makes them the request's vector: 0 or -errno.</summary>
    private static int Select(Request request, bool onWorker, int left)
    {
        ref ReceiveState state = ref request.Receiving;
        BufferGroups groups = request.Ring.BufferGroups;
        ushort group = request.Sqe.BufGroup;
        int count = 1;
        if (IsBundle(request) && !onWorker)
        {
            uint most = state.Length != 0 ? state.Length : left > 1 ? (uint)left : 0;
            if (state.Left > 0)
                most = most == 0 ? state.Left : Math.Min(most, state.Left);
            Span<IoVec> vectors = VectorOf(request, most == 0 ? Math.Max(1, state.Room) : BufferRing.MostAtATime);
            count = groups.SelectMany(group, mayRetry: true, most, vectors, ref request.Selection);
            state.Room = Math.Max(state.Room, count);
            state.IsCut |= count > 0 && request.Selection.IsCut;
        }
        else
        {
            uint length = state.Length;
            int error = groups.Select(group, mayRetry: !onWorker, ref length, ref request.Selection);
            VectorOf(request, 1)[0] = new IoVec { Base = request.Selection.Address, Len = length };
            count = error < 0 ? error : 1;
        }

        if (count < 0)
            return count;
        (request.VectorCount, request.Asked, request.Advanced) = (count, 0, request.Progress);
        foreach (ref readonly IoVec vector in Libc.VectorAt(request.Vector, count))
            request.Asked += (long)vector.Len;
        return 0;
    }

    private static Span<IoVec> VectorOf(Request request, int room)
    {
        if (request.Receiving.Capacity < room)
        {
            IoVector.Free(request);
            request.Vector = Libc.AllocateVector(room);
            (request.OwnsVector, request.NeedsCleanup, request.Receiving.Capacity) = (true, true, room);
        }

        return Libc.VectorAt(request.Vector, room);
    }

    /// <summary>The system call, into the caller's memory or through ours.</summary>
    private static nint Call(Request request, ref int messageFlags)
    {
        nint received;
        do
            received = request.Sqe.Opcode == Opcode.Recvmsg && IsMultishot(request)
                ? HeadedReceive.Call(request)
                : CallOnce(request, ref messageFlags);
        while (received == -Errno.EINTR);
        return received;
    }

    private static nint CallOnce(Request request, ref int messageFlags)
    {
        ref Sqe sqe = ref request.Sqe;
        int flags = (int)sqe.MsgFlags | Libc.MSG_DONTWAIT;
        Span<IoVec> vectors = Libc.VectorAt(request.Vector, request.VectorCount);
        bool isMessage = sqe.Opcode == Opcode.Recvmsg;
        if (!isMessage && vectors.Length == 1 && request.Caller.LendsInPlace && (flags & Libc.MSG_WAITALL) == 0)
            return Libc.Recv(request.File, vectors[0].Base, vectors[0].Len, flags);
        MsgHdr header = isMessage ? Message.Ours(request) : default;
        nint received = WithLoan(request, vectors, ref header, flags);
        messageFlags = header.Flags;
        if (received < 0 || !isMessage)
            return received;
        int error = Message.GiveBack(request, header);
        return error < 0 ? error : received;
    }

    /// <summary>recvmsg into these buffers of the caller's.</summary>
    internal static nint WithLoan(Request request, ReadOnlySpan<IoVec> theirs, ref MsgHdr header, int flags)
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
}
