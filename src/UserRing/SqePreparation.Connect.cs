using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// ACCEPT, as accept4(2): completes with the descriptor of the next connection. For a slot it completes with 0, for
    /// <see cref="FileSlots.Alloc"/> with the slot that was found. It waits for a connection whether the listener is blocking or not,
    /// unless it is told not to (-EAGAIN). SOCK_NONEMPTY in the completion's flags: another connection waits already. Linux 5.5, slots
    /// 5.15.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the listener.</param>
    /// <param name="address">Where to put the peer's address by the completion, or 0.</param>
    /// <param name="addressLength">
    /// Address of an int: how many bytes there is room for, then the address's length. Like the address it must not move until the
    /// completion; 0 together with it.
    /// </param>
    /// <param name="socketFlags">SOCK_NONBLOCK and SOCK_CLOEXEC for the new socket; the latter not together with a slot.</param>
    /// <param name="flags">
    /// With <see cref="AcceptFlags.Multishot"/> (Linux 5.19) there is a completion for each connection, marked <see
    /// cref="CqeFlags.More"/> as long as others will follow; an error ends it, and so does a full CQ.
    /// </param>
    /// <param name="fileIndex">
    /// 0 for a descriptor; else a slot of the registered files plus one (not with multishot), or <see cref="FileSlots.Alloc"/>.
    /// </param>
    public static ref Sqe PrepareAccept(
        this ref Sqe sqe, int fd, nuint address = 0, nuint addressLength = 0, int socketFlags = 0, AcceptFlags flags = AcceptFlags.None,
        uint fileIndex = 0)
    {
        Prepare(ref sqe, Opcode.Accept, fd, address, 0, addressLength).AcceptFlags = (uint)socketFlags;
        sqe.IoPrio = (ushort)flags;
        sqe.FileIndex = fileIndex;
        return ref sqe;
    }

    /// <summary>
    /// CONNECT, as connect(2): completes with 0 when the connection stands, or with why it does not. It waits whether the socket is
    /// blocking or not; a cancel leaves the attempt to go on by itself. Linux 5.5.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="address">Address of a sockaddr, which may go once it is submitted.</param>
    /// <param name="addressLength">Its length in bytes.</param>
    public static ref Sqe PrepareConnect(this ref Sqe sqe, int fd, nuint address, uint addressLength) =>
        ref Prepare(ref sqe, Opcode.Connect, fd, address, 0, addressLength);
}
