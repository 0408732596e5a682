using UserRing.Abi;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// MSG_RING: a completion, or a registered file, for another ring of this engine (io_uring/msg_ring.c). A ring that posts its completions
/// itself (DEFER_TASKRUN) sees the message when it asks for events. A file goes to such a ring at once here, where the kernel waits for
/// its task to put it into the table.
/// </summary>
internal static class MessageRing
{
    private const MsgRingFlags Known = MsgRingFlags.CqeSkip | MsgRingFlags.FlagsPass;

    internal static int Prepare(Request request) => Check(request.Sqe);

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        RingContext ring = request.Ring;
        RingContext? target = null;
        int error = (sqe.Flags & SqeFlags.FixedFile) == 0
            ? Find(ring.Engine, sqe.Fd, out target)
            : ring.Files.Find(sqe.Fd) is null ? -Errno.EBADF : -Errno.EBADFD; // no ring can be registered as a file
        if (error < 0)
            return Done(request, error);
        try
        {
            switch ((MsgRingCommand)(uint)sqe.Addr)
            {
                case MsgRingCommand.Data:
                    return Done(request, Post(target!, sqe, onWorker: mode == IssueMode.Worker));
                case MsgRingCommand.SendFd:
                    return SendFile(request, target!, mode);
                default:
                    return Done(request, -Errno.EINVAL);
            }
        }
        finally
        {
            target!.DropReference();
        }
    }

    /// <summary>SEND_MSG_RING: a message from nobody's ring, given as the SQE would be.</summary>
    internal static int Send(ManagedEngine engine, Caller caller, nuint argument, uint count)
    {
        int error = caller.ReadOne(argument, count, out Sqe sqe);
        if (error < 0)
            return error;
        if (sqe.Flags != 0 || sqe.Opcode != Opcode.MsgRing)
            return -Errno.EINVAL;
        error = Check(sqe);
        if (error == 0 && (MsgRingCommand)(uint)sqe.Addr != MsgRingCommand.Data)
            error = -Errno.EINVAL;
        if (error == 0)
            error = Find(engine, sqe.Fd, out RingContext? target) is < 0 and var unknown ? unknown : PostAndLetGo(target!, sqe);
        return error;
    }

    private static int PostAndLetGo(RingContext target, in Sqe sqe)
    {
        int error = Post(target, sqe, onWorker: false);
        target.DropReference();
        return error;
    }

    private static int Check(in Sqe sqe) =>
        sqe.BufIndex != 0 || sqe.Personality != 0 || ((MsgRingFlags)sqe.MsgRingFlags & ~Known) != 0 ? -Errno.EINVAL : 0;

    private static int Find(ManagedEngine engine, int descriptor, out RingContext? target)
    {
        int error = engine.Hold(descriptor, out target);
        return error == -Errno.EOPNOTSUPP ? -Errno.EBADFD : error;
    }

    private static int Post(RingContext target, in Sqe sqe, bool onWorker)
    {
        var flags = (MsgRingFlags)sqe.MsgRingFlags;
        bool passes = (flags & MsgRingFlags.FlagsPass) != 0;
        if (sqe.Addr3 != 0 || (flags & ~MsgRingFlags.FlagsPass) != 0 || !passes && sqe.FileIndex != 0)
            return -Errno.EINVAL;
        if (target.IsDisabled)
            return -Errno.EBADFD;
        Post(target, new Cqe { UserData = sqe.Off, Res = (int)sqe.Len, Flags = (CqeFlags)(passes ? sqe.FileIndex : 0) }, onWorker);
        return 0;
    }

    /// <summary>Before the sender's own completions, as there: those of its batch are posted at the batch's end.</summary>
    private static void Post(RingContext target, in Cqe cqe, bool onWorker)
    {
        var extra = default(CqeExtra);
        bool inline = !onWorker && !target.Defers;
        target.Completions.Post(new ReadOnlySpan<Cqe>(in cqe), new ReadOnlySpan<CqeExtra>(in extra), 0, inline);
        target.Timers?.CompleteSatisfied();
    }

    private static IssueOutcome SendFile(Request request, RingContext target, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        RingContext ring = request.Ring;
        if (sqe.Len != 0 || target == ring)
            return Done(request, -Errno.EINVAL);
        if (target.IsDisabled)
            return Done(request, -Errno.EBADFD);
        int duplicate = Duplicate(ring, (int)sqe.Addr3);
        if (duplicate < 0)
            return Done(request, duplicate);
        if (mode == IssueMode.Worker)
        {
            using (target.Submission.Hold())
                return Done(request, Install(request, target, duplicate, onWorker: true));
        }

        // The sender's lock is held: a target that is busy, perhaps sending to this one, is waited for by a worker.
        if (target.Submission.TryHold(out Submission.Held held))
        {
            using (held)
                return Done(request, Install(request, target, duplicate, onWorker: false));
        }

        Linux.Libc.Close(duplicate);
        return IssueOutcome.WouldBlock;
    }

    private static int Duplicate(RingContext ring, int slot)
    {
        using (ring.Submission.Hold())
            return ring.Files.Find(slot) is { } file ? SelfCaller.Instance.Duplicate(file.Descriptor) : -Errno.EBADF;
    }

    private static int Install(Request request, RingContext target, int descriptor, bool onWorker)
    {
        ref Sqe sqe = ref request.Sqe;
        var batch = new IssueBatch(); // what the slot held may have a tag, which is the target's to post
        batch.Begin(target, request.Caller, onSubmitter: false);
        int result = target.Files.InstallFixed(descriptor, sqe.FileIndex, batch);
        batch.End();
        if (result >= 0 && ((MsgRingFlags)sqe.MsgRingFlags & MsgRingFlags.CqeSkip) == 0)
            Post(target, new Cqe { UserData = sqe.Off, Res = result }, onWorker);
        return result;
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
