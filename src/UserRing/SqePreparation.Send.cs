using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// SEND, as sendto(2): completes with the bytes sent, which may be fewer unless MSG_WAITALL asks for all of them. It waits for room
    /// whether the socket is blocking or not, unless told not to (MSG_DONTWAIT: -EAGAIN). -EPIPE raises no signal. Linux 5.6, a
    /// destination 6.0.
    /// </summary>
    /// <param name="sqe">The entry to fill in; with <see cref="SelectBuffer"/> (Linux 6.10) the data is that of a provided buffer.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="address">The bytes; with <see cref="RecvSendFlags.Vectorized"/> (Linux 6.17) <see cref="IoVec"/>s.</param>
    /// <param name="length">How many.</param>
    /// <param name="msgFlags">MSG_ bits of send(2). With MSG_WAITALL a short send ends a chain.</param>
    /// <param name="flags">
    /// <see cref="RecvSendFlags.Bundle"/> (with provided buffers): sends all that the group holds, one completion for each part.
    /// </param>
    /// <param name="destination">Address of a sockaddr, which may go once it is submitted, or 0 for the socket's peer.</param>
    /// <param name="destinationLength">Its length in bytes.</param>
    public static ref Sqe PrepareSend(
        this ref Sqe sqe, int fd, nuint address, uint length, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None,
        nuint destination = 0, ushort destinationLength = 0)
    {
        Prepare(ref sqe, Opcode.Send, fd, address, length, destination).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        sqe.AddrLen = destinationLength;
        return ref sqe;
    }

    /// <summary>SENDMSG, as sendmsg(2): completes with the bytes sent. As <see cref="PrepareSend"/> otherwise. Linux 5.3.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="message">
    /// Address of a <see cref="MsgHdr"/>. It may go once it is submitted, with the destination and the iovec array it points to, 1024 at
    /// most; the data and the control data may not before the completion.
    /// </param>
    /// <param name="msgFlags">MSG_ bits of send(2).</param>
    /// <param name="flags">Whether to wait for room before the first attempt.</param>
    public static ref Sqe PrepareSendmsg(
        this ref Sqe sqe, int fd, nuint message, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None)
    {
        Prepare(ref sqe, Opcode.Sendmsg, fd, message, 1, 0).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        return ref sqe;
    }

    /// <summary>
    /// SEND_ZC: a send that does not copy its data where the kernel and the network allow it. Two completions: the result with
    /// <see cref="CqeFlags.More"/>, then one with <see cref="CqeFlags.Notif"/> when the data may be touched again; a request that is
    /// refused has both as well. The managed engine always copies. -EOPNOTSUPP on sockets without it (Unix). Linux 6.0.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="address">The bytes, which must stay as they are until the second completion.</param>
    /// <param name="length">How many.</param>
    /// <param name="msgFlags">MSG_ bits of send(2).</param>
    /// <param name="flags">
    /// <see cref="RecvSendFlags.FixedBuf"/>: the bytes lie in a registered buffer; <see cref="RecvSendFlags.ReportUsage"/> (Linux 6.2): the
    /// second completion says in <see cref="CqeBits.NotifUsageZcCopied"/> whether they were copied after all.
    /// </param>
    /// <param name="bufIndex">That registered buffer.</param>
    /// <param name="destination">Address of a sockaddr, which may go once it is submitted, or 0 for the socket's peer.</param>
    /// <param name="destinationLength">Its length in bytes.</param>
    public static ref Sqe PrepareSendZc(
        this ref Sqe sqe, int fd, nuint address, uint length, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None,
        ushort bufIndex = 0, nuint destination = 0, ushort destinationLength = 0)
    {
        Prepare(ref sqe, Opcode.SendZc, fd, address, length, destination).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        sqe.BufIndex = bufIndex;
        sqe.AddrLen = destinationLength;
        return ref sqe;
    }

    /// <summary>SENDMSG_ZC: as <see cref="PrepareSendmsg"/> and <see cref="PrepareSendZc"/>. Linux 6.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="message">Address of a <see cref="MsgHdr"/>; see <see cref="PrepareSendmsg"/>.</param>
    /// <param name="msgFlags">MSG_ bits of send(2).</param>
    /// <param name="flags">As of <see cref="PrepareSendZc"/>; a registered buffer holds all parts (Linux 6.15).</param>
    /// <param name="bufIndex">That registered buffer.</param>
    public static ref Sqe PrepareSendmsgZc(
        this ref Sqe sqe, int fd, nuint message, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None, ushort bufIndex = 0)
    {
        Prepare(ref sqe, Opcode.SendmsgZc, fd, message, 1, 0).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        sqe.BufIndex = bufIndex;
        return ref sqe;
    }
}
