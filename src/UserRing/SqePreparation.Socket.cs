using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// SOCKET, as socket(2): completes with the new descriptor. For a slot it completes with 0, for <see cref="FileSlots.Alloc"/> with the
    /// slot that was found. Errors are those of socket(2), -ENFILE where no slot is free, -ENXIO without a file table. Linux 5.19.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="domain">AF_ number.</param>
    /// <param name="type">SOCK_ number, with SOCK_NONBLOCK and SOCK_CLOEXEC; the latter not together with a slot.</param>
    /// <param name="protocol">Mostly 0.</param>
    /// <param name="fileIndex">
    /// 0 for a descriptor; else a slot of the registered files plus one, whose content is replaced, or <see cref="FileSlots.Alloc"/>.
    /// </param>
    public static ref Sqe PrepareSocket(this ref Sqe sqe, int domain, int type, int protocol = 0, uint fileIndex = 0)
    {
        Prepare(ref sqe, Opcode.Socket, domain, 0, (uint)protocol, (uint)type).FileIndex = fileIndex;
        return ref sqe;
    }

    /// <summary>BIND, as bind(2): completes with 0. Linux 6.11.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="address">Address of a sockaddr, which may go once it is submitted.</param>
    /// <param name="addressLength">Its length in bytes.</param>
    public static ref Sqe PrepareBind(this ref Sqe sqe, int fd, nuint address, uint addressLength) =>
        ref Prepare(ref sqe, Opcode.Bind, fd, address, 0, addressLength);

    /// <summary>LISTEN, as listen(2): completes with 0. Linux 6.11.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    public static ref Sqe PrepareListen(this ref Sqe sqe, int fd, int backlog) =>
        ref Prepare(ref sqe, Opcode.Listen, fd, 0, (uint)backlog, 0);

    /// <summary>
    /// SHUTDOWN, as shutdown(2): completes with 0, or -ENOTCONN; an error does not end a chain. Requests that wait on the socket see
    /// its end. Linux 5.11.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="how">0: nothing more will be received, 1: sent, 2: either.</param>
    public static ref Sqe PrepareShutdown(this ref Sqe sqe, int fd, int how) =>
        ref Prepare(ref sqe, Opcode.Shutdown, fd, 0, (uint)how, 0);
}
