using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Commands that set or tell something: the clock of waits, busy polling, network queues, questions about the engine.</summary>
public sealed unsafe class RegisterSettingsTests
{
    [Theory, EveryEngine]
    public void The_clock_of_waits_is_one_of_two(string engine)
    {
        using var ring = new SeamRing(engine);
        const uint Realtime = Libc.CLOCK_REALTIME, Monotonic = Libc.CLOCK_MONOTONIC, Boottime = Libc.CLOCK_BOOTTIME;
        Assert.Equal(0, Clock(ring, new ClockRegister { ClockId = Boottime }));
        Assert.Equal(0, Clock(ring, new ClockRegister { ClockId = Monotonic }));
        Assert.Equal(-Errno.EINVAL, Clock(ring, new ClockRegister { ClockId = Realtime }));
        Assert.Equal(-Errno.EINVAL, Clock(ring, new ClockRegister { ClockId = 4 }));
        Assert.Equal(-Errno.EINVAL, Clock(ring, new ClockRegister { ClockId = Boottime, Resv2 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterClock));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterClock, TestMemory.Bad));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterClock, new ClockRegister { ClockId = Boottime }));
    }

    [Theory, EveryEngine]
    public void Busy_polling_is_kept_and_handed_back(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal((0, (0u, 0, 255u)), Poll(ring, Polling(50, 1)));
        Assert.Equal((0, (50u, 1, 0u)), Poll(ring, Polling(20_000, 7)));
        Assert.Equal((0, (10_000u, 1, 0u)), Poll(ring, Polling(60, 0, 1)));
        Assert.Equal((-Errno.EINVAL, (60u, 0, 1u)), Poll(ring, Polling(5, 0, 7)));
        Assert.Equal((-Errno.EINVAL, (60u, 0, 1u)), Poll(ring, new Napi { BusyPollTo = 5, Opcode = 3 }));
        Assert.Equal((-Errno.EINVAL, (5u, 0, 0u)), Poll(ring, new Napi { BusyPollTo = 5, Pad1 = 1 }));
        Assert.Equal((-Errno.EINVAL, (5u, 0, 0u)), Poll(ring, new Napi { BusyPollTo = 5, Pad2 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterNapi, new Napi { Resv = 1ul << 32 }));
        Assert.Equal((0, (60u, 0, 0u)), StopPolling(ring));
        Assert.Equal((0, (0u, 0, 0u)), StopPolling(ring));
    }

    [Theory, EveryEngine]
    public void Queues_are_polled_by_id_where_they_are_listed(string engine)
    {
        using var ring = new SeamRing(engine);
        Napi add = new() { Opcode = 1, OpParam = 1 << 20 }, remove = new() { Opcode = 2, OpParam = 1 << 20 };
        Assert.Equal(-Errno.EINVAL, Poll(ring, add).Result);
        Assert.Equal(0, Poll(ring, Polling(60, 0, 1)).Result);
        Assert.Equal(0, Poll(ring, add).Result);
        Assert.Equal(-Errno.EEXIST, Poll(ring, add).Result);
        Assert.Equal(0, Poll(ring, remove).Result);
        Assert.Equal(-Errno.ENOENT, Poll(ring, remove).Result);
        Assert.Equal(-Errno.EINVAL, Poll(ring, add with { OpParam = 1 }).Result);
        Assert.Equal(-Errno.EINVAL, Poll(ring, remove with { OpParam = 1 }).Result);
        Assert.Equal(0, Poll(ring, Polling(60, 0)).Result);
        Assert.Equal(-Errno.EINVAL, Poll(ring, add).Result);
    }

    [Theory, EveryEngine]
    public void Arguments_of_busy_polling_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var polled = new SeamRing(engine, flags: SetupFlags.IoPoll);
        Assert.Equal(-Errno.EINVAL, polled.Register(RegisterOp.RegisterNapi, TestMemory.Bad, 1));
        Assert.Equal(0, polled.Register(RegisterOp.UnregisterNapi, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterNapi, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterNapi, memory.Address, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterNapi, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterNapi, TestMemory.ReadOnly, 1));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterNapi, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterNapi));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterNapi, memory.Address, 2));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.UnregisterNapi, TestMemory.Bad, 1));
    }

    [Theory, EveryEngine]
    public void No_network_queue_can_be_had(string engine)
    {
        Requirements.SkipUnless(Libc.HasCapability(12), "Only a network administrator is told why.");
        using var memory = new TestMemory(3 * 4096);
        using var plain = new SeamRing(engine);
        SetupFlags deferred = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;
        using var small = new SeamRing(engine, flags: deferred);
        using var ring = new SeamRing(engine, flags: deferred | SetupFlags.CqeMixed);
        memory.As<RegionDesc>() = new RegionDesc { Size = 4096 };
        memory.As<ZcrxAreaReg>(512) = new ZcrxAreaReg { Addr = memory.At(4096), Len = 8192 };
        var queue = new ZcrxIfqReg { IfIdx = 1, RqEntries = 64, AreaPtr = memory.At(512), RegionPtr = memory.Address };
        Assert.Equal(-Errno.EINVAL, plain.RegisterBy(RegisterOp.RegisterZcrxIfq, queue));
        Assert.Equal(-Errno.EINVAL, small.RegisterBy(RegisterOp.RegisterZcrxIfq, queue));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterZcrxIfq, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterZcrxIfq, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { RegionPtr = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { AreaPtr = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { RqEntries = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { RqEntries = 32769 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { IfRxq = uint.MaxValue }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { Flags = (ZcrxRegisterFlags)1 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { Resv2 = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { ZcrxId = 1 }));
        Assert.Equal(-Errno.ENODEV, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue with { IfIdx = 99_999 }));
        Assert.Equal(-Errno.EOPNOTSUPP, ring.RegisterBy(RegisterOp.RegisterZcrxIfq, queue)); // the loopback interface
    }

    [Theory, EveryEngine]
    public void The_engine_tells_what_it_knows(string engine)
    {
        using var ring = new SeamRing(engine);
        foreach (int descriptor in new[] { -1, ring.Descriptor })
        {
            (int result, QueryHdr header, QueryOpcode answer) = Query(ring, descriptor, new QueryHdr { Size = 48 });
            Assert.Equal((0, 0, 48u), (result, header.Result, header.Size));
            Assert.Equal((63u, 36u, 1u, 0u), (answer.NrRequestOpcodes, answer.NrRegisterOpcodes, answer.NrQueryOpcodes, answer.Pad));
            Assert.Equal(0x7Ful, answer.SqeFlags);
            Assert.Equal((ulong)ring.Params.Features, answer.FeatureFlags & (ulong)ring.Params.Features);
            Assert.Equal(0xFFul, answer.EnterFlags);
        }
    }

    [Theory, EveryEngine]
    public void Questions_are_answered_one_by_one(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        memory.Bytes.Fill(0xAB);
        memory.As<QueryHdr>() = new QueryHdr { Size = 4, QueryData = memory.At(1000), NextEntry = memory.At(200) };
        memory.As<QueryHdr>(200) = new QueryHdr
        {
            Size = 8, QueryData = memory.At(2000), QueryOp = (QueryOp)200, NextEntry = memory.At(400),
        };
        memory.As<QueryHdr>(400) = new QueryHdr { Size = 60, QueryData = memory.At(3000) };
        Assert.Equal(0, ring.Engine.Register(-1, RegisterOp.RegisterQuery, memory.Address, 0));
        Assert.Equal((0, 4u), (memory.As<QueryHdr>().Result, memory.As<QueryHdr>().Size));
        Assert.Equal((63, 0xAB), (memory.As<int>(1000), memory.Bytes[1004]));
        Assert.Equal((-Errno.EOPNOTSUPP, 0u), (memory.As<QueryHdr>(200).Result, memory.As<QueryHdr>(200).Size));
        Assert.Equal((0L, 0xAB), (memory.As<long>(2000), memory.Bytes[2008])); // room for an answer becomes zero
        Assert.Equal((0, 48u), (memory.As<QueryHdr>(400).Result, memory.As<QueryHdr>(400).Size));
        Assert.Equal((0, 0xAB), (memory.Bytes[3059], memory.Bytes[3060]));
    }

    [Theory, EveryEngine]
    public void Bad_questions_say_so(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Engine.Register(-1, RegisterOp.RegisterQuery, 0, 0));
        Assert.Equal(-Errno.EINVAL, ring.Engine.Register(-1, RegisterOp.RegisterQuery, 0, 1));
        Assert.Equal(-Errno.EFAULT, ring.Engine.Register(-1, RegisterOp.RegisterQuery, TestMemory.Bad, 0));
        Assert.Equal(-Errno.EINVAL, Query(ring, -1, new QueryHdr { Size = 48, Resv1 = 1 }).Header.Result);
        Assert.Equal(-Errno.EINVAL, Query(ring, -1, new QueryHdr { Size = 48, Result = 1 }).Header.Result);
        Assert.Equal(-Errno.EINVAL, Query(ring, -1, new QueryHdr { Size = 0 }).Header.Result);
        Assert.Equal(-Errno.EOPNOTSUPP, Query(ring, -1, new QueryHdr { Size = 48, QueryOp = (QueryOp)1 }).Header.Result);
        QueryHdr header = new() { Size = 48, QueryData = TestMemory.Bad };
        Assert.Equal(-Errno.EFAULT, ring.Engine.Register(-1, RegisterOp.RegisterQuery, (nuint)(&header), 0));
        header = new QueryHdr { Size = 8, QueryData = TestMemory.Bad, QueryOp = (QueryOp)9 };
        Assert.Equal(-Errno.EFAULT, ring.Engine.Register(-1, RegisterOp.RegisterQuery, (nuint)(&header), 0));
        header = new QueryHdr { QueryData = TestMemory.Bad, QueryOp = (QueryOp)9 };
        Assert.Equal(0, ring.Engine.Register(-1, RegisterOp.RegisterQuery, (nuint)(&header), 0));
        header = new QueryHdr { QueryOp = (QueryOp)9, NextEntry = (ulong)(&header) };
        Assert.Equal(-Errno.ERANGE, ring.Engine.Register(-1, RegisterOp.RegisterQuery, (nuint)(&header), 0)); // round and round
    }

    private static int Clock(SeamRing ring, ClockRegister clock) => ring.RegisterBy(RegisterOp.RegisterClock, clock, 0);

    private static Napi Polling(uint microseconds, byte prefers, uint tracking = 0) =>
        new() { BusyPollTo = microseconds, PreferBusyPoll = prefers, OpParam = tracking };

    private static (int Result, (uint, int, uint) Old) Poll(SeamRing ring, Napi asked)
    {
        int result = ring.Register(RegisterOp.RegisterNapi, (nuint)(&asked), 1);
        return (result, (asked.BusyPollTo, asked.PreferBusyPoll, asked.OpParam));
    }

    private static (int Result, (uint, int, uint) Old) StopPolling(SeamRing ring)
    {
        Napi old = default;
        int result = ring.Register(RegisterOp.UnregisterNapi, (nuint)(&old), 1);
        return (result, (old.BusyPollTo, old.PreferBusyPoll, old.OpParam));
    }

    private static (int Result, QueryHdr Header, QueryOpcode Answer) Query(SeamRing ring, int descriptor, QueryHdr header)
    {
        QueryOpcode answer = default;
        header.QueryData = (ulong)(&answer);
        int result = ring.Engine.Register(descriptor, RegisterOp.RegisterQuery, (nuint)(&header), 0);
        return (result, header, answer);
    }
}
