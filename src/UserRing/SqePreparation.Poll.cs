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
}
