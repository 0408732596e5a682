using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// RECV, as recv(2): completes with the bytes received, 0 at the end. It waits for data whether the socket is blocking or not, unless
    /// told not to (MSG_DONTWAIT: -EAGAIN). SOCK_NONEMPTY in the completion's flags: there is more already. Linux 5.6.
    /// </summary>
    /// <param name="sqe">
    /// The entry to fill in; with <see cref="SelectBuffer"/> the bytes go to a provided buffer, whose number the completion tells.
    /// </param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="address">Where to put the bytes; 0 with provided buffers.</param>
    /// <param name="length">How many at most; 0 with provided buffers: as many as one holds.</param>
    /// <param name="msgFlags">
    /// MSG_ bits of recv(2). With MSG_WAITALL a stream is received from until all is there, and less (the end, an error) ends a chain.
    /// </param>
    /// <param name="flags">
    /// With <see cref="RecvSendFlags.Multishot"/> (Linux 6.0, provided buffers) there is a completion for each piece, marked
    /// <see cref="CqeFlags.More"/> as long as others will follow: the end (0), an error, -ENOBUFS and a full CQ end it. With
    /// <see cref="RecvSendFlags.Bundle"/> (Linux 6.10) a piece may fill several buffers of a ring, which follow that one.
    /// </param>
    /// <param name="limit">How many bytes a multishot receive takes in all (Linux 6.16); 0: no limit.</param>
    public static ref Sqe PrepareRecv(
        this ref Sqe sqe, int fd, nuint address, uint length, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None, uint limit = 0)
    {
        Prepare(ref sqe, Opcode.Recv, fd, address, length, 0).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        sqe.OptLen = limit;
        return ref sqe;
    }

    /// <summary>
    /// RECVMSG, as recvmsg(2): completes with the bytes received. As <see cref="PrepareRecv"/> otherwise, but for bundles. A multishot
    /// one puts a
    /// <see cref="RecvMsgOut"/> into each buffer, then the name, the control data and the payload; result is how much of it is
    /// in use, -EFAULT if there is no room for that head. Linux 5.3, multishot 6.0.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="message">
    /// Address of a <see cref="MsgHdr"/>, which is written to by the completion: it must not move until then, nor the name and the control
    /// data; the iovec array may go once it is submitted. Of a multishot request it only says how much room name and control data
    /// have in each buffer, and it may go as well.
    /// </param>
    /// <param name="msgFlags">MSG_ bits of recv(2). With control data MSG_WAITALL does not wait for the rest.</param>
    /// <param name="flags">Whether multishot, and whether to wait for data before the first attempt.</param>
    public static ref Sqe PrepareRecvmsg(
        this ref Sqe sqe, int fd, nuint message, uint msgFlags = 0, RecvSendFlags flags = RecvSendFlags.None)
    {
        Prepare(ref sqe, Opcode.Recvmsg, fd, message, 1, 0).MsgFlags = msgFlags;
        sqe.IoPrio = (ushort)flags;
        return ref sqe;
    }

    /// <summary>
    /// READ_MULTISHOT: reads a file that can be polled (a pipe, a terminal, a socket) again and again, each time into a provided buffer.
    /// A completion for each piece, marked <see cref="CqeFlags.More"/> as long as others will follow: the end (0), an error, -ENOBUFS and a
    /// full CQ end it; -EBADFD for files of other kinds. Linux 6.7.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="group">The group of buffers.</param>
    public static ref Sqe PrepareReadMultishot(this ref Sqe sqe, int fd, ushort group) =>
        ref Prepare(ref sqe, Opcode.ReadMultishot, fd, 0, 0, ulong.MaxValue).SelectBuffer(group);

    /// <summary>
    /// Has a prepared request take its memory from a group of provided buffers (BUFFER_SELECT) when it is carried out; -ENOBUFS if the
    /// group is empty or does not exist. For READ, READV, RECV, RECVMSG (Linux 5.7) and SEND (Linux 6.10).
    /// </summary>
    /// <param name="sqe">The entry; whatever sets its flags afterwards must keep <see cref="SqeFlags.BufferSelect"/>.</param>
    /// <param name="group">The group.</param>
    public static ref Sqe SelectBuffer(this ref Sqe sqe, ushort group)
    {
        sqe.Flags |= SqeFlags.BufferSelect;
        sqe.BufGroup = group;
        return ref sqe;
    }
}
