using UserRing.Abi;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// ASYNC_CANCEL by user_data, file, operation or all of them: 0 if a request was found (it completes with ECANCELED), EALREADY if it is
/// being executed, ENOENT if there is none; with ALL or ANY the number found.
/// </summary>
internal static class Cancel
{
    private const CancelFlags OtherKeys = CancelFlags.Fd | CancelFlags.Op;
    private const CancelFlags Known = OtherKeys | CancelFlags.All | CancelFlags.Any | CancelFlags.FdFixed | CancelFlags.UserData;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Off != 0 || sqe.SpliceFdIn != 0 || (sqe.CancelFlags & ~Known) != 0)
            return -Errno.EINVAL;
        return (sqe.CancelFlags & CancelFlags.Any) != 0 && (sqe.CancelFlags & OtherKeys) != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        int file = -1;
        if ((sqe.CancelFlags & CancelFlags.Fd) != 0)
        {
            bool isFixed = (sqe.Flags & SqeFlags.FixedFile) != 0 || (sqe.CancelFlags & CancelFlags.FdFixed) != 0;
            file = isFixed ? request.Ring.Files.Find(sqe.Fd)?.Descriptor ?? -1 : request.Caller.Borrow(sqe.Fd, batch);
            if (file < 0 || batch.FactsOf(file).OpenFlags < 0)
                return Done(request, -Errno.EBADF);
        }

        var match = new CancelMatch(sqe.CancelFlags, sqe.Addr, (Opcode)(byte)sqe.Len, file);
        CancelResult result = request.Ring.Cancel(match, batch);
        return Done(request, match.All ? result.Found : result.ForOne);
    }

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
