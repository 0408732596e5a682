using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>SEND_ZC, SENDMSG_ZC and RECV_ZC.</summary>
internal static class ZeroCopyCases
{
    private const string NeedsCard = "needs a network card whose queue can be registered";

    private static readonly CaseList Sent = new()
    {
        { "sendzc.unix", c => Fault(c, Send(c), (ref s) => s.Fd = c.Pair().A) },
        { "sendzc.skip", c => Fault(c, Send(c), (ref s) => s = Skip(s)) },
        { "sendzc.addr3", c => Fault(c, Send(c), (ref s) => s.Addr3 = 1) },
        { "sendzc.badioprio", c => Fault(c, Send(c), (ref s) => s.IoPrio = 1 << 9) },
        { "sendzc.notsock", c => Fault(c, Send(c), (ref s) => s.Fd = c.File()) },
        {
            "sendzc.fixed-none", c =>
            {
                SeamRing ring = c.NewRing();
                Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = c.Buffer, Len = 4096 }));
                Sqe send = Send(c) with { IoPrio = (ushort)RecvSendFlags.FixedBuf };
                return c.Unlike(c.Res(ring, send), c.Res(send));
            }
        },
        {
            ["sendzc.first", "sendzc.first-more", "sendzc.notif", "sendzc.notif-flag"], c =>
            {
                (Cqe first, Cqe second) = Both(c, Send(c));
                c.Row("sendzc.first", first.Res);
                c.Row("sendzc.first-more", (long)first.Flags);
                c.Row("sendzc.notif", second.Res);
                c.Row("sendzc.notif-flag", (long)second.Flags);
            }
        },
        {
            "sendzc.report-usage", c => Both(c, Send(c) with { IoPrio = (ushort)RecvSendFlags.ReportUsage }).Second.Res
        },
    };

    private static readonly CaseList SentMessages = new()
    {
        { "sendmsgzc.unix", c => Fault(c, SendMessage(c), (ref s) => s.Fd = c.Pair().A) },
        { "sendmsgzc.null", c => Fault(c, SendMessage(c), (ref s) => s.Addr = 0) },
        { "sendmsgzc.skip", c => Fault(c, SendMessage(c), (ref s) => s = Skip(s)) },
        { "sendmsgzc.notsock", c => Fault(c, SendMessage(c), (ref s) => s.Fd = c.File()) },
        { "sendmsgzc.badioprio", c => Fault(c, SendMessage(c), (ref s) => s.IoPrio = 1 << 9) },
        { "sendmsgzc.addr2", c => Fault(c, SendMessage(c), (ref s) => s.Addr2 = c.Buffer) },
        {
            ["sendmsgzc.first", "sendmsgzc.notif-flag"], c =>
            {
                (Cqe first, Cqe second) = Both(c, SendMessage(c));
                c.Row("sendmsgzc.first", first.Res);
                c.Row("sendmsgzc.notif-flag", (long)second.Flags);
            }
        },
    };

    private static readonly CaseList Received = new()
    {
        {
            "recvzc.noifq", c =>
            {
                c.NoControl(NeedsCard);
                return c.Res(Receive(c) with { IoPrio = (ushort)RecvSendFlags.Multishot });
            }
        },
        {
            "recvzc.nomulti", c =>
            {
                c.NoControl(NeedsCard);
                return c.Res(Receive(c));
            }
        },
    };

    /// <summary>Over loopback TCP.</summary>
    private static Sqe Send(Case c) => new() { Opcode = Opcode.SendZc, Fd = c.TcpPair().Caller, Addr = c.Buffer, Len = 4 };

    private static Sqe SendMessage(Case c)
    {
        nuint message = c.Put(new MsgHdr { Iov = c.Put(new IoVec { Base = c.Buffer, Len = 4 }), IovLen = 1 });
        return new() { Opcode = Opcode.SendmsgZc, Fd = c.TcpPair().Caller, Addr = message, Len = 1 };
    }

    private static Sqe Receive(Case c)
    {
        (TestDescriptor caller, TestDescriptor callee) = c.TcpPair();
        c.Say(caller, 4);
        return new() { Opcode = Opcode.RecvZc, Fd = callee };
    }

    private static (Cqe First, Cqe Second) Both(Case c, in Sqe send)
    {
        Assert.Equal(1, c.Submit(send));
        return (c.Ring.Take(), c.Ring.Take());
    }

    /// <summary>On a ring each: a send completes twice.</summary>
    private static long Fault(Case c, in Sqe good, Fault<Sqe> fault)
    {
        Sqe bad = good;
        fault(ref bad);
        return c.Unlike(c.Res(c.NewRing(), good), c.Res(bad));
    }
}
