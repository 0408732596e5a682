using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: how a ring is and what it may: its clock, busy polling, size, memory, restrictions.</summary>
internal static class RegisterRingCases
{
    private const int Page = 4096, CapNetAdmin = 12;
    private const SetupFlags Deferred = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;

    private static readonly CaseList Clocks = new()
    {
        { "register.clock-ok", c => c.Ring.RegisterBy(RegisterClock, Boot, 0) },
        { "register.clock-nr1", c => c.CallFaultNew(RegisterClock, (c.Put(Boot), 0), (c.Put(Boot), 1)) },
        { "register.clock-realtime", c => ClockFault(c, (ref clock) => clock.ClockId = Libc.CLOCK_REALTIME) },
        { "register.clock-resv", c => ClockFault(c, (ref clock) => clock.Resv0 = 1) },
        { "register.clock-null", c => c.CallFaultNew(RegisterClock, (c.Put(Boot), 0), (0, 0)) },
    };

    private static readonly CaseList BusyPolling = new()
    {
        { "register.napi-nr0", c => c.CallFaultNew(RegisterNapi, (c.Put(Fifty), 1), (c.Put(Fifty), 0)) },
        { "register.napi-ok", c => c.Ring.RegisterBy(RegisterNapi, Fifty) },
        { "register.napi-resv", c => NapiFault(c, (ref napi) => napi.Resv = 1UL << 32) },
        { "register.napi-opcode", c => NapiFault(c, (ref napi) => napi.Opcode = 9) },
        { "register.napi-strategy", c => NapiFault(c, (ref napi) => napi.OpParam = 7) },
        { "register.unnapi", c => WithNapi(c).RegisterBy(UnregisterNapi, default(Napi)) },
        { "register.unnapi-null", c => WithNapi(c).Register(UnregisterNapi, 0, 1) },
        { "register.unnapi-nr0", c => c.CallFaultNew(UnregisterNapi, (c.Put(default(Napi)), 1), (c.Put(default(Napi)), 0), WithNapi) },
        { "register.napi-iopoll", c => OnEach(c, RegisterNapi, Fifty, 0, SetupFlags.IoPoll) },
    };

    private static readonly CaseList Resizing = new()
    {
        { "register.resize-nodefer", c => OnEach(c, RegisterResizeRings, To(16), Deferred, 0) },
        {
            ["register.resize-ok", "register.resize-cq"], c =>
            {
                nuint size = c.Put(To(16));
                c.Row("register.resize-ok", c.NewRing(Deferred, 4).Register(RegisterResizeRings, size, 1));
                c.Row("register.resize-cq", c.At<RingParams>(size).CqEntries);
            }
        },
        { "register.resize-flags", c => ResizeFault(c, (ref size) => size.Flags = SetupFlags.SubmitAll) },
        { "register.resize-zero", c => ResizeFault(c, (ref size) => size.SqEntries = 0) },
        { "register.resize-nr0", c => c.CallFaultNew(RegisterResizeRings, (c.Put(To(16)), 1), (c.Put(To(16)), 0), Small) },
        {
            "register.resize-too-small", c =>
            {
                SeamRing empty = c.NewRing(Deferred), unread = c.NewRing(Deferred);
                c.Submit(unread, [.. Enumerable.Repeat(Nop, 8)]);
                unread.Await(8);
                return c.Unlike(empty.RegisterBy(RegisterResizeRings, To(2)), unread.RegisterBy(RegisterResizeRings, To(2)));
            }
        },
    };

    private static readonly CaseList Regions = new()
    {
        { "register.mem-region-ok", c => c.RegisterNewBy(RegisterMemRegion, Waits(c, Own(c)), on: Disabled) },
        {
            "register.mem-region-twice", c =>
            {
                SeamRing ring = Disabled(c);
                MemRegionReg region = Waits(c, Own(c));
                return c.Unlike(ring.RegisterBy(RegisterMemRegion, region), ring.RegisterBy(RegisterMemRegion, region));
            }
        },
        { "register.mem-region-enabled", c => OnEach(c, RegisterMemRegion, Waits(c, Own(c)), SetupFlags.RDisabled, 0) },
        { "register.mem-region-flags", c => RegionFault(c, (ref region) => region.Flags |= (MemRegionFlags)8) },
        { "register.mem-region-resv", c => RegionFault(c, (ref region) => region.Resv0 = 1) },
        { "register.mem-region-addr-noflag", c => MemoryFault(c, (ref memory) => memory.Flags = 0) },
        { "register.mem-region-size", c => MemoryFault(c, (ref memory) => memory.Size = Page + 100) },
        { "register.mem-region-size0", c => MemoryFault(c, (ref memory) => memory.Size = 0) },
        { "register.mem-region-null", c => RegionFault(c, (ref region) => region.RegionUptr = 0) },
        {
            "register.mem-region-nr0", c =>
            {
                nuint region = c.Put(Waits(c, Own(c)));
                return c.CallFaultNew(RegisterMemRegion, (region, 1), (region, 0), Disabled);
            }
        },
        {
            "register.zcrx-plain-ring", c =>
            {
                c.Needs(CapNetAdmin, "CAP_NET_ADMIN");
                // The interface does not exist: on a ring of the right kind it is what is wrong.
                var queue = new ZcrxIfqReg
                {
                    IfIdx = int.MaxValue,
                    RqEntries = 8,
                    AreaPtr = c.Put(new ZcrxAreaReg { Addr = c.Buffer, Len = Page }),
                    RegionPtr = c.Put(Own(c)),
                };
                return OnEach(c, RegisterZcrxIfq, queue, Deferred | SetupFlags.Cqe32, 0);
            }
        },
    };

    private static ClockRegister Boot => new() { ClockId = Libc.CLOCK_BOOTTIME };

    private static Napi Fifty => new() { BusyPollTo = 50 };

    /// <summary>The request on a ring that it suits, then on one that it does not.</summary>
    private static long OnEach<T>(Case c, RegisterOp operation, T argument, SetupFlags good, SetupFlags bad)
        where T : unmanaged => c.Unlike(c.NewRing(good).RegisterBy(operation, argument), c.NewRing(bad).RegisterBy(operation, argument));

    private static long ClockFault(Case c, Fault<ClockRegister> fault) => c.FaultOfNew(RegisterClock, Boot, fault, 0);

    private static long NapiFault(Case c, Fault<Napi> fault) => c.FaultOfNew(RegisterNapi, Fifty, fault);

    private static SeamRing WithNapi(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.RegisterBy(RegisterNapi, Fifty));
        return ring;
    }

    private static RingParams To(uint entries) => new() { SqEntries = entries };

    private static SeamRing Small(Case c) => c.NewRing(Deferred, 4);

    private static long ResizeFault(Case c, Fault<RingParams> fault) => c.FaultOfNew(RegisterResizeRings, To(16), fault, on: Small);

    private static SeamRing Disabled(Case c) => c.NewRing(SetupFlags.RDisabled);

    /// <summary>A page of the case's own.</summary>
    private static RegionDesc Own(Case c) => new() { UserAddr = c.Memory(Page).Address, Size = Page, Flags = RegionDescFlags.TypeUser };

    private static MemRegionReg Waits(Case c, RegionDesc memory) =>
        new() { RegionUptr = c.Put(memory), Flags = MemRegionFlags.RegWaitArg };

    private static long RegionFault(Case c, Fault<MemRegionReg> fault) =>
        c.FaultOfNew(RegisterMemRegion, Waits(c, Own(c)), fault, on: Disabled);

    private static long MemoryFault(Case c, Fault<RegionDesc> fault)
    {
        RegionDesc good = Own(c), bad = good;
        fault(ref bad);
        return c.Unlike(
            c.RegisterNewBy(RegisterMemRegion, Waits(c, good), on: Disabled),
            c.RegisterNewBy(RegisterMemRegion, Waits(c, bad), on: Disabled));
    }
}
