using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>POLL_ADD: completes with the events that are there, once one of those asked for is. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor to watch.</param>
    /// <param name="events">POLL bits as in poll(2), EPOLL bits above 16 (Linux 5.9).</param>
    public static ref Sqe PreparePollAdd(this ref Sqe sqe, int fd, uint events)
    {
        Prepare(ref sqe, Opcode.PollAdd, fd).Poll32Events = events;
        return ref sqe;
    }

    /// <summary>
    /// POLL_REMOVE: ends the POLL_ADD with that user_data, which completes with -ECANCELED. Completes with 0, -ENOENT if there is none,
    /// -EALREADY if it is just completing. Linux 5.1.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="userData">user_data of the POLL_ADD.</param>
    public static ref Sqe PreparePollRemove(this ref Sqe sqe, ulong userData)
    {
        Prepare(ref sqe, Opcode.PollRemove, -1).Addr = userData;
        return ref sqe;
    }

    /// <summary>
    /// POLL_REMOVE that changes a POLL_ADD instead of ending it; one that is ready for its new events completes. Whether it is multishot
    /// stays as it is. Linux 5.13.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="userData">user_data of the POLL_ADD.</param>
    /// <param name="flags">What is to change: <see cref="PollFlags.UpdateEvents"/>, <see cref="PollFlags.UpdateUserData"/>, or
    /// both.</param>
    /// <param name="events">POLL bits; 0 unless they change.</param>
    /// <param name="newUserData">0 unless it changes.</param>
    public static ref Sqe PreparePollUpdate(
        this ref Sqe sqe, ulong userData, PollFlags flags, uint events = 0, ulong newUserData = 0)
    {
        Prepare(ref sqe, Opcode.PollRemove, -1, (nuint)userData, (uint)flags, newUserData).Poll32Events = events;
        return ref sqe;
    }
}
