using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>EPOLL_CTL, as epoll_ctl(2): completes with 0. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="epoll">Descriptor of the epoll instance; never a slot.</param>
    /// <param name="operation">1: add, 2: delete, 3: modify.</param>
    /// <param name="fd">Descriptor to watch; never a slot.</param>
    /// <param name="event">
    /// Address of an <see cref="EpollEventPacked"/> (x86-64) or <see cref="EpollEvent"/>, which may go once it is submitted; 0 to delete.
    /// </param>
    public static ref Sqe PrepareEpollCtl(this ref Sqe sqe, int epoll, int operation, int fd, nuint @event) =>
        ref Prepare(ref sqe, Opcode.EpollCtl, epoll, @event, (uint)operation, (uint)fd);

    /// <summary>
    /// EPOLL_WAIT, as epoll_wait(2): completes with the number of events, at least one; it has no time limit of its own. Linux 6.15.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="epoll">Descriptor of the epoll instance.</param>
    /// <param name="events">Where to put the events by the completion: memory that does not move until then.</param>
    /// <param name="most">How many there is room for.</param>
    public static ref Sqe PrepareEpollWait(this ref Sqe sqe, int epoll, nuint events, uint most) =>
        ref Prepare(ref sqe, Opcode.EpollWait, epoll, events, most, 0);
}
