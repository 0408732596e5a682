using System.Runtime.CompilerServices;
using UserRing.Engine.Managed;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Whether a managed ring has arrived: what is in flight waits somewhere, nothing is on its way between two places. A completion may be
/// seen before what follows from it has been done, so that completions alone do not tell.
/// </summary>
internal static class ManagedInside
{
    public static bool IsAtRest(int descriptor)
    {
        if (RingTable.Find(descriptor) is not { } ring)
            return true;
        if (!ring.Later.IsEmpty || ring.Submission.Drain.HasWaiting && ring.InFlight == 0)
            return false;
        int waiting = 0;
        if (ring.PollWait is { } polls)
        {
            lock (LockOf(polls))
                waiting += CountAtRest(WaitingOf(polls));
        }

        if (ring.Timers is { } timers)
        {
            lock (LockOf(timers))
                waiting += CountAtRest(PlainOf(timers)) + CountingOf(timers).Count + LinkedOf(timers).Count;
        }

        if (ring.Workers is { } workers)
        {
            lock (LockOf(workers))
                waiting += ExecutingOf(workers).Count(request => request.MayBlock);
        }

        return ring.InFlight == waiting;
    }

    /// <summary>Without those that are posting in this moment, and stay in their list meanwhile.</summary>
    private static int CountAtRest(in RequestList list)
    {
        int count = 0;
        for (Request? request = list.First; request is not null; request = request.Next)
            count += request.IsDelivering ? 0 : 1;
        return count;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lock")]
    private static extern ref Lock LockOf(PollWait place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_waiting")]
    private static extern ref RequestList WaitingOf(PollWait place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lock")]
    private static extern ref Lock LockOf(Timers place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_plain")]
    private static extern ref RequestList PlainOf(Timers place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_counting")]
    private static extern ref RequestList CountingOf(Timers place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_linked")]
    private static extern ref RequestList LinkedOf(Timers place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lock")]
    private static extern ref Lock LockOf(Workers place);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_executing")]
    private static extern ref List<Request> ExecutingOf(Workers place);
}
