using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>SEND_ZC and SENDMSG_ZC: the result, then the notification that the memory is free.</summary>
public sealed class ZeroCopyTests
{
    private const uint WaitAll = TestSocket.MSG_WAITALL, DontWait = TestSocket.MSG_DONTWAIT;
    private const int Much = 12 << 20;

    [Theory]
    [EveryEngine(SqeFlags.None, RecvSendFlags.None)]
    [EveryEngine(SqeFlags.None, RecvSendFlags.PollFirst)]
    [EveryEngine(SqeFlags.Async, RecvSendFlags.None)]
    public void A_send_completes_and_then_gives_its_memory_back(string engine, SqeFlags flags, RecvSendFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        memory.Put(0, "hello"u8);
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5, 0, how).Flags = flags;
        ring.SqeAt(0).UserData = 7;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(7ul, 5, CqeFlags.More), (7, 0, CqeFlags.Notif)], Take(ring, 2));
        memory.Put(0, "other"u8);
        Assert.Equal("hello", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void It_tells_on_request_that_the_data_was_copied(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5, 0, RecvSendFlags.ReportUsage);
        Assert.Equal(1, ring.Submit());
        // Loopback always copies.
        Assert.Equal([(0ul, 5, CqeFlags.More), (0, int.MinValue, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory, EveryEngine]
    public void All_of_much_is_sent_with_one_notification(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair(Transport.Tcp);
        new Random(9).NextBytes(memory.Bytes);
        ring.Next().PrepareSendZc(pair.A, memory.Address, Much, WaitAll);
        Assert.Equal(1, ring.Submit());
        Assert.True(memory.Bytes.SequenceEqual(pair.B.ReceiveAll(Much)));
        Assert.Equal([(0ul, Much, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void A_failure_is_notified_of_as_well(string engine, bool isRefused)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.ShutDown(1);
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5).Flags = SqeFlags.IoLink;
        if (isRefused)
            ring.SqeAt(0).IoPrio = 1 << 9;
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Assert.Equal<(ulong, int, CqeFlags)>(
            [(0ul, isRefused ? -Errno.EINVAL : -Errno.EPIPE, CqeFlags.More), (0, 0, CqeFlags.Notif), (2, -Errno.ECANCELED, CqeFlags.None)],
            [.. Take(ring, 3).OrderBy(cqe => cqe.UserData).ThenByDescending(cqe => cqe.Flags == CqeFlags.More)]);
    }

    [Theory, EveryEngine]
    public void On_sockets_without_it_it_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        using var file = TestFile.Create("x");
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, -Errno.EOPNOTSUPP, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
        ring.Next().PrepareSendZc(file, memory.Address, 5, 0, RecvSendFlags.ReportUsage);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, -Errno.ENOTSOCK, CqeFlags.More), (0, int.MinValue, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory]
    [EveryEngine(CancelFlags.None)]
    [EveryEngine(CancelFlags.Fd)]
    public void Cancelled_while_it_waits_it_notifies(string engine, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.Fill();
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(1, key);
        (sqe.UserData, sqe.Fd) = (2, pair.A);
        Assert.Equal(1, ring.Submit());
        Assert.Equal<(ulong, int, CqeFlags)>(
            [(1ul, -Errno.ECANCELED, CqeFlags.More), (1, 0, CqeFlags.Notif), (2, 0, CqeFlags.None)],
            [.. Take(ring, 3).OrderBy(cqe => cqe.UserData)]);
    }

    [Theory, EveryEngine]
    public void Cancelled_in_the_middle_it_tells_how_much_was_sent(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair(Transport.Tcp);
        ring.Next().PrepareSendZc(pair.A, memory.Address, Much, WaitAll).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        ring.Next().PrepareAsyncCancel(1).Flags = SqeFlags.CqeSkipSuccess;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.InRange(cqe.Res, 1, Much - 1);
        Assert.Equal(CqeFlags.More, cqe.Flags);
        pair.B.ReceiveAll(cqe.Res);
        Assert.Equal((0, CqeFlags.Notif), (ring.Take() is var notification ? notification.Res : 1, notification.Flags));
    }

    [Theory, EveryEngine]
    public void Told_not_to_wait_it_does_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.Fill();
        ring.Next().PrepareSendZc(pair.A, memory.Address, 5, DontWait);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, -Errno.EAGAIN, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory, EveryEngine]
    public void From_a_registered_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(8192);
        using var pair = new TestPair(Transport.Tcp);
        memory.Put(100, "hello"u8);
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
        ring.Next().PrepareSendZc(pair.A, memory.At(100), 5, 0, RecvSendFlags.FixedBuf, 0);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, 5, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
        Assert.Equal("hello", pair.B.ReceiveText());
        foreach ((int at, ushort index) in ((int, ushort)[])[(4092, 0), (100, 1)])
        {
            ring.Next().PrepareSendZc(pair.A, memory.At(at), 5, 0, RecvSendFlags.FixedBuf, index);
            Assert.Equal(1, ring.Submit());
            Assert.Equal([(0ul, -Errno.EFAULT, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
        }
    }

    [Theory, EveryEngine]
    public void A_registered_buffer_stays_with_a_send_that_waits(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(Much);
        using var pair = new TestPair(Transport.Tcp);
        new Random(10).NextBytes(memory.Bytes);
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = Much }));
        ring.Next().PrepareSendZc(pair.A, memory.Address, Much, WaitAll, RecvSendFlags.FixedBuf, 0);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.True(memory.Bytes.SequenceEqual(pair.B.ReceiveAll(Much)));
        Assert.Equal([(0ul, Much, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_message_whose_header_may_go(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var gate = new Gate(ring);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using TestMessage message = new TestMessage().WithName(receiver.Address).With(6, 5);
        "hello world"u8.CopyTo(message.Data);
        Sqe sqe = default;
        sqe.PrepareSendmsgZc(sender, message.Address).Flags = flags;
        Cqe cqe = gate.Pass(sqe, message.Spoil);
        Assert.Equal((11, CqeFlags.More), (cqe.Res, cqe.Flags));
        Assert.Equal(CqeFlags.Notif, ring.Take().Flags);
        Assert.Equal("hello world", receiver.ReceiveText());
    }

    [Theory, EveryEngine]
    public void A_message_from_a_registered_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using TestMessage message = new TestMessage().With(6, 5);
        "hello world"u8.CopyTo(message.Data);
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = message.Memory.At(4096), Len = 4096 }));
        ring.Next().PrepareSendmsgZc(pair.A, message.Address, 0, RecvSendFlags.FixedBuf, 0);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, 11, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
        Assert.Equal("hello world", pair.B.ReceiveText());
        message.With(6, 5000);
        ring.Next().PrepareSendmsgZc(pair.A, message.Address, 0, RecvSendFlags.FixedBuf, 0);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(0ul, -Errno.EFAULT, CqeFlags.More), (0, 0, CqeFlags.Notif)], Take(ring, 2));
    }

    [Theory, EveryEngine]
    public void To_a_destination_which_may_be_overwritten_once_it_is_submitted(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var gate = new Gate(ring);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        memory.Put(100, "to you"u8);
        Sqe sqe = default;
        sqe.PrepareSendZc(
            sender, memory.At(100), 6, destination: memory.Put<byte>(0, receiver.Address), destinationLength: TestSocket.AddressBytes);
        Assert.Equal(6, gate.Pass(sqe, () => memory[..100].Fill(0xFF)).Res);
        Assert.Equal(CqeFlags.Notif, ring.Take().Flags);
        Assert.Equal("to you", receiver.ReceiveText());
    }

    [Theory, EveryEngine]
    public void A_released_ring_sends_no_more(string engine)
    {
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.Fill();
        memory.Bytes.Fill(0x77);
        using (var ring = new SeamRing(engine))
        {
            ring.Next().PrepareSendZc(pair.A, memory.Address, 5);
            Assert.Equal(1, ring.Submit());
            Assert.True(ring.StaysQuiet(10));
        }

        pair.A.ShutDown(1);
        for (byte[] part; (part = pair.B.Receive(1 << 16)).Length > 0;)
            Assert.DoesNotContain((byte)0x77, part);
    }

    private static (ulong UserData, int Res, CqeFlags Flags)[] Take(SeamRing ring, int count) =>
        [.. ring.Take(count).Select(cqe => (cqe.UserData, cqe.Res, cqe.Flags))];
}
