using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Managed.Ops;
using Timeout = UserRing.Engine.Managed.Ops.Timeout;

namespace UserRing.Engine.Managed;

/// <summary>
/// Every operation of the ABI, one row each, in number order. Checked when first used: a row in the wrong place, or one with a
/// prepare and no issue, ends the process at its first ring rather than at some later request.
/// </summary>
internal static unsafe class OpTable
{
    /// <summary>Operations of Linux 6.18; to a ring of that level what is newer is unknown.</summary>
    internal const int Count = AbiCounts.OpcodesIn618;

    private const Needs Transfer = Needs.File | Needs.IoPrio | Needs.Polled;
    private const Needs OnSocket = Needs.File | Needs.IoPrio | Needs.Insists;
    private const Needs SelectingRead = Transfer | Needs.Buffers;
    private const Needs GatheredRead = Transfer | Needs.Gathers;
    private const Needs PlainRead = GatheredRead | Needs.Buffers;
    private const Needs Exchanges = OnSocket | Needs.Buffers, Commands = Needs.File | Needs.Buffers | Needs.Polled;
    private const Needs ReadsMany = Needs.File | Needs.IoPrio | Needs.Buffers;
    private const Needs Connection = Needs.File | Needs.Insists, SendMessage = Transfer | Needs.Insists;
    private const Needs OrderedWrite = Transfer | Needs.FileOrder;

    private const Needs SlowTransfer = Needs.File | Needs.WaitsLong, WaitsLong = Needs.WaitsLong;

    private static readonly OpRow[] Rows = Checked(
    [
        //  opcode                 needs          ready on       prepare                    issue                    cleanup
        new(Opcode.Nop,            Needs.Polled,  Ready.Never,   &Nop.Prepare,              &Nop.Issue,              null),
        new(Opcode.Readv,          SelectingRead, Ready.ToRead,  &ReadWrite.PrepareVector,  &ReadWrite.Read,         &ReadWrite.Cleanup),
        new(Opcode.Writev,         OrderedWrite,  Ready.ToWrite, &ReadWrite.PrepareVector,  &ReadWrite.Write,        &ReadWrite.Cleanup),
        new(Opcode.Fsync,          Needs.File,    Ready.Never,   &Sync.PrepareFsync,        &Sync.Fsync,             null),
        new(Opcode.ReadFixed,      GatheredRead,  Ready.ToRead,  &ReadWrite.Prepare,        &ReadWrite.ReadFixed,    &ReadWrite.Cleanup),
        new(Opcode.WriteFixed,     OrderedWrite,  Ready.ToWrite, &ReadWrite.Prepare,        &ReadWrite.WriteFixed,   &ReadWrite.Cleanup),
        new(Opcode.PollAdd,        Needs.File,    Ready.Never,   &Poll.PrepareAdd,          &Poll.Add,               &Poll.Cleanup),
        new(Opcode.PollRemove,     Needs.None,    Ready.Never,   &Poll.PrepareRemove,       &Poll.Remove,            null),
        new(Opcode.SyncFileRange,  Needs.File,    Ready.Never,   &Sync.PrepareRange,        &Sync.Range,             null),
        new(Opcode.Sendmsg,        SendMessage,   Ready.ToWrite, &Send.PrepareSendMsg,      &Send.Issue,             &Exchange.Cleanup),
        new(Opcode.Recvmsg,        Exchanges,     Ready.ToRead,  &Receive.PrepareRecvMsg,   &Receive.Issue,          &Exchange.Cleanup),
        new(Opcode.Timeout,        Needs.None,    Ready.Never,   &Timeout.Prepare,          &Timeout.Issue,          null),
        new(Opcode.TimeoutRemove,  Needs.None,    Ready.Never,   &Timeout.PrepareRemove,    &Timeout.Remove,         null),
        new(Opcode.Accept,         OnSocket,      Ready.ToRead,  &Accept.Prepare,           &Accept.Issue,           null),
        new(Opcode.AsyncCancel,    Needs.None,    Ready.Never,   &Cancel.Prepare,           &Cancel.Issue,           null),
        new(Opcode.LinkTimeout,    Needs.None,    Ready.Never,   &Timeout.PrepareLinked,    &Timeout.IssueLinked,    null),
        new(Opcode.Connect,        Connection,    Ready.ToWrite, &Connect.Prepare,          &Connect.Issue,          &PathName.Free),
        new(Opcode.Fallocate,      Needs.File,    Ready.Never,   &Size.PrepareAllocate,     &Size.Allocate,          null),
        new(Opcode.Openat,         Needs.None,    Ready.Never,   &Open.Prepare,             &Open.Issue,             &PathName.Free),
        new(Opcode.Close,          Needs.None,    Ready.Never,   &Close.Prepare,            &Close.Issue,            null),
        new(Opcode.FilesUpdate,    Needs.Polled,  Ready.Never,   &Slots.PrepareUpdate,      &Slots.Update,           null),
        new(Opcode.Statx,          Needs.None,    Ready.Never,   &Stat.Prepare,             &Stat.Issue,             &PathName.Free),
        new(Opcode.Read,           PlainRead,     Ready.ToRead,  &ReadWrite.Prepare,        &ReadWrite.Read,         &ReadWrite.Cleanup),
        new(Opcode.Write,          OrderedWrite,  Ready.ToWrite, &ReadWrite.Prepare,        &ReadWrite.Write,        &ReadWrite.Cleanup),
        new(Opcode.Fadvise,        Needs.File,    Ready.Never,   &Advice.Prepare,           &Advice.OnFile,          null),
        new(Opcode.Madvise,        Needs.None,    Ready.Never,   &Advice.Prepare,           &Advice.OnMemory,        null),
        new(Opcode.Send,           Exchanges,     Ready.ToWrite, &Send.PrepareSend,         &Send.Issue,             &Exchange.Cleanup),
        new(Opcode.Recv,           Exchanges,     Ready.ToRead,  &Receive.PrepareRecv,      &Receive.Issue,          &Exchange.Cleanup),
        new(Opcode.Openat2,        Needs.None,    Ready.Never,   &Open.Prepare2,            &Open.Issue2,            &PathName.Free),
        new(Opcode.EpollCtl,       Needs.None,    Ready.Never,   &Epoll.PrepareControl,     &Epoll.Control,          null),
        new(Opcode.Splice,         SlowTransfer,  Ready.Never,   &Splice.Prepare,           &Splice.Issue,           null),
        new(Opcode.ProvideBuffers, Needs.Polled,  Ready.Never,   &Buffers.PrepareProvide,   &Buffers.Provide,        null),
        new(Opcode.RemoveBuffers,  Needs.Polled,  Ready.Never,   &Buffers.PrepareRemove,    &Buffers.Remove,         null),
        new(Opcode.Tee,            SlowTransfer,  Ready.Never,   &Splice.PrepareTee,        &Splice.Issue,           null),
        new(Opcode.Shutdown,       Needs.File,    Ready.Never,   &Socket.PrepareShutdown,   &Socket.Shutdown,        null),
        new(Opcode.Renameat,       Needs.None,    Ready.Never,   &Names.PrepareRename,      &Names.Rename,           &PathName.Free),
        new(Opcode.Unlinkat,       Needs.None,    Ready.Never,   &Names.PrepareUnlink,      &Names.Unlink,           &PathName.Free),
        new(Opcode.Mkdirat,        Needs.None,    Ready.Never,   &Names.PrepareMkdir,       &Names.Mkdir,            &PathName.Free),
        new(Opcode.Symlinkat,      Needs.None,    Ready.Never,   &Names.PrepareSymlink,     &Names.Symlink,          &PathName.Free),
        new(Opcode.Linkat,         Needs.None,    Ready.Never,   &Names.PrepareLink,        &Names.Link,             &PathName.Free),
        new(Opcode.MsgRing,        Needs.Polled,  Ready.Never,   &MessageRing.Prepare,      &MessageRing.Issue,      null),
        new(Opcode.Fsetxattr,      Needs.File,    Ready.Never,   &Xattr.PrepareFset,        &Xattr.Fset,             &PathName.Free),
        new(Opcode.Setxattr,       Needs.None,    Ready.Never,   &Xattr.PrepareSet,         &Xattr.Set,              &PathName.Free),
        new(Opcode.Fgetxattr,      Needs.File,    Ready.Never,   &Xattr.PrepareFget,        &Xattr.Fget,             &PathName.Free),
        new(Opcode.Getxattr,       Needs.None,    Ready.Never,   &Xattr.PrepareGet,         &Xattr.Get,              &PathName.Free),
        new(Opcode.Socket,         Needs.None,    Ready.Never,   &Socket.PrepareSocket,     &Socket.Open,            null),
        new(Opcode.UringCmd,       Commands,      Ready.Never,   &Command.Prepare,          &Command.Issue,          null),
        new(Opcode.SendZc,         OnSocket,      Ready.ToWrite, &Send.PrepareSendZc,       &Send.Issue,             &Exchange.Cleanup),
        new(Opcode.SendmsgZc,      OnSocket,      Ready.ToWrite, &Send.PrepareSendMsgZc,    &Send.Issue,             &Exchange.Cleanup),
        new(Opcode.ReadMultishot,  ReadsMany,     Ready.ToRead,  &SelectedRead.PrepareMany, &SelectedRead.IssueMany, &ReadWrite.Cleanup),
        new(Opcode.Waitid,         WaitsLong,     Ready.Never,   &WaitId.Prepare,           &WaitId.Issue,           &WaitId.Cleanup),
        new(Opcode.FutexWait,      Needs.None,    Ready.Never,   &Futex.Prepare,            &Futex.Wait,             null),
        new(Opcode.FutexWake,      Needs.None,    Ready.Never,   &Futex.Prepare,            &Futex.Wake,             null),
        new(Opcode.FutexWaitv,     Needs.None,    Ready.Never,   &Futex.PrepareWaitv,       &Futex.Waitv,            null),
        new(Opcode.FixedFdInstall, Needs.File,    Ready.Never,   &Slots.PrepareInstall,     &Slots.Install,          null),
        new(Opcode.Ftruncate,      Needs.File,    Ready.Never,   &Size.PrepareTruncate,     &Size.Truncate,          null),
        new(Opcode.Bind,           Needs.File,    Ready.Never,   &Socket.PrepareBind,       &Socket.Bind,            &PathName.Free),
        new(Opcode.Listen,         Needs.File,    Ready.Never,   &Socket.PrepareListen,     &Socket.Listen,          null),
        new(Opcode.RecvZc,         OnSocket,      Ready.Never,   &ReceiveZeroCopy.Prepare,  &ReceiveZeroCopy.Issue,  null),
        new(Opcode.EpollWait,      Needs.File,    Ready.ToRead,  &Epoll.PrepareWait,        &Epoll.Wait,             null),
        new(Opcode.ReadvFixed,     Transfer,      Ready.ToRead,  &ReadWrite.PrepareVector,  &ReadWrite.ReadvFixed,   &ReadWrite.Cleanup),
        new(Opcode.WritevFixed,    OrderedWrite,  Ready.ToWrite, &ReadWrite.PrepareVector,  &ReadWrite.WritevFixed,  &ReadWrite.Cleanup),
        new(Opcode.Pipe,           Needs.None,    Ready.Never,   &Pipe.Prepare,             &Pipe.Issue,             null),
        new(Opcode.Nop128,         Needs.Polled,  Ready.Never,   &Nop.Prepare,              &Nop.Issue,              null),
        new(Opcode.UringCmd128,    Commands,      Ready.Never,   &Command.Prepare,          &Command.Issue,          null),
    ]);

    /// <summary>The row of a number that is an operation at some level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref readonly OpRow Of(Opcode opcode) => ref Rows[(int)opcode];

    internal static bool Supports(Opcode opcode) => (int)opcode < Count && Rows[(int)opcode].IsImplemented;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Prepare(in OpRow row, Request request) => row.Prepare(request);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static IssueOutcome Issue(in OpRow row, Request request, IssueBatch batch, IssueMode mode) => row.Issue(request, batch, mode);

    internal static void Cleanup(Request request)
    {
        ref readonly OpRow row = ref Of(request.Sqe.Opcode);
        if (row.Cleanup != null)
            row.Cleanup(request);
    }

    private static OpRow[] Checked(OpRow[] rows)
    {
        if (rows.Length != AbiCounts.Opcodes)
            throw new InvalidOperationException($"The operation table has {rows.Length} rows, not {AbiCounts.Opcodes}.");
        for (int number = 0; number < rows.Length; number++)
        {
            ref readonly OpRow row = ref rows[number];
            if ((int)row.Opcode != number)
                throw new InvalidOperationException($"The operation table has {row.Opcode} in the place of number {number}.");
            if ((row.Prepare == null) != (row.Issue == null))
                throw new InvalidOperationException($"The row of {row.Opcode} has one of prepare and issue without the other.");
        }

        return rows;
    }
}
