using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>SEND and RECV.</summary>
internal static class SendReceiveCases
{
    private const ushort Group = 1;

    private static readonly CaseList Sent = new()
    {
        { "send.notsock", c => SendFault(c, (ref s) => s.Fd = c.File()) },
        { "send.notconn", c => SendFault(c, c.TcpPair().Caller, (ref s) => s.Fd = c.Tcp()) },
        {
            "send.udp-nodest", c => c.Fault(
                Send(c, c.Udp()) with { Addr2 = c.NobodysAddress(), AddrLen = Case.SockAddrInBytes },
                (ref s) => (s.Addr2, s.AddrLen) = (0, 0))
        },
        { "send.ok", c => c.Res(Send(c, c.Pair().A)) },
        { "send.badioprio", c => SendFault(c, (ref s) => s.IoPrio = 1 << 9) },
        { "send.multishot-flag", c => SendFault(c, (ref s) => s.IoPrio = (ushort)RecvSendFlags.Multishot) },
        { "send.bundle-noselect", c => c.Res(Send(c, c.Pair().A) with { IoPrio = (ushort)RecvSendFlags.Bundle }) },
        { "send.unmapped", c => SendFault(c, (ref s) => s.Addr = TestMemory.Bad) },
        { "send.kernel-addr", c => SendFault(c, (ref s) => s.Addr = c.KernelAddress) },
        { "send.len0", c => c.Res(Send(c, c.Pair().A, 0)) },
        {
            "send.epipe", c =>
            {
                (TestDescriptor a, TestDescriptor b) = c.Pair();
                c.Control(c.Res(Send(c, a)));
                b.Close();
                return c.Res(Send(c, a));
            }
        },
        {
            "send.full-dontwait", c =>
            {
                TestDescriptor a = c.Pair().A;
                Sqe send = Send(c, a) with { MsgFlags = Case.MSG_DONTWAIT };
                c.Control(c.Res(send));
                c.FillSocket(a);
                return c.Res(send);
            }
        },
        {
            "send.full-nonblock", c =>
            {
                (TestDescriptor a, TestDescriptor b) = c.Pair(Case.SOCK_STREAM | Case.SOCK_NONBLOCK);
                c.FillSocket(a);
                c.Submit(Send(c, a));
                long ready = c.After(40);
                b.Close();
                Assert.Equal(-Errno.EPIPE, c.Ring.Take().Res);
                return ready;
            }
        },
        {
            "send.vectorized", c => c.Res(
                Send(c, c.Pair().A, 2) with
                {
                    IoPrio = (ushort)RecvSendFlags.Vectorized,
                    Addr = c.PutAll<IoVec>(new() { Base = c.Buffer, Len = 3 }, new() { Base = c.Buffer, Len = 5 }),
                })
        },
    };

    private static readonly CaseList Received = new()
    {
        {
            "recv.eof", c =>
            {
                (TestDescriptor a, TestDescriptor b) = c.Pair();
                b.Close();
                return c.Res(Receive(c, a));
            }
        },
        { "recv.notsock", c => ReceiveFault(c, (ref s) => s.Fd = c.File()) },
        { "recv.notconn", c => ReceiveFault(c, (ref s) => s.Fd = c.Tcp()) },
        { "recv.dontwait", c => c.Unlike(c.Res(WithoutWait(c, Filled(c))), c.Res(WithoutWait(c, c.Pair().A))) },
        { "recv.off", c => ReceiveFault(c, (ref s) => s.Off = 1) },
        { "recv.fileindex", c => ReceiveFault(c, (ref s) => s.FileIndex = 1) },
        { "recv.badioprio", c => ReceiveFault(c, (ref s) => s.IoPrio = 1 << 9) },
        { "recv.multi-noselect", c => MultishotFault(c, (ref s) => s.Flags = 0) },
        { "recv.multi-waitall", c => MultishotFault(c, (ref s) => s.MsgFlags = Case.MSG_WAITALL) },
        { "recv.fixedbuf", c => ReceiveFault(c, (ref s) => s.IoPrio = (ushort)RecvSendFlags.FixedBuf) },
        { "recv.ok", c => c.Res(Receive(c, Filled(c))) },
        { "recv.unmapped", c => ReceiveFault(c, (ref s) => s.Addr = TestMemory.Bad) },
        {
            "recv.select-nogroup", c =>
            {
                Provide(c, c.Ring);
                return c.Fault(Select(Receive(c, Filled(c)), Group), (ref s) => s.BufGroup = Group + 1);
            }
        },
        {
            "recv.nonblock", c =>
            {
                (TestDescriptor a, TestDescriptor b) = c.Pair(Case.SOCK_STREAM | Case.SOCK_NONBLOCK);
                c.Submit(Receive(c, a));
                long ready = c.After(40);
                c.Say(b, 4);
                Assert.Equal(4, c.Ring.Take().Res);
                return ready;
            }
        },
        { "recv.short-link", c => c.Run(Link(Receive(c, Filled(c, 4), 8)), Nop)[1] },
        {
            ["recv.waitall-waits", "recv.waitall-short", "recv.waitall-short-link"], c =>
            {
                long whole = c.Run(Link(WaitAll(c, Filled(c, 8))), Nop)[1];
                (TestDescriptor a, TestDescriptor b) = c.Pair();
                c.Say(b, 4);
                int taken = c.Submit(Link(WaitAll(c, a)), Nop);
                c.Row("recv.waitall-waits", c.After(40));
                c.ShutDown(b, how: 1);
                var batch = new Batch(taken, c.Ring.Take(2));
                c.Row("recv.waitall-short", batch[0]);
                c.Row("recv.waitall-short-link", c.Unlike(whole, batch[1]));
            }
        },
    };

    private static Sqe Send(Case c, int socket, uint length = 4) =>
        new() { Opcode = Opcode.Send, Fd = socket, Addr = c.Buffer, Len = length };

    private static Sqe Receive(Case c, int socket, uint length = 4) =>
        new() { Opcode = Opcode.Recv, Fd = socket, Addr = c.Buffer, Len = length };

    private static Sqe WithoutWait(Case c, int socket) => Receive(c, socket) with { MsgFlags = Case.MSG_DONTWAIT };

    /// <summary>Of eight bytes.</summary>
    private static Sqe WaitAll(Case c, int socket) => Receive(c, socket, 8) with { MsgFlags = Case.MSG_WAITALL };

    /// <summary>From a socket of its own, into buffers of the group.</summary>
    private static Sqe Multishot(Case c) =>
        Select(new Sqe { Opcode = Opcode.Recv, Fd = Filled(c), IoPrio = (ushort)RecvSendFlags.Multishot }, Group);

    /// <summary>On a ring and a socket each, since the one without the fault stays armed.</summary>
    private static long MultishotFault(Case c, Fault<Sqe> fault)
    {
        SeamRing ring = c.NewRing();
        Provide(c, ring);
        Provide(c, c.Ring);
        Sqe bad = Multishot(c);
        fault(ref bad);
        return c.Unlike(c.Res(ring, Multishot(c)), c.Res(bad));
    }

    /// <summary>A socket with so many bytes to read.</summary>
    private static int Filled(Case c, int bytes = 8)
    {
        (TestDescriptor a, TestDescriptor b) = c.Pair();
        c.Say(b, bytes);
        return a;
    }

    private static void Provide(Case c, SeamRing ring)
    {
        Sqe four = new() { Opcode = Opcode.ProvideBuffers, Fd = 4, Addr = c.Memory(512).Address, Len = 128, BufGroup = Group };
        Assert.Equal(0, c.Res(ring, four));
    }

    private static long SendFault(Case c, Fault<Sqe> fault) => SendFault(c, c.Pair().A, fault);

    private static long SendFault(Case c, int socket, Fault<Sqe> fault) => c.Fault(Send(c, socket), fault);

    /// <summary>Four of eight bytes are received without the fault, so that there are some for the other.</summary>
    private static long ReceiveFault(Case c, Fault<Sqe> fault) => c.Fault(Receive(c, Filled(c)), fault);
}
