using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Tests.Waiting.Ending;

namespace UserRing.Tests.Waiting;

/// <summary>Every operation that can wait, in each form in which it waits for something else; and those that never do.</summary>
internal static class WaitingCases
{
    private const ulong Current = ulong.MaxValue;
    private const int ProcessId = 1, Exited = 4, Stopped = 2;
    private const uint WillNeed = 3;

    /// <summary>SYNC_FILE_RANGE_WRITE and _WAIT_AFTER</summary>
    private const uint WriteAndWait = 2 | 4;

    public static readonly WaitingCase[] All = [.. OnPipes(), .. OnSockets(), .. OnEvents(), .. OnWorkers(), .. OnFiles(), .. OnPaths()];

    private const string Nothing = "there is nothing it could wait for";
    private const string Requests = "it looks at requests, which takes a lock";
    private const string Numbers = "it changes a table of descriptors, files or buffers";

    /// <summary>With the reason.</summary>
    public static readonly Dictionary<Opcode, string> NeverWait = new()
    {
        [Opcode.Nop] = Nothing,
        [Opcode.PollRemove] = Requests,
        [Opcode.TimeoutRemove] = Requests,
        [Opcode.AsyncCancel] = Requests,
        [Opcode.FilesUpdate] = Numbers,
        [Opcode.EpollCtl] = "it asks a file what is the matter, as a poll does that waits only after that",
        [Opcode.ProvideBuffers] = Numbers,
        [Opcode.RemoveBuffers] = Numbers,
        [Opcode.Shutdown] = "the peer is told later",
        [Opcode.MsgRing] = "the other ring keeps what it has no room for",
        [Opcode.Socket] = Nothing,
        [Opcode.UringCmd] = "its commands read and set what a socket knows of itself",
        [Opcode.FutexWake] = Nothing,
        [Opcode.FixedFdInstall] = Numbers,
        [Opcode.Listen] = Nothing,
        [Opcode.RecvZc] = "it is refused where no network card gives its memory",
        [Opcode.Pipe] = Nothing,
        [Opcode.Nop128] = Nothing,
        [Opcode.UringCmd128] = "its commands read and set what a socket knows of itself",
    };

    private static WaitingCase[] OnPipes() =>
    [
        new(Opcode.Read, "an empty pipe", TakenOut, (s, ref sqe) => sqe.PrepareRead(s.EmptyPipe, s.Data, 64, Current)),
        new(Opcode.Read, "an empty pipe, on a worker", TakenOut, (s, ref sqe) =>
            Async(ref sqe.PrepareRead(s.EmptyPipe, s.Data, 64, Current))),
        new(Opcode.Readv, "an empty pipe", TakenOut, (s, ref sqe) => sqe.PrepareReadv(s.EmptyPipe, s.Vector, 1, Current)),
        new(Opcode.ReadFixed, "an empty pipe", TakenOut, (s, ref sqe) =>
            sqe.PrepareReadFixed(s.EmptyPipe, s.RegisterBuffer(), 64, Current, 0)),
        new(Opcode.ReadvFixed, "an empty pipe", TakenOut, (s, ref sqe) =>
        {
            s.RegisterBuffer();
            sqe.PrepareReadvFixed(s.EmptyPipe, s.Vector, 1, Current, 0, 0);
        }),
        new(Opcode.ReadMultishot, "an empty pipe", TakenOut, (s, ref sqe) =>
        {
            s.Own(new TestBuffers(s.Ring, Scene.Group, 4, 64));
            sqe.PrepareReadMultishot(s.EmptyPipe, Scene.Group);
        }),
        new(Opcode.Write, "a full pipe", TakenOut, (s, ref sqe) => sqe.PrepareWrite(s.FullPipe, s.Data, 64, Current)),
        new(Opcode.Write, "a full pipe, on a worker", TakenOut, (s, ref sqe) =>
            Async(ref sqe.PrepareWrite(s.FullPipe, s.Data, 64, Current))),
        new(Opcode.Writev, "a full pipe", TakenOut, (s, ref sqe) => sqe.PrepareWritev(s.FullPipe, s.Vector, 1, Current)),
        new(Opcode.WriteFixed, "a full pipe", TakenOut, (s, ref sqe) =>
            sqe.PrepareWriteFixed(s.FullPipe, s.RegisterBuffer(), 64, Current, 0)),
        new(Opcode.WritevFixed, "a full pipe", TakenOut, (s, ref sqe) =>
        {
            s.RegisterBuffer();
            sqe.PrepareWritevFixed(s.FullPipe, s.Vector, 1, Current, 0, 0);
        }),
    ];

    private static WaitingCase[] OnSockets() =>
    [
        new(Opcode.Recv, "a silent socket", TakenOut, (s, ref sqe) => sqe.PrepareRecv(s.SilentSocket, s.Data, 64)),
        new(Opcode.Recv, "a silent socket, again and again", TakenOut, (s, ref sqe) =>
        {
            s.Own(new TestBuffers(s.Ring, Scene.Group, 4, 64));
            sqe.PrepareRecv(s.SilentSocket, 0, 0, flags: RecvSendFlags.Multishot).SelectBuffer(Scene.Group);
        }),
        new(Opcode.Recv, "the rest of what it is to wait for", TakenOut, (s, ref sqe) =>
        {
            TestPair pair = s.Own(new TestPair());
            sqe.PrepareRecv(pair.A, s.Data, 64, TestSocket.MSG_WAITALL);
        }),
        new(Opcode.Recvmsg, "a silent socket", TakenOut, (s, ref sqe) => sqe.PrepareRecvmsg(s.SilentSocket, s.Message)),
        new(Opcode.Send, "a full socket", TakenOut, (s, ref sqe) => sqe.PrepareSend(s.FullSocket, s.Data, 64)),
        new(Opcode.Sendmsg, "a full socket", TakenOut, (s, ref sqe) => sqe.PrepareSendmsg(s.FullSocket, s.Message)),
        new(Opcode.SendZc, "a full socket", TakenOut, (s, ref sqe) => sqe.PrepareSendZc(s.FullSocket, s.Data, 64)),
        new(Opcode.SendmsgZc, "a full socket", TakenOut, (s, ref sqe) => sqe.PrepareSendmsgZc(s.FullSocket, s.Message)),
        new(Opcode.Accept, "a listener that nobody calls", TakenOut, (s, ref sqe) => sqe.PrepareAccept(s.Own(TestSocket.Listener()))),
        new(Opcode.Accept, "a listener that nobody calls, again and again", TakenOut, (s, ref sqe) =>
            sqe.PrepareAccept(s.Own(TestSocket.Listener()), flags: AcceptFlags.Multishot)),
        new(Opcode.Connect, "a listener that takes no more", TakenOut, (s, ref sqe) => Connect(s, ref sqe, 0)),
        new(Opcode.Connect, "a listener that takes no more, without blocking", TakenOut, (s, ref sqe) =>
            Connect(s, ref sqe, Libc.SOCK_NONBLOCK)),
        new(Opcode.Connect, "the full queue of AF_UNIX", Interrupted, (s, ref sqe) =>
        {
            s.Own(TestSocket.UnixListener(out byte[] address, backlog: 0));
            Assert.Equal(0, s.Own(TestSocket.Unix()).Connect(address));
            sqe.PrepareConnect(s.Own(TestSocket.Unix()), s.Memory.Put<byte>(0, address), (uint)address.Length);
        }),
    ];

    private static WaitingCase[] OnEvents() =>
    [
        new(Opcode.PollAdd, "an empty pipe", TakenOut, (s, ref sqe) => sqe.PreparePollAdd(s.EmptyPipe, (uint)Libc.POLLIN)),
        new(Opcode.Timeout, "time", TakenOut, (s, ref sqe) => sqe.PrepareTimeout(s.Hour)),
        new(Opcode.Timeout, "completions", TakenOut, (s, ref sqe) => sqe.PrepareTimeout(s.Hour, 100)),
        new(Opcode.LinkTimeout, "time, with its head", TakenOut, (s, ref sqe) =>
        {
            sqe.PreparePollAdd(s.EmptyPipe, (uint)Libc.POLLIN).Flags = SqeFlags.IoLink;
            s.Ring.Next(WaitingTests.Companion) = new Sqe
            {
                Opcode = Opcode.LinkTimeout, Addr = s.Hour, Len = 1, UserData = WaitingTests.Companion,
            };
        }),
        new(Opcode.EpollWait, "an epoll on which nothing happens", TakenOut, (s, ref sqe) =>
            sqe.PrepareEpollWait(s.Own(new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC))), s.Data, 4)),
        new(Opcode.FutexWait, "a futex", Swept, (s, ref sqe) => sqe.PrepareFutexWait(s.Data, 0)),
        new(Opcode.FutexWaitv, "two futexes", Swept, (s, ref sqe) =>
        {
            FutexWaitv First(int at) => new() { Uaddr = s.Data + (nuint)at, Flags = SqePreparation.Futex32 | SqePreparation.FutexPrivate };
            sqe.PrepareFutexWaitv(s.Memory.Put(0, First(0), First(64)), 2);
        }),
        new(Opcode.Waitid, "the end of a child", Swept, (s, ref sqe) => sqe.PrepareWaitid(ProcessId, s.Child(), 0, Exited)),
        new(Opcode.Waitid, "a stop of a child", Swept, (s, ref sqe) => sqe.PrepareWaitid(ProcessId, s.Child(), 0, Stopped)),
    ];

    private static WaitingCase[] OnWorkers() =>
    [
        new(Opcode.Splice, "an empty pipe", Restarted, (s, ref sqe) =>
            sqe.PrepareSplice(s.EmptyPipe, -1, s.Own(new TestPipe()).WriteEnd, -1, 64)),
        new(Opcode.Tee, "an empty pipe", Restarted, (s, ref sqe) => sqe.PrepareTee(s.EmptyPipe, s.Own(new TestPipe()).WriteEnd, 64)),
        new(Opcode.Openat, "the other end of a FIFO", Restarted, (s, ref sqe) =>
            Async(ref sqe.PrepareOpenat(Fifo(s), s.Text(0, "fifo"), Libc.O_RDONLY))),
        new(Opcode.Openat2, "the other end of a FIFO", Restarted, (s, ref sqe) =>
            Async(ref sqe.PrepareOpenat2(Fifo(s), s.Text(0, "fifo"), s.Memory.Put(0, new OpenHow { Flags = (ulong)Libc.O_WRONLY })))),
    ];

    private static WaitingCase[] OnFiles() =>
    [
        Held(Opcode.Fsync, "a file system", Interrupted, (s, ref sqe) => sqe.PrepareFsync(s.Stalling())),
        Held(Opcode.SyncFileRange, "pages being written", LeftAlone, (s, ref sqe) =>
            sqe.PrepareSyncFileRange(s.StallingDirty, 0, StallingServer.FileBytes, WriteAndWait)) with { KeepsCopying = true },
        Held(Opcode.Fallocate, "a file system", Interrupted, (s, ref sqe) => sqe.PrepareFallocate(s.Stalling(), 0, 0, 8192)),
        Held(Opcode.Ftruncate, "a file system", Interrupted, (s, ref sqe) => sqe.PrepareFtruncate(s.Stalling(), 8192)),
        Held(Opcode.Fadvise, "a file being read", LeftAlone, (s, ref sqe) => sqe.PrepareFadvise(s.Stalling(), 0, 4096, WillNeed)),
        Held(Opcode.Madvise, "a file being read", LeftAlone, (s, ref sqe) => sqe.PrepareMadvise(s.StallingPages, 4096, WillNeed)),
        Held(Opcode.Close, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareClose(Libc.Open(s.StallingName(StallingServer.Clinging), Libc.O_RDWR | Libc.O_CLOEXEC, 0))),
        Held(Opcode.Fsetxattr, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareFsetxattr(s.Stalling(), s.Text(0, "user.x"), s.Data, 4)),
        Held(Opcode.Fgetxattr, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareFgetxattr(s.Stalling(), s.Text(0, "user.x"), s.Data, 4)),
    ];

    private static WaitingCase[] OnPaths() =>
    [
        Held(Opcode.Openat, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareOpenat(s.StallingRoot, s.Text(0, "held"), Libc.O_RDONLY)),
        Held(Opcode.Openat2, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareOpenat2(s.StallingRoot, s.Text(0, "held"), s.Memory.Put(0, default(OpenHow)))),
        Held(Opcode.Statx, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareStatx(s.StallingRoot, s.Text(0, "held"), 0, 0x7FF, s.Data)),
        Held(Opcode.Renameat, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareRenameat(s.StallingRoot, s.Text(0, "held"), s.StallingRoot, s.Text(64, "other"))),
        Held(Opcode.Unlinkat, "a file system", Interrupted, (s, ref sqe) => sqe.PrepareUnlinkat(s.StallingRoot, s.Text(0, "held"))),
        Held(Opcode.Mkdirat, "a file system", Interrupted, (s, ref sqe) => sqe.PrepareMkdirat(s.StallingRoot, s.Text(0, "held"), 0x1ED)),
        Held(Opcode.Symlinkat, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareSymlinkat(s.Text(64, "target"), s.StallingRoot, s.Text(0, "held"))),
        Held(Opcode.Linkat, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareLinkat(s.StallingRoot, s.Text(0, "held"), s.StallingRoot, s.Text(64, "other"))),
        Held(Opcode.Setxattr, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareSetxattr(s.StallingPath, s.Text(0, "user.x"), s.Data, 4)),
        Held(Opcode.Getxattr, "a file system", Interrupted, (s, ref sqe) =>
            sqe.PrepareGetxattr(s.StallingPath, s.Text(0, "user.x"), s.Data, 4)),
        Held(Opcode.Bind, "a file system", Interrupted, (s, ref sqe) =>
        {
            byte[] address = [TestSocket.AF_UNIX, 0, .. System.Text.Encoding.ASCII.GetBytes(s.StallingName("held")), 0];
            sqe.PrepareBind(s.Own(TestSocket.Unix()), s.Memory.Put<byte>(0, address), (uint)address.Length);
        }) with { KeepsKernel = true },
    ];

    private static WaitingCase Held(Opcode opcode, string form, Ending ending, WaitingCase.Preparation prepare) =>
        new(opcode, form, ending, prepare) { IsHeld = true };

    private static void Async(ref Sqe sqe) => sqe.Flags |= SqeFlags.Async;

    private static void Connect(Scene scene, ref Sqe sqe, int mode)
    {
        TestSocket deaf = scene.Own(TestSocket.Listener(backlog: 0));
        Assert.Equal(0, scene.Own(TestSocket.Tcp()).Connect(deaf.Address));
        nuint address = scene.Memory.Put<byte>(0, deaf.Address);
        sqe.PrepareConnect(scene.Own(TestSocket.Tcp(mode)), address, TestSocket.AddressBytes);
    }

    private static int Fifo(Scene scene)
    {
        TestFolder folder = scene.Own(new TestFolder());
        Assert.Equal(0, TestLibc.MakeFifo(folder["fifo"]));
        return folder;
    }
}
