using UserRing.Abi;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: the call itself, who may call, and rings by their registered index.</summary>
internal static class RegisterCallCases
{
    private const int Page = 4096;
    private const RegisterOp FirstUnknown = (RegisterOp)AbiCounts.RegisterOpsIn618, FarUnknown = (RegisterOp)100;

    private static readonly CaseList Calls = new()
    {
        { "register.op-last", c => c.Unlike(c.Register(FirstUnknown - 1), c.Register(FirstUnknown)) },
        { "register.op-100", c => c.Unlike(c.Register(FirstUnknown - 1), c.Register(FarUnknown)) },
        { "register.op-before-fd", c => c.Unlike(c.Register(c.NoFd, UnregisterBuffers), c.Register(c.NoFd, FarUnknown)) },
        { "register.badfd", c => OnDescriptor(c, UnregisterBuffers, c.NoFd) },
        { "register.badfd-minus2", c => OnDescriptor(c, UnregisterBuffers, -2) },
        { "register.fd-minus1", c => OnDescriptor(c, UnregisterBuffers, -1) },
        { "register.not-ring", c => OnDescriptor(c, UnregisterBuffers, c.Null) },
        { "register.fd-before-args", c => OnDescriptor(c, RegisterBuffers, c.Null, count: 1) },
        { "register.use-registered-16", c => c.Unlike(ByIndex(c, TakeIndex(c)), ByIndex(c, 16)) },
        { "register.use-registered-empty", c => c.Unlike(ByIndex(c, TakeIndex(c)), ByIndex(c, 5)) },
        {
            "register.single-issuer-other", c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.SingleIssuer);
                return c.Unlike(ring.Register(RegisterPersonality), c.Elsewhere(() => ring.Register(RegisterPersonality)));
            }
        },
    };

    private static readonly CaseList Enabling = new()
    {
        {
            "register.enable-enabled",
            c => c.Unlike(c.RegisterNew(RegisterEnableRings, on: Disabled), c.RegisterNew(RegisterEnableRings))
        },
        { "register.enable-arg", c => c.CallFaultNew(RegisterEnableRings, (0, 0), (0, 1)) },
    };

    private static readonly CaseList RingFds = new()
    {
        { "register.ring-fds-nr0", c => c.Unlike(Take(c, 1, AnySlot(c)), Take(c, 0, AnySlot(c))) },
        { "register.ring-fds-nr17", c => c.Unlike(Take(c, 16, AnySlots(c, 17)), Take(c, 17, AnySlots(c, 17))) },
        { "register.ring-fds-resv", c => TakeFault(c, (ref slot) => slot.Resv = 1) },
        { "register.ring-fds-off16", c => TakeFault(c, AnySlot(c) with { Offset = 15 }, (ref slot) => slot.Offset = 16) },
        { "register.ring-fds-notring", c => TakeFault(c, (ref slot) => slot.Data = (ulong)c.Null) },
        { "register.ring-fds-badfd", c => TakeFault(c, (ref slot) => slot.Data = (ulong)c.NoFd) },
        { "register.ring-fds-16", c => Take(c, 16, AnySlots(c, 16)) },
        { "register.ring-fds-full", c => TakeOfFull(c, AnySlot(c)) },
        { "register.ring-fds-taken", c => TakeOfFull(c, AnySlot(c) with { Offset = 3 }) },
        { "register.unring-fds-16", c => c.Register(UnregisterRingFds, TakeAll(c), 16) },
        { "register.unring-fds-empty", c => c.Register(UnregisterRingFds, c.Put(new RsrcUpdate { Offset = 3 }), 1) },
        { "register.unring-fds-data", c => c.FaultOf(UnregisterRingFds, new RsrcUpdate { Offset = 3 }, (ref slot) => slot.Data = 1) },
        { "register.unring-fds-off16", c => c.FaultOf(UnregisterRingFds, new RsrcUpdate { Offset = 15 }, (ref slot) => slot.Offset = 16) },
        {
            "register.reg-fd-only-use", c =>
            {
                int index = OnlyRegistered(c), used = ByIndex(c, index);
                Assert.Equal(1, GiveBack(c, index));
                return used;
            }
        },
        { "register.reg-fd-only-close", c => GiveBack(c, OnlyRegistered(c)) },
    };

    private static SeamRing Disabled(Case c) => c.NewRing(SetupFlags.RDisabled);

    private static long OnDescriptor(Case c, RegisterOp operation, int descriptor, uint count = 0) =>
        c.Unlike(c.Register(operation, 0, count), c.Register(descriptor, operation, 0, count));

    private static int ByIndex(Case c, int index) => c.Register(index, RegisterPersonality | RegisterUseRegisteredRing);

    /// <summary>The index under which the case's ring is registered from now on.</summary>
    private static int TakeIndex(Case c)
    {
        nuint slot = c.Put(AnySlot(c));
        Assert.Equal(1, c.Register(RegisterRingFds, slot, 1));
        return (int)c.At<RsrcUpdate>(slot).Offset;
    }

    private static RsrcUpdate AnySlot(Case c) => new() { Offset = uint.MaxValue, Data = (ulong)c.Ring.Descriptor };

    private static RsrcUpdate[] AnySlots(Case c, int count) => [.. Enumerable.Repeat(AnySlot(c), count)];

    /// <summary>RING_FDS, taken back if it did something.</summary>
    private static int Take(Case c, uint count, params ReadOnlySpan<RsrcUpdate> slots)
    {
        nuint address = c.PutAll(slots);
        int taken = c.Register(RegisterRingFds, address, count);
        if (taken > 0)
            Assert.Equal(taken, c.Register(UnregisterRingFds, Undo(c, address, taken), (uint)taken));
        return taken;
    }

    private static long TakeFault(Case c, Fault<RsrcUpdate> fault) => TakeFault(c, AnySlot(c), fault);

    private static long TakeFault(Case c, RsrcUpdate good, Fault<RsrcUpdate> fault)
    {
        RsrcUpdate bad = good;
        fault(ref bad);
        return c.Unlike(Take(c, 1, good), Take(c, 1, bad));
    }

    private static long TakeOfFull(Case c, RsrcUpdate slot)
    {
        c.Control(Take(c, 1, slot));
        TakeAll(c);
        return Take(c, 1, slot);
    }

    /// <summary>Takes all sixteen; the address of what gives them back.</summary>
    private static nuint TakeAll(Case c)
    {
        nuint address = c.PutAll<RsrcUpdate>(AnySlots(c, 16));
        Assert.Equal(16, c.Register(RegisterRingFds, address, 16));
        return Undo(c, address, 16);
    }

    /// <summary>The slots that were written back, as giving them back wants them.</summary>
    private static nuint Undo(Case c, nuint slots, int count)
    {
        RsrcUpdate[] taken = [.. Enumerable.Range(0, count).Select(i => c.At<RsrcUpdate>(slots + 16 * (nuint)i) with { Data = 0 })];
        return c.PutAll<RsrcUpdate>(taken);
    }

    private static int GiveBack(Case c, int index)
    {
        nuint slot = c.Put(new RsrcUpdate { Offset = (uint)index });
        return c.Register(index, UnregisterRingFds | RegisterUseRegisteredRing, slot, 1);
    }

    /// <summary>The index of a ring that has no descriptor.</summary>
    private static int OnlyRegistered(Case c)
    {
        TestMemory memory = c.Memory(2 * Page);
        return c.Setup(4, new RingParams
        {
            Flags = SetupFlags.NoMmap | SetupFlags.RegisteredFdOnly,
            CqOff = new() { UserAddr = memory.Address },
            SqOff = new() { UserAddr = memory.At(Page) },
        });
    }
}
