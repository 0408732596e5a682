using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>SENDMSG and RECVMSG.</summary>
internal static class MessageCases
{
    private const ushort Group = 1;

    private static readonly CaseList Sent = new()
    {
        { "sendmsg.ok", c => c.Res(Send(c)) },
        { "sendmsg.null", c => c.Fault(Send(c), (ref s) => s.Addr = 0) },
        { "sendmsg.1025", c => c.Fault(Send(c, Message(c, 1024)), (ref s) => s.Addr = Message(c, 1025)) },
        { "sendmsg.notsock", c => c.Fault(Send(c), (ref s) => s.Fd = c.File()) },
        {
            "sendmsg.badcontrol", c =>
            {
                nuint message = Message(c);
                c.At<MsgHdr>(message).Control = c.Buffer;
                c.At<MsgHdr>(message).ControlLen = 4;
                return c.Res(Send(c, message));
            }
        },
        { "sendmsg.prep-before-fd", c => c.Fault(Send(c) with { Fd = c.NoFd }, (ref s) => s.Addr = 0) },
    };

    private static readonly CaseList Received = new()
    {
        { "recvmsg.null", c => c.Fault(Receive(c), (ref s) => s.Addr = 0) },
        {
            "recvmsg.dontwait", c => c.Fault(
                Receive(c) with { MsgFlags = Case.MSG_DONTWAIT },
                (ref s) => s.Fd = c.Pair().A)
        },
        { "recvmsg.notsock", c => c.Fault(Receive(c), (ref s) => s.Fd = c.File()) },
        { "recvmsg.multi-noselect", c => c.Fault(Receive(c), (ref s) => s.IoPrio = (ushort)RecvSendFlags.Multishot) },
        {
            "recvmsg.select-2iov", c =>
            {
                Sqe four = new() { Opcode = Opcode.ProvideBuffers, Fd = 4, Addr = c.Memory(512).Address, Len = 128, BufGroup = Group };
                Assert.Equal(0, c.Res(four));
                return c.Fault(Select(Receive(c), Group), (ref s) => s.Addr = Message(c, 2));
            }
        },
    };

    private static Sqe Send(Case c) => Send(c, Message(c));

    private static Sqe Send(Case c, nuint message) =>
        new() { Opcode = Opcode.Sendmsg, Fd = c.Pair().A, Addr = message, Len = 1 };

    /// <summary>Four of eight bytes that are there.</summary>
    private static Sqe Receive(Case c)
    {
        (TestDescriptor a, TestDescriptor b) = c.Pair();
        c.Say(b, 8);
        return new() { Opcode = Opcode.Recvmsg, Fd = a, Addr = Message(c), Len = 1 };
    }

    /// <summary>The address of a msghdr with so many iovecs of four bytes.</summary>
    private static nuint Message(Case c, int vectors = 1)
    {
        var parts = new IoVec[vectors];
        Array.Fill(parts, new IoVec { Base = c.Buffer, Len = 4 });
        return c.Put(new MsgHdr { Iov = c.PutAll<IoVec>(parts), IovLen = (nuint)vectors });
    }
}
