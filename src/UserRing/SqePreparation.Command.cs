using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// URING_CMD: a command of the file's own kind (a socket's, a device's); the managed engine has those of sockets. What it completes
    /// with is up to the command; -EOPNOTSUPP if the file has no such thing. The fields from <c>addr</c> on are the command's. Linux 5.19.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="command">Number of the command.</param>
    /// <param name="flags">Whether it uses a registered buffer, which is then <c>buf_index</c>.</param>
    public static ref Sqe PrepareUringCmd(this ref Sqe sqe, int fd, uint command, UringCmdFlags flags = UringCmdFlags.None)
    {
        Prepare(ref sqe, Opcode.UringCmd, fd).CmdOp = command;
        sqe.UringCmdFlags = flags;
        return ref sqe;
    }

    /// <summary>
    /// URING_CMD of a socket (IP sockets; those of AF_UNIX have none): completes with the bytes that can be read or are not sent yet
    /// (Linux 6.6), with the length of the option that was got, with 0 when one was set (Linux 6.7).
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the socket.</param>
    /// <param name="command">What to do.</param>
    /// <param name="level">Of an option: SOL_ number; only SOL_SOCKET to get one.</param>
    /// <param name="option">Of an option: its number at that level.</param>
    /// <param name="value">Of an option: address of its value, which must not move until the completion.</param>
    /// <param name="length">Of an option: the value's bytes.</param>
    public static ref Sqe PrepareSocketCommand(
        this ref Sqe sqe, int fd, SocketOp command, uint level = 0, uint option = 0, nuint value = 0, uint length = 0)
    {
        PrepareUringCmd(ref sqe, fd, (uint)command);
        sqe.Level = level;
        sqe.OptName = option;
        sqe.OptVal = value;
        sqe.OptLen = length;
        return ref sqe;
    }
}
