using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Each preparation fills in exactly the fields that its operation means, whatever the entry held before.</summary>
public sealed class PreparationTests
{
    private delegate ref Sqe Preparation(ref Sqe sqe);

    [Fact]
    public void Sockets()
    {
        Prepares(
            (ref s) => ref s.PrepareSocket(2, 1 | 0x800, 17, 3),
            new Sqe { Opcode = Opcode.Socket, Fd = 2, Off = 0x801, Len = 17, FileIndex = 3 });
        Prepares((ref s) => ref s.PrepareSocket(1, 5), new Sqe { Opcode = Opcode.Socket, Fd = 1, Off = 5 });
        Prepares((ref s) => ref s.PrepareBind(7, 0x1000, 16), new Sqe { Opcode = Opcode.Bind, Fd = 7, Addr = 0x1000, Addr2 = 16 });
        Prepares((ref s) => ref s.PrepareListen(7, 128), new Sqe { Opcode = Opcode.Listen, Fd = 7, Len = 128 });
        Prepares((ref s) => ref s.PrepareShutdown(7, 2), new Sqe { Opcode = Opcode.Shutdown, Fd = 7, Len = 2 });
    }

    [Fact]
    public void Connections()
    {
        Prepares((ref s) => ref s.PrepareAccept(7), new Sqe { Opcode = Opcode.Accept, Fd = 7 });
        Prepares(
            (ref s) => ref s.PrepareAccept(7, 0x1000, 0x2000, 0x80000, AcceptFlags.Multishot | AcceptFlags.PollFirst, FileSlots.Alloc),
            new Sqe
            {
                Opcode = Opcode.Accept, Fd = 7, Addr = 0x1000, Addr2 = 0x2000, AcceptFlags = 0x80000,
                IoPrio = 5, FileIndex = FileSlots.Alloc,
            });
        Prepares((ref s) => ref s.PrepareConnect(7, 0x1000, 16), new Sqe { Opcode = Opcode.Connect, Fd = 7, Addr = 0x1000, Addr2 = 16 });
    }

    [Fact]
    public void Sends()
    {
        Prepares((ref s) => ref s.PrepareSend(7, 0x1000, 9), new Sqe { Opcode = Opcode.Send, Fd = 7, Addr = 0x1000, Len = 9 });
        Prepares(
            (ref s) => ref s.PrepareSend(7, 0x1000, 9, 0x100, RecvSendFlags.PollFirst, 0x2000, 28),
            new Sqe { Opcode = Opcode.Send, Fd = 7, Addr = 0x1000, Len = 9, MsgFlags = 0x100, IoPrio = 1, Addr2 = 0x2000, AddrLen = 28 });
        Prepares(
            (ref s) => ref s.PrepareSend(7, 0, 0, flags: RecvSendFlags.Bundle).SelectBuffer(5),
            new Sqe { Opcode = Opcode.Send, Flags = SqeFlags.BufferSelect, Fd = 7, IoPrio = 0x10, BufGroup = 5 });
        Prepares(
            (ref s) => ref s.PrepareSendmsg(7, 0x1000, 0x40, RecvSendFlags.PollFirst),
            new Sqe { Opcode = Opcode.Sendmsg, Fd = 7, Addr = 0x1000, Len = 1, MsgFlags = 0x40, IoPrio = 1 });
        Prepares(
            (ref s) => ref s.PrepareSendZc(7, 0x1000, 9, 0x100, RecvSendFlags.FixedBuf | RecvSendFlags.ReportUsage, 3, 0x2000, 16),
            new Sqe
            {
                Opcode = Opcode.SendZc, Fd = 7, Addr = 0x1000, Len = 9, MsgFlags = 0x100, IoPrio = 0xC, BufIndex = 3,
                Addr2 = 0x2000, AddrLen = 16,
            });
        Prepares(
            (ref s) => ref s.PrepareSendmsgZc(7, 0x1000, 0x100, RecvSendFlags.FixedBuf, 3),
            new Sqe { Opcode = Opcode.SendmsgZc, Fd = 7, Addr = 0x1000, Len = 1, MsgFlags = 0x100, IoPrio = 4, BufIndex = 3 });
    }

    [Fact]
    public void Receives()
    {
        Prepares((ref s) => ref s.PrepareRecv(7, 0x1000, 9), new Sqe { Opcode = Opcode.Recv, Fd = 7, Addr = 0x1000, Len = 9 });
        Prepares(
            (ref s) => ref s.PrepareRecv(7, 0, 0, 0x20, RecvSendFlags.Multishot | RecvSendFlags.Bundle, 4096).SelectBuffer(5),
            new Sqe
            {
                Opcode = Opcode.Recv, Flags = SqeFlags.BufferSelect, Fd = 7, MsgFlags = 0x20, IoPrio = 0x12, BufGroup = 5, OptLen = 4096,
            });
        Prepares(
            (ref s) => ref s.PrepareRecvmsg(7, 0x1000, 0x40, RecvSendFlags.Multishot),
            new Sqe { Opcode = Opcode.Recvmsg, Fd = 7, Addr = 0x1000, Len = 1, MsgFlags = 0x40, IoPrio = 2 });
        Prepares(
            (ref s) => ref s.PrepareReadMultishot(7, 5),
            new Sqe { Opcode = Opcode.ReadMultishot, Flags = SqeFlags.BufferSelect, Fd = 7, Off = ulong.MaxValue, BufGroup = 5 });
    }

    [Fact]
    public void Selecting_a_buffer_keeps_the_other_flags()
    {
        Sqe sqe = new() { Flags = SqeFlags.IoLink, Opcode = Opcode.Read };
        Same(new Sqe { Flags = SqeFlags.IoLink | SqeFlags.BufferSelect, Opcode = Opcode.Read, BufGroup = 9 }, sqe.SelectBuffer(9));
    }

    [Fact]
    public void Epolls_and_commands()
    {
        Prepares(
            (ref s) => ref s.PrepareEpollCtl(7, 1, 9, 0x1000),
            new Sqe { Opcode = Opcode.EpollCtl, Fd = 7, Len = 1, Off = 9, Addr = 0x1000 });
        Prepares(
            (ref s) => ref s.PrepareEpollWait(7, 0x1000, 16),
            new Sqe { Opcode = Opcode.EpollWait, Fd = 7, Addr = 0x1000, Len = 16 });
        Prepares(
            (ref s) => ref s.PrepareUringCmd(7, 77, UringCmdFlags.Fixed),
            new Sqe { Opcode = Opcode.UringCmd, Fd = 7, CmdOp = 77, UringCmdFlags = UringCmdFlags.Fixed });
        Prepares(
            (ref s) => ref s.PrepareSocketCommand(7, SocketOp.SetSockOpt, 1, 2, 0x1000, 4),
            new Sqe { Opcode = Opcode.UringCmd, Fd = 7, CmdOp = 3, Level = 1, OptName = 2, OptVal = 0x1000, OptLen = 4 });
    }

    [Fact]
    public void Futexes_and_children()
    {
        Prepares(
            (ref s) => ref s.PrepareFutexWait(0x1000, 5),
            new Sqe { Opcode = Opcode.FutexWait, Fd = 0x82, Addr = 0x1000, Addr2 = 5, Addr3 = uint.MaxValue });
        Prepares(
            (ref s) => ref s.PrepareFutexWake(0x1000, 1, 6, SqePreparation.Futex32),
            new Sqe { Opcode = Opcode.FutexWake, Fd = 2, Addr = 0x1000, Addr2 = 1, Addr3 = 6 });
        Prepares(
            (ref s) => ref s.PrepareFutexWaitv(0x1000, 3),
            new Sqe { Opcode = Opcode.FutexWaitv, Addr = 0x1000, Len = 3 });
        Prepares(
            (ref s) => ref s.PrepareWaitid(1, 4321, 0x1000, 4),
            new Sqe { Opcode = Opcode.Waitid, Fd = 4321, Len = 1, Addr2 = 0x1000, FileIndex = 4 });
    }

    private static void Prepares(Preparation prepare, Sqe expected)
    {
        Sqe sqe = default;
        Bytes(ref sqe).Fill(0xFF);
        Same(expected, prepare(ref sqe));
    }

    private static void Same(Sqe expected, Sqe actual) =>
        Assert.Equal(Convert.ToHexString(Bytes(ref expected)), Convert.ToHexString(Bytes(ref actual)));

    private static Span<byte> Bytes(ref Sqe sqe) => MemoryMarshal.AsBytes(new Span<Sqe>(ref sqe));
}
