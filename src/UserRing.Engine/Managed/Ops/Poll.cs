using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// POLL_ADD: the result is the mask of ready events; once, or (multishot) each time the file has something new to say. POLL_REMOVE: ends
/// one of those, or changes what it waits for and who it says it is.
/// </summary>
internal static class Poll
{
    /// <summary>
    /// Reported whether asked for or not: unlike poll(2) also that the peer writes no more (io_uring/poll.c, IO_POLL_UNMASK).
    /// </summary>
    private const uint Unasked = Libc.EPOLLERR | Libc.EPOLLHUP | Libc.EPOLLRDHUP;

    private const int MostSpins = 5000;
    private const PollFlags KnownToRemove = PollFlags.UpdateEvents | PollFlags.UpdateUserData | PollFlags.AddMulti;
    private const uint ToWrite = Libc.EPOLLOUT | 0x100 | 0x200; // and EPOLLWRNORM, EPOLLWRBAND
    private const uint Behaviour = Libc.EPOLLONESHOT | Libc.EPOLLET | Libc.EPOLLEXCLUSIVE;

    internal static int PrepareAdd(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.BufIndex != 0 || sqe.Off != 0 || sqe.Addr != 0 || (sqe.Len & ~(uint)PollFlags.AddMulti) != 0)
            return -Errno.EINVAL;
        bool isMultishot = sqe.Len != 0;
        if (isMultishot && (sqe.Flags & SqeFlags.CqeSkipSuccess) != 0)
            return -Errno.EINVAL;
        uint asked = EventsOf(sqe);
        request.WaitEvents = (asked & ~Behaviour) | Unasked;
        if (isMultishot && (asked & Libc.EPOLLONESHOT) == 0) // which wins over the flag
            request.Marks |= Marks.Multishot;
        return 0;
    }

    internal static IssueOutcome Add(Request request, IssueBatch batch, IssueMode mode)
    {
        bool isMultishot = (request.Marks & Marks.Multishot) != 0;
        if (request.WasReady)
            return isMultishot ? Post(request, batch) : Done(request, (uint)request.Result);

        // poll(2) understands the low bits only; they are all that a file reports besides what epoll adds.
        if (batch.FactsOf(request.File).OpenFlags < 0)
            return Done(request, error: -Errno.EBADF);
        if (!isMultishot)
        {
            int count = Libc.Poll(request.File, (short)request.WaitEvents, 0, out short ready);
            uint events = (ushort)ready & request.WaitEvents;
            if (count > 0 && events != 0)
                return Done(request, events);
        }

        int error = Submission.HoldForParking(request);
        if (error == 0 && isMultishot)
            error = Watch(request);
        if (error == 0 && isMultishot && Post(request, batch) == IssueOutcome.Done)
            return IssueOutcome.Done; // no room for what is there already
        if (error == 0)
            error = request.Ring.GetPollWait().Park(request, isMultishot ? Libc.EPOLLIN : request.WaitEvents);
        return error switch
        {
            0 => IssueOutcome.Parked,
            -Errno.EPERM => WithoutReadiness(request),
            _ => Done(request, error),
        };
    }

    internal static int PrepareRemove(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        var flags = (PollFlags)sqe.Len;
        if (sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 || (flags & ~KnownToRemove) != 0 || flags == PollFlags.AddMulti)
            return -Errno.EINVAL;
        if ((flags & PollFlags.UpdateUserData) == 0 && sqe.Off != 0)
            return -Errno.EINVAL;
        return (flags & PollFlags.UpdateEvents) == 0 && sqe.Poll32Events != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Remove(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        RingContext ring = request.Ring;
        var key = new CancelMatch(CancelFlags.UserData | CancelFlags.Op, sqe.Addr, Opcode.PollAdd, file: -1);
        var spinner = default(SpinWait);
        int result;
        do
        {
            lock (ring.MoveLock)
            {
                Request? target = null;
                result = ring.PollWait is { } place ? place.TryTake(key, out target) : -Errno.ENOENT;
                if (result == 0)
                {
                    int end = (PollFlags)sqe.Len == 0 ? -Errno.ECANCELED : Update(target!, sqe);
                    if (end != 0)
                        ring.Later.Complete(target!, end);
                }
                else if (result == -Errno.EALREADY && (target!.Marks & Marks.Multishot) == 0)
                {
                    break; // about to complete
                }
            }

            // Of a multishot poll an event is being posted, possibly one that the program has seen already: that is over in a moment.
            if (result == -Errno.EALREADY)
                spinner.SpinOnce(sleep1Threshold: -1);
        }
        while (result == -Errno.EALREADY && spinner.Count < MostSpins);
        return Done(request, result);
    }

    internal static void Cleanup(Request request)
    {
        if (request.Watch >= 0)
            Libc.Close(request.Watch);
        request.Watch = -1;
    }

    /// <summary>
    /// An epoll of its own, edge-triggered, whose first event is taken on the spot: what is ready already is posted by the submitter, and
    /// whatever comes afterwards is an event of its own. On a shared epoll the two could not be told apart. The file is watched twice, for
    /// what can be read and for room to write, because what is reported is what has happened, not all that is so (io_uring/poll.c,
    /// io_poll_wake): that data has come does not say again that there is room.
    /// </summary>
    private static int Watch(Request request)
    {
        int watch = Libc.EpollCreate1(Libc.EPOLL_CLOEXEC);
        if (watch < 0)
            return watch;
        (request.Watch, request.NeedsCleanup) = (watch, true);
        uint toWrite = request.WaitEvents & ToWrite, toRead = request.WaitEvents & ~ToWrite;
        if (toWrite == 0 || (toRead & ~Unasked) == 0)
            return Libc.EpollCtl(watch, Libc.EPOLL_CTL_ADD, request.File, request.WaitEvents | Libc.EPOLLET, 0);
        int error = Libc.EpollCtl(watch, Libc.EPOLL_CTL_ADD, request.File, toRead | Libc.EPOLLET, 0);
        int again = error < 0 ? error : SelfCaller.Instance.Duplicate(request.File);
        if (again < 0)
            return again;
        error = Libc.EpollCtl(watch, Libc.EPOLL_CTL_ADD, again, toWrite | Libc.EPOLLET, 0);
        Libc.Close(again); // the file goes on being watched as long as it is open by another number, which the request holds
        return error;
    }

    /// <summary>Posts the new event, if there is one; done if that was the last, for want of room.</summary>
    private static IssueOutcome Post(Request request, IssueBatch batch)
    {
        uint events = Libc.TakeEpollEvents(request.Watch) & request.WaitEvents;
        return events == 0 || batch.TryPostMore(request, (int)events, CqeFlags.None) ? IssueOutcome.Parked : Done(request, events);
    }

    /// <summary>
    /// What was taken out waits again, for the same or something else: 0, or what it is to complete with. Only the events themselves
    /// change; whether it is multishot does not (io_uring/poll.c, io_poll_remove).
    /// </summary>
    private static int Update(Request target, in Sqe update)
    {
        const uint Events = 0xFFFF;
        var flags = (PollFlags)update.Len;
        if ((flags & PollFlags.UpdateEvents) != 0)
            target.WaitEvents = (target.WaitEvents & ~Events) | (EventsOf(update) & Events) | Unasked;
        if ((flags & PollFlags.UpdateUserData) != 0)
            target.Sqe.UserData = update.Off;
        PollWait place = target.Ring.PollWait!;
        if (target.Watch < 0)
        {
            int count = Libc.Poll(target.File, (short)target.WaitEvents, 0, out short ready);
            uint events = (ushort)ready & target.WaitEvents;
            return count > 0 && events != 0 ? (int)events : OrCancelled(place.Park(target, target.WaitEvents));
        }

        // What is ready at the time counts as new, and is posted when the poller comes to it.
        int error = Libc.EpollCtl(target.Watch, Libc.EPOLL_CTL_MOD, target.File, target.WaitEvents | Libc.EPOLLET, 0);
        return OrCancelled(error < 0 ? error : place.Park(target, Libc.EPOLLIN));
    }

    private static int OrCancelled(int error) => error < 0 ? -Errno.ECANCELED : 0;

    private static uint EventsOf(in Sqe sqe) =>
        BitConverter.IsLittleEndian ? sqe.Poll32Events : (sqe.Poll32Events << 16) | (sqe.Poll32Events >> 16);

    /// <summary>
    /// A file that epoll does not watch is always ready. To ask it for what does not exist on it is an error, since nothing would ever
    /// come.
    /// </summary>
    private static IssueOutcome WithoutReadiness(Request request)
    {
        int count = Libc.Poll(request.File, (short)request.WaitEvents, 0, out short ready);
        uint events = (ushort)ready & request.WaitEvents;
        return count > 0 && events != 0 ? Done(request, events) : Done(request, error: -Errno.EINVAL);
    }

    private static IssueOutcome Done(Request request, uint events) => Done(request, (int)(events & request.WaitEvents));

    private static IssueOutcome Done(Request request, int error)
    {
        request.Result = error;
        return IssueOutcome.Done;
    }
}
