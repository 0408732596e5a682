using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>MSG_RING, and SEND_MSG_RING, which needs no ring to send from.</summary>
public sealed unsafe class MessageRingTests
{
    [Theory, EveryEngine]
    public void Data_becomes_a_completion_of_the_other_ring(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        Assert.Equal(0, ring.Do(Data(target) with { Len = 55, Off = 153 }));
        Cqe cqe = target.Take();
        Assert.Equal((153ul, 55, CqeFlags.None), (cqe.UserData, cqe.Res, cqe.Flags));
        Assert.Equal(0, ring.Do(Data(target) with { Len = 7, Flags = SqeFlags.Async }));
        Assert.Equal(7, target.Take().Res);
        Assert.Equal(0, ring.Do(Data(target) with { MsgRingFlags = MsgRingFlags.FlagsPass, FileIndex = 0x4000 }));
        Assert.Equal((CqeFlags)0x4000, target.Take().Flags);
    }

    [Theory, EveryEngine]
    public void A_message_to_itself_comes_before_its_own_completion(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        ring.Next() = Data(ring) with { UserData = 2, Off = 3, Len = 5 };
        Assert.Equal(2, ring.Submit());
        Assert.Equal([(3ul, 5), (1ul, 0), (2ul, 0)], ring.Take(3).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void A_waiter_on_the_other_ring_wakes_up(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        TestThread<int> waiter = TestThread.Start(() => target.Take().Res);
        waiter.AwaitSleep();
        Assert.Equal(0, ring.Do(Data(target) with { Len = 9 }));
        Assert.Equal(9, waiter.Answer);
    }

    [Theory, EveryEngine]
    public void A_full_queue_holds_the_message_back(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine, 1, cqEntries: 1);
        Assert.Equal(0, ring.Do(Data(target) with { Off = 1 }));
        Assert.Equal(0, ring.Do(Data(target) with { Off = 2 }));
        Assert.Equal(SqRingFlags.CqOverflow, target.SqFlags & SqRingFlags.CqOverflow);
        Assert.Equal([1ul, 2ul], target.Take(2).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void A_deferring_ring_sees_messages_when_it_asks(string engine)
    {
        using var target = new SeamRing(engine, flags: SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
        Assert.Equal(0, TestThread.Start(() =>
        {
            using var ring = new SeamRing(engine);
            return ring.Do(Data(target) with { Off = 4, Len = 6 });
        }).Answer);
        Assert.Equal(0u, target.Ready);
        target.GetEvents();
        Assert.True(target.TryTake(out Cqe cqe));
        Assert.Equal((4ul, 6), (cqe.UserData, cqe.Res));
    }

    [Theory, EveryEngine]
    public void Bad_messages_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        using var disabled = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Assert.Equal(0, ring.RegisterFiles(device));
        Assert.Equal(-Errno.EBADFD, ring.Do(Data(target) with { Fd = device }));
        Assert.Equal(-Errno.EBADF, ring.Do(Data(target) with { Fd = TestDescriptor.Closed }));
        Assert.Equal(-Errno.EBADFD, ring.Do(Data(target) with { Fd = 0, Flags = SqeFlags.FixedFile }));
        Assert.Equal(-Errno.EBADF, ring.Do(Data(target) with { Fd = 1, Flags = SqeFlags.FixedFile }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { Addr = 7 }));
        Assert.Equal(0, ring.Do(Data(target) with { Addr = 1ul << 32 })); // the command is its lower half
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { MsgRingFlags = (MsgRingFlags)(1 << 20) }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { IoPrio = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { MsgRingFlags = MsgRingFlags.CqeSkip }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { FileIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { Addr3 = 1 }));
        Assert.Equal(-Errno.EBADFD, ring.Do(Data(disabled)));
        Assert.Equal(1, ring.Register(RegisterOp.RegisterPersonality));
        Assert.Equal(-Errno.EINVAL, ring.Do(Data(target) with { Personality = 1 }));
        Assert.Equal(1u, target.Ready);
    }

    [Theory, EveryEngine]
    public void A_registered_file_can_be_sent(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file, -1));
        Assert.Equal(-Errno.ENXIO, ring.Do(File(target, 0, 1)));
        Assert.Equal(0, target.RegisterFiles(-1, -1));
        Assert.Equal(0, ring.Do(File(target, 0, 2) with { Off = 85 }));
        Cqe cqe = target.Take();
        Assert.Equal((85ul, 0), (cqe.UserData, cqe.Res));
        Assert.Equal(0, ring.Do(File(target, 0, FileSlots.Alloc)));
        Assert.Equal(0, target.Take().Res);
        Assert.Equal(-Errno.ENFILE, ring.Do(File(target, 0, FileSlots.Alloc)));
        Assert.Equal(0, ring.Do(File(target, 0, 1) with { MsgRingFlags = MsgRingFlags.CqeSkip, Flags = SqeFlags.Async }));
        Assert.Equal(0u, target.Ready);
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        foreach (int slot in new[] { 0, 1 })
        {
            var read = new Sqe { Opcode = Opcode.Read, Fd = slot, Addr = memory.Address, Len = 8, Flags = SqeFlags.FixedFile };
            Assert.Equal(3, target.Do(read));
        }
    }

    [Theory, EveryEngine]
    public void Bad_sendings_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        using var disabled = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using TestFile file = TestFile.Create("abc");
        Assert.Equal(0, target.RegisterFiles(-1, -1));
        Assert.Equal(-Errno.EBADF, ring.Do(File(target, 0, 1)));
        Assert.Equal(0, ring.RegisterFiles(file, -1));
        Assert.Equal(-Errno.EBADF, ring.Do(File(target, 1, 1)));
        Assert.Equal(-Errno.EBADF, ring.Do(File(target, 7, 1)));
        Assert.Equal(-Errno.EINVAL, ring.Do(File(target, 0, 9)));
        Assert.Equal(-Errno.EINVAL, ring.Do(File(target, 0, 0)));
        Assert.Equal(-Errno.EINVAL, ring.Do(File(target, 0, 1) with { Len = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(File(ring, 0, 1)));
        Assert.Equal(-Errno.EBADFD, ring.Do(File(disabled, 0, 1)));
        Assert.Equal(0u, target.Ready);
    }

    [Theory, EveryEngine]
    public void The_tag_of_a_replaced_file_is_posted_on_the_target(string engine)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file));
        var table = new RsrcRegister { Nr = 1, Data = memory.Put(0, file.Number), Tags = memory.Put(64, 71ul) };
        Assert.Equal(0, target.RegisterBy(RegisterOp.RegisterFiles2, table, (uint)sizeof(RsrcRegister)));
        Assert.Equal(0, ring.Do(File(target, 0, 1) with { Off = 5 }));
        Assert.Equal([5ul, 71ul], target.Take(2).Select(cqe => cqe.UserData).Order());
    }

    [Theory, EveryEngine]
    public void Rings_that_send_files_to_each_other_do_not_wait_for_each_other(string engine)
    {
        const int Rounds = 2000;
        using var first = new SeamRing(engine, cqEntries: 4096);
        using var second = new SeamRing(engine, cqEntries: 4096);
        using TestFile file = TestFile.Create("abc");
        Assert.Equal(0, first.RegisterFiles(file, -1));
        Assert.Equal(0, second.RegisterFiles(file, -1));
        TestThread<int> other = TestThread.Start(() => SendMany(second, first));
        Assert.Equal((Rounds, Rounds), (SendMany(first, second), other.Answer));

        static int SendMany(SeamRing from, SeamRing to)
        {
            int done = 0;
            for (int round = 0; round < Rounds; round++)
                done += from.Do(File(to, 0, 2) with { MsgRingFlags = MsgRingFlags.CqeSkip }) == 0 ? 1 : 0;
            return done;
        }
    }

    [Theory, EveryEngine]
    public void A_message_can_be_sent_without_a_ring(string engine)
    {
        using var target = new SeamRing(engine);
        using TestDescriptor device = TestDescriptor.Open("/dev/null");
        Sqe message = Data(target) with { Len = 42, Off = 8 };
        Assert.Equal(0, Send(target, message));
        Cqe cqe = target.Take();
        Assert.Equal((8ul, 42), (cqe.UserData, cqe.Res));
        Assert.Equal(-Errno.EINVAL, Send(target, message with { Flags = SqeFlags.Async }));
        Assert.Equal(-Errno.EINVAL, Send(target, message with { Opcode = Opcode.Nop }));
        Assert.Equal(-Errno.EBADFD, Send(target, message with { Fd = device }));
        Assert.Equal(-Errno.EBADF, Send(target, message with { Fd = TestDescriptor.Closed }));
        Assert.Equal(-Errno.EINVAL, Send(target, message with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, Send(target, message with { BufIndex = 1, Fd = TestDescriptor.Closed }));
        Assert.Equal(-Errno.EINVAL, Send(target, message, count: 0));
        Assert.Equal(-Errno.EINVAL, target.Engine.Register(-1, RegisterOp.RegisterSendMsgRing, 0, 1));
        Assert.Equal(-Errno.EFAULT, target.Engine.Register(-1, RegisterOp.RegisterSendMsgRing, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EINVAL, target.RegisterBy(RegisterOp.RegisterSendMsgRing, message));
        Assert.Equal(-Errno.EINVAL, target.Engine.Register(-1, RegisterOp.UnregisterFiles, 0, 0));
        Assert.Equal(0u, target.Ready);
    }

    [Theory]
    [InlineData(TestEngines.Managed, TestEngines.Kernel)]
    [InlineData(TestEngines.Managed, TestEngines.Copying)]
    [InlineData(TestEngines.Kernel, TestEngines.Managed)]
    public void A_ring_of_another_engine_is_none(string engine, string other)
    {
        using var ring = new SeamRing(engine);
        using var target = new SeamRing(other);
        Assert.Equal(-Errno.EBADFD, ring.Do(Data(target)));
    }

    private static Sqe Data(SeamRing target) => new() { Opcode = Opcode.MsgRing, Fd = target.Descriptor };

    private static Sqe File(SeamRing target, ulong from, uint slot) =>
        new() { Opcode = Opcode.MsgRing, Fd = target.Descriptor, Addr = 1, Addr3 = from, FileIndex = slot };

    private static int Send(SeamRing ring, Sqe message, uint count = 1) =>
        ring.Engine.Register(-1, RegisterOp.RegisterSendMsgRing, (nuint)(&message), count);
}
