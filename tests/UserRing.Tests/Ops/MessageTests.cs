using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>SENDMSG and RECVMSG: scattered data, addresses, control data.</summary>
public sealed class MessageTests
{
    private const uint WaitAll = TestSocket.MSG_WAITALL;
    private const int Much = 12 << 20;

    [Theory]
    [EveryEngine(Transport.Unix, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, SqeFlags.None)]
    [EveryEngine(Transport.Datagrams, SqeFlags.None)]
    [EveryEngine(Transport.Packets, SqeFlags.Async)]
    public void Parts_are_gathered_and_scattered(string engine, Transport transport, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport);
        using TestMessage sent = new TestMessage().With(6, 0, 5), received = new TestMessage().With(2, 3, 100);
        "hello world"u8.CopyTo(sent.Data);
        ring.Next().PrepareSendmsg(pair.A, sent.Address).Flags = flags;
        Assert.Equal(11, ring.Result());
        ring.Next().PrepareRecvmsg(pair.B, received.Address).Flags = flags;
        Assert.Equal(11, ring.Result());
        Assert.Equal("hello world\0"u8, received.Data[..12]);
        Assert.Equal((0, (nuint)0), (received.Header.Flags, received.Header.ControlLen));
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void The_header_the_vector_and_the_destination_may_be_overwritten(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var gate = new Gate(ring);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using TestMessage message = new TestMessage().WithName(receiver.Address).With(6, 5);
        "hello world"u8.CopyTo(message.Data);
        Sqe sqe = default;
        sqe.PrepareSendmsg(sender, message.Address).Flags = flags;
        Assert.Equal(11, gate.Pass(sqe, message.Spoil).Res);
        Assert.Equal("hello world", receiver.ReceiveText());
    }

    [Theory, EveryEngine]
    public void What_a_receive_has_of_the_vector_may_be_overwritten(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using TestMessage message = new TestMessage().With(6, 5);
        ring.Next().PrepareRecvmsg(pair.B, message.Address, WaitAll);
        Assert.Equal(1, ring.Submit());
        MsgHdr header = message.Header;
        message.Memory[64..96].Fill(0xFF);
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("hello ");
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("world");
        Assert.Equal(11, ring.Take().Res);
        Assert.Equal("hello world"u8, message.Data[..11]);
        Assert.Equal((header.Iov, header.IovLen), (message.Header.Iov, message.Header.IovLen));
    }

    [Theory]
    [EveryEngine(100, 16)]
    [EveryEngine(16, 16)]
    [EveryEngine(6, 6)]
    [EveryEngine(0, 0)]
    public void The_senders_address_is_told_as_far_as_there_is_room(string engine, int room, int filled)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using TestMessage message = new TestMessage().With(100).WithNameRoom(room);
        Assert.Equal(0, sender.Connect(receiver.Address));
        ring.Next().PrepareRecvmsg(receiver, message.Address);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        sender.Send("hello");
        Assert.Equal(5, ring.Take().Res);
        Assert.Equal(TestSocket.AddressBytes, message.Header.NameLen);
        Assert.Equal(sender.Address[..filled], message.Name[..filled].ToArray());
        Assert.Equal(0, message.Name[filled]);
    }

    [Theory, EveryEngine]
    public void Without_a_name_its_length_is_left_alone(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using TestMessage message = new TestMessage().With(100);
        Assert.Equal(0, sender.Connect(receiver.Address));
        message.Header.NameLen = 77;
        sender.Send("hello");
        ring.Next().PrepareRecvmsg(receiver, message.Address);
        Assert.Equal(5, ring.Result());
        Assert.Equal(77, message.Header.NameLen);
    }

    [Theory, EveryEngine]
    public void A_message_that_does_not_fit_is_marked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Datagrams);
        using TestMessage message = new TestMessage().With(2, 2);
        pair.A.Send("longer");
        ring.Next().PrepareRecvmsg(pair.B, message.Address);
        Assert.Equal(4, ring.Result());
        Assert.Equal((int)TestSocket.MSG_TRUNC, message.Header.Flags);
        pair.A.Send("longer");
        message.With(2, 2);
        ring.Next().PrepareRecvmsg(pair.B, message.Address, WaitAll).Flags = SqeFlags.IoLink;
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([4, -Errno.ECANCELED], ring.Take(2).Select(cqe => cqe.Res));
    }

    [Theory]
    [EveryEngine(SqeFlags.None, 0u)]
    [EveryEngine(SqeFlags.Async, 0u)]
    [EveryEngine(SqeFlags.None, 0x40000000u)]
    public void Descriptors_are_handed_over(string engine, SqeFlags flags, uint closeOnExec)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using TestPipe first = new(), second = new();
        using TestMessage sent = new TestMessage().WithData("two"u8).WithRights(first.WriteEnd, second.WriteEnd);
        using TestMessage received = new TestMessage().With(100).WithControlRoom(200);
        ring.Next().PrepareRecvmsg(pair.B, received.Address, closeOnExec).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        ring.Next(2).PrepareSendmsg(pair.A, sent.Address).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([3, 3], ring.Take(2).Select(cqe => cqe.Res));
        Assert.Equal((closeOnExec, (nuint)24), ((uint)received.Header.Flags, received.Header.ControlLen));
        List<TestDescriptor> rights = received.TakeRights();
        Assert.Equal(2, rights.Count);
        foreach (TestDescriptor right in rights)
        {
            Assert.Equal(closeOnExec != 0, (Libc.Fcntl(right, Libc.F_GETFD, 0) & 1) != 0);
            Write(right);
            right.Dispose();
        }

        Assert.Equal(("x", "x"), (first.Read(), second.Read()));
    }

    [Theory, EveryEngine]
    public void Control_data_that_does_not_fit_is_marked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var pipe = new TestPipe();
        using TestMessage sent = new TestMessage().WithData("one"u8).WithRights(pipe.WriteEnd, pipe.ReadEnd);
        using TestMessage received = new TestMessage().With(100).WithControlRoom(20), none = new TestMessage().With(100);
        Assert.Equal(3, sent.Send(pair.A));
        ring.Next().PrepareRecvmsg(pair.B, received.Address);
        Assert.Equal(3, ring.Result());
        Assert.Equal((int)TestSocket.MSG_CTRUNC, received.Header.Flags);
        Assert.Single(received.TakeRights()).Dispose();
        Assert.Equal(3, sent.Send(pair.A));
        ring.Next().PrepareRecvmsg(pair.B, received.With(3).WithControlRoom(20).Address, WaitAll).Flags = SqeFlags.IoLink;
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([3, -Errno.ECANCELED], ring.Take(2).Select(cqe => cqe.Res));
        Assert.Single(received.TakeRights()).Dispose();
        Assert.Equal(3, sent.Send(pair.A));
        ring.Next().PrepareRecvmsg(pair.B, none.Address);
        Assert.Equal(3, ring.Result());
        Assert.Equal(((int)TestSocket.MSG_CTRUNC, (nuint)0), (none.Header.Flags, none.Header.ControlLen));
    }

    [Theory, EveryEngine]
    public void The_rest_of_a_message_goes_without_its_control_data(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var pipe = new TestPipe();
        using TestMessage sent = new TestMessage(Much).With(Much / 2, Much / 2).WithRights(pipe.WriteEnd);
        using TestMessage received = new TestMessage(1 << 18).With(1 << 18);
        new Random(8).NextBytes(sent.Data);
        ring.Next().PrepareSendmsg(pair.A, sent.Address, WaitAll);
        Assert.Equal(1, ring.Submit());
        sent.Spoil();
        int rights = 0;
        for (int done = 0; done < Much;)
        {
            received.With(1 << 18).WithControlRoom(200);
            int count = received.Receive(pair.B);
            Assert.InRange(count, 1, 1 << 18);
            Assert.True(received.Data[..count].SequenceEqual(sent.Data.Slice(done, count)));
            done += count;
            foreach (TestDescriptor right in received.TakeRights())
            {
                rights++;
                right.Dispose();
            }
        }

        Assert.Equal((Much, 1), (ring.Take().Res, rights));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(64)]
    public void Waiting_for_all_with_control_data_does_not_wait(string engine, int controlRoom)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using TestMessage message = new TestMessage().With(3, 5);
        if (controlRoom > 0)
            message.WithControlRoom(controlRoom);
        ring.Next(1).PrepareRecvmsg(pair.B, message.Address, WaitAll).UserData = 1;
        ring.SqeAt(0).Flags = SqeFlags.IoLink;
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("half");
        if (controlRoom == 0)
        {
            Assert.True(ring.StaysQuiet(20));
            pair.A.ShutDown(1);
        }

        Assert.Equal([(1ul, 4), (2, controlRoom == 0 ? -Errno.ECANCELED : 0)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
        Assert.Equal("half\0"u8, message.Data[..5]);
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void A_cancel_while_it_waits_leaves_the_header_alone(string engine, bool receives)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using TestMessage message = new TestMessage().With(100).WithControlRoom(64).WithNameRoom(64);
        pair.A.Fill();
        MsgHdr before = message.Header;
        if (receives)
            ring.Next().PrepareRecvmsg(pair.A, message.Address).UserData = 1;
        else
            ring.Next().PrepareSendmsg(pair.A, message.WithControlRoom(0).WithNameRoom(0).Address).UserData = 1;
        before = message.Header;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[1], results[2]));
        Assert.Equal(before, message.Header);
    }

    [Theory, EveryEngine]
    public void A_message_of_nothing(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using TestMessage message = new TestMessage().WithName(receiver.Address).With();
        ring.Next().PrepareSendmsg(sender, message.Address);
        Assert.Equal(0, ring.Result());
        message.WithNameRoom(16);
        ring.Next().PrepareRecvmsg(receiver, message.Address);
        Assert.Equal(0, ring.Result());
        Assert.Equal(sender.Address, message.Name[..16].ToArray());
    }

    [Theory, EveryEngine]
    public void Bad_headers_are_refused_in_preparation(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using TestMessage message = new TestMessage().With(100);
        foreach (Opcode opcode in (Opcode[])[Opcode.Sendmsg, Opcode.Recvmsg])
        {
            var sqe = new Sqe { Opcode = opcode, Fd = pair.A, Addr = message.Address, Len = 1 };
            Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = TestMemory.Bad }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr2 = 1 }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { FileIndex = 1 }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { IoPrio = (ushort)RecvSendFlags.Bundle }));
            message.Header.Iov = TestMemory.Bad;
            Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe));
            message.With(100).Header.IovLen = 1025;
            Assert.Equal(-Errno.EMSGSIZE, ring.DoRefused(sqe));
            message.With(-1);
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe));
            message.With(100).WithNameRoom(-1);
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe));
            message.Header.Name = 0;
            message.Header.NameLen = 0;
        }

        message.WithNameRoom(16).Header.Name = TestMemory.Bad;
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(new Sqe { Opcode = Opcode.Sendmsg, Fd = pair.A, Addr = message.Address, Len = 1 }));
    }

    private static unsafe void Write(int descriptor)
    {
        byte one = (byte)'x';
        Assert.Equal(1, Libc.Write(descriptor, &one, 1));
    }
}
