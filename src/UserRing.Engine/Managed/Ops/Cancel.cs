using UserRing.Abi;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// ASYNC_CANCEL by user_data: 0 if a request was taken out (it completes with ECANCELED), EALREADY if it is being executed, ENOENT if
/// there is none; with ALL or ANY the number of those taken out.
/// </summary>
internal static class Cancel
{
    /// <summary>Keys by file and operation are not implemented, and refused as an unknown flag is.</summary>
    private const CancelFlags Honoured = CancelFlags.All | CancelFlags.Any | CancelFlags.UserData;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Off != 0 || sqe.SpliceFdIn != 0 || (sqe.CancelFlags & ~Honoured) != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        CancelFlags flags = request.Sqe.CancelFlags;
        bool all = (flags & (CancelFlags.All | CancelFlags.Any)) != 0;
        CancelMatch match = (flags & CancelFlags.Any) != 0
            ? CancelMatch.Everything
            : CancelMatch.ByUserData(request.Sqe.Addr, all);
        int cancelled = 0;
        bool running = false;
        RingContext ring = request.Ring;
        for (int i = 0; i < RingContext.Places; i++)
        {
            if (ring.PlaceAt(i) is not { } place)
                continue;
            CancelResult found = place.Cancel(match, batch);
            cancelled += found.Cancelled;
            running |= found.Running;
            if (!all && (cancelled > 0 || running))
                break;
        }

        request.Result = all ? cancelled : cancelled > 0 ? 0 : running ? -Errno.EALREADY : -Errno.ENOENT;
        return IssueOutcome.Done;
    }
}
