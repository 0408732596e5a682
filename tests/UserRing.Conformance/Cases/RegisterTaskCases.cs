using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: eventfds, the probe, personalities, workers.</summary>
internal static class RegisterTaskCases
{
    private const uint MaskBytes = sizeof(ulong), AllOps = RingLimits.MaxProbeOps;

    private static readonly CaseList EventFds = new()
    {
        { "register.eventfd-nr0", c => c.CallFaultNew(RegisterEventFd, (EventFd(c), 1), (EventFd(c), 0)) },
        { "register.eventfd-nr2", c => c.CallFaultNew(RegisterEventFd, (EventFd(c), 1), (EventFd(c), 2)) },
        { "register.eventfd-null", c => c.CallFaultNew(RegisterEventFd, (EventFd(c), 1), (0, 1)) },
        { "register.eventfd-badfd", c => c.CallFaultNew(RegisterEventFd, (EventFd(c), 1), (c.Put(c.NoFd), 1)) },
        { "register.eventfd-notev", c => c.CallFaultNew(RegisterEventFd, (EventFd(c), 1), (c.Put(c.Null), 1)) },
        { "register.uneventfd-none", c => c.Unlike(c.RegisterNew(UnregisterEventFd, on: WithEventFd), c.RegisterNew(UnregisterEventFd)) },
        { "register.uneventfd-arg", c => c.CallFaultNew(UnregisterEventFd, (0, 0), (0, 1)) },
        { "register.eventfd-ok", c => c.Register(RegisterEventFd, EventFd(c), 1) },
        { "register.eventfd-twice", c => Second(c, RegisterEventFd) },
        { "register.eventfd-async-twice", c => Second(c, RegisterEventFdAsync) },
        { "register.eventfd-count", c => CountAfter(c, RegisterEventFd, 3) },
        {
            "register.eventfd-disabled",
            c => c.Unlike(CountAfter(c, RegisterEventFd, 1), CountAfter(c, RegisterEventFd, 1, CqRingFlags.EventFdDisabled))
        },
        { "register.eventfd-async-inline", c => c.Unlike(CountAfter(c, RegisterEventFd, 1), CountAfter(c, RegisterEventFdAsync, 1)) },
    };

    private static readonly CaseList Probes = new()
    {
        {
            ["register.probe-ok", "register.probe-last", "register.probe-len", "register.probe-supported"], c =>
            {
                c.Row("register.probe-ok", c.Register(RegisterProbe, c.Buffer, AllOps));
                c.Row("register.probe-last", (long)c.At<Probe>(c.Buffer).LastOp);
                c.Row("register.probe-len", c.At<Probe>(c.Buffer).OpsLen);
                c.Row("register.probe-supported", (long)Operations(c)[(int)Opcode.Read].Flags);
            }
        },
        {
            "register.probe-all", c =>
            {
                Assert.Equal(0, c.Register(RegisterProbe, c.Buffer, AllOps));
                return Operations(c).Count(operation => (operation.Flags & ProbeOpFlags.Supported) == 0);
            }
        },
        { "register.probe-dirty", c => c.CallFaultNew(RegisterProbe, (c.Buffer, AllOps), (Dirty(c), AllOps)) },
        {
            "register.probe-257", c =>
            {
                TestMemory other = c.Memory(4096);
                return c.CallFaultNew(RegisterProbe, (c.Buffer, AllOps), (other.Address, AllOps + 1));
            }
        },
        { "register.probe-null", c => c.CallFaultNew(RegisterProbe, (c.Buffer, AllOps), (0, AllOps)) },
        { "register.probe-unmapped", c => c.CallFaultNew(RegisterProbe, (c.Buffer, AllOps), (TestMemory.Bad, AllOps)) },
        {
            ["register.probe-nr0", "register.probe-nr0-last"], c =>
            {
                c.Row("register.probe-nr0", c.Register(RegisterProbe, c.Buffer, 0));
                c.Row("register.probe-nr0-last", (long)c.At<Probe>(c.Buffer).LastOp);
            }
        },
    };

    private static readonly CaseList Personalities = new()
    {
        { "register.personality-arg", c => c.CallFaultNew(RegisterPersonality, (0, 0), (0, 1)) },
        { "register.personality-ok", c => c.Register(RegisterPersonality) },
        { "register.personality-second", c => WithOne(c).Register(RegisterPersonality) },
        { "register.unpersonality-unknown", c => c.CallFaultNew(UnregisterPersonality, (0, 1), (0, 99), WithOne) },
        { "register.unpersonality-arg", c => c.CallFaultNew(UnregisterPersonality, (0, 1), (c.Buffer, 1), WithOne) },
        { "register.unpersonality-ok", c => WithOne(c).Register(UnregisterPersonality, 0, 1) },
        { "register.unpersonality-zero", c => c.CallFaultNew(UnregisterPersonality, (0, 1), (0, 0), WithOne) },
    };

    private static readonly CaseList Workers = new()
    {
        { "register.iowq-aff-null", c => c.CallFaultNew(RegisterIoWqAff, (Mask(c, 1), MaskBytes), (0, MaskBytes)) },
        { "register.iowq-aff-len0", c => c.CallFaultNew(RegisterIoWqAff, (Mask(c, 1), MaskBytes), (Mask(c, 1), 0)) },
        { "register.iowq-aff-ok", c => c.Register(RegisterIoWqAff, Mask(c, 1), MaskBytes) },
        { "register.iowq-aff-empty", c => c.Register(RegisterIoWqAff, Mask(c, 0), MaskBytes) },
        { "register.iowq-aff-outside", c => c.Register(RegisterIoWqAff, Mask(c, 1UL << 63), MaskBytes) },
        { "register.uniowq-aff", c => c.Register(UnregisterIoWqAff) },
        { "register.uniowq-aff-arg", c => c.CallFaultNew(UnregisterIoWqAff, (0, 0), (0, 1)) },
        {
            ["register.iowq-max-get", "register.iowq-max-get-bounded"], c =>
            {
                nuint counts = Counts(c, 0, 0);
                c.Row("register.iowq-max-get", c.Register(RegisterIoWqMaxWorkers, counts, 2));
                c.Row("register.iowq-max-get-bounded", Yes(c.At<uint>(counts) > 0));
            }
        },
        { "register.iowq-max-nr1", c => c.CallFaultNew(RegisterIoWqMaxWorkers, (Counts(c, 0, 0), 2), (Counts(c, 0, 0), 1)) },
        { "register.iowq-max-null", c => c.CallFaultNew(RegisterIoWqMaxWorkers, (Counts(c, 0, 0), 2), (0, 2)) },
        {
            "register.iowq-max-huge",
            c => c.CallFaultNew(RegisterIoWqMaxWorkers, (Counts(c, 4, 0), 2), (Counts(c, int.MaxValue + 1u, 0), 2))
        },
    };

    /// <summary>The address of the number of an eventfd.</summary>
    private static nuint EventFd(Case c) => c.Put<int>(c.EventFd());

    private static SeamRing WithEventFd(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.Register(RegisterEventFd, EventFd(c), 1));
        return ring;
    }

    private static long Second(Case c, RegisterOp operation) =>
        c.Unlike(c.RegisterNew(operation, EventFd(c), 1), c.RegisterNew(operation, EventFd(c), 1, WithEventFd));

    /// <summary>What read(2) of the registered eventfd gives after some NOPs in one submit: its counter or -EAGAIN.</summary>
    private static unsafe long CountAfter(Case c, RegisterOp operation, int nops, CqRingFlags flags = 0)
    {
        SeamRing ring = c.NewRing();
        TestDescriptor eventFd = c.EventFd(flags: Libc.EFD_NONBLOCK);
        Assert.Equal(0, ring.RegisterBy<int>(operation, eventFd));
        ring.CqFlags = flags;
        c.Run(ring, [.. Enumerable.Repeat(Nop, nops)]);
        ulong count;
        nint read = Libc.Read(eventFd, &count, sizeof(ulong));
        return read == sizeof(ulong) ? (long)count : read;
    }

    /// <summary>The answers in <see cref="Case.Buffer"/>.</summary>
    private static ProbeOp[] Operations(Case c) =>
    [
        .. from number in Enumerable.Range(0, c.At<Probe>(c.Buffer).OpsLen)
           select c.At<ProbeOp>(c.Buffer + Probe.OpsOffset + 8 * (nuint)number),
    ];

    private static nuint Dirty(Case c)
    {
        TestMemory memory = c.Memory(4096);
        return memory.Put(0, (byte)1);
    }

    /// <summary>A ring with personality 1.</summary>
    private static SeamRing WithOne(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(1, ring.Register(RegisterPersonality));
        return ring;
    }

    private static nuint Mask(Case c, ulong cpus) => c.Put(cpus);

    private static nuint Counts(Case c, uint bounded, uint unbounded) => c.PutAll(bounded, unbounded);
}
