using UserRing.Abi;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: rings of provided buffers.</summary>
internal static class RegisterPbufCases
{
    private const ushort Group = 1, Legacy = 7;
    private const int EntryBytes = 16;

    private static readonly CaseList Rings = new()
    {
        { "register.pbuf-null", c => c.CallFaultNew(RegisterPbufRing, (c.Put(Eight(c)), 1), (0, 1)) },
        { "register.pbuf-nr0", c => c.CallFaultNew(RegisterPbufRing, (c.Put(Eight(c)), 1), (c.Put(Eight(c)), 0)) },
        { "register.pbuf-unmapped", c => c.CallFaultNew(RegisterPbufRing, (c.Put(Eight(c)), 1), (TestMemory.Bad, 1)) },
        { "register.pbuf-entries0", c => Fault(c, (ref ring) => ring.RingEntries = 0) },
        { "register.pbuf-entries1", c => Register(c, Eight(c) with { RingEntries = 1, Bgid = 60 }) },
        { "register.pbuf-entries-odd", c => Fault(c, (ref ring) => ring.RingEntries = 7) },
        {
            "register.pbuf-entries-65536", c =>
            {
                BufReg large = Large(c, 65536);
                return c.Unlike(Register(c, large with { RingEntries = 32768 }), Register(c, large));
            }
        },
        { "register.pbuf-resv", c => Fault(c, (ref ring) => ring.Resv[4] = 1) },
        {
            "register.pbuf-min-left-noinc",
            c => c.Unlike(Register(c, Incremental(c) with { MinLeft = 1 }), Register(c, Eight(c) with { MinLeft = 1 }))
        },
        { "register.pbuf-min-left", c => Register(c, Incremental(c) with { MinLeft = 1 }) },
        { "register.pbuf-flags", c => Fault(c, (ref ring) => ring.Flags = (PbufRingFlags)4) },
        { "register.pbuf-noaddr", c => Fault(c, (ref ring) => ring.RingAddr = 0) },
        { "register.pbuf-unaligned", c => Fault(c, (ref ring) => ring.RingAddr += 64) },
        { "register.pbuf-mmap-addr", c => Register(c, Eight(c) with { Flags = PbufRingFlags.Mmap }) },
        { "register.pbuf-unmapped-ring", c => Fault(c, (ref ring) => ring.RingAddr = TestMemory.Bad) },
        { "register.pbuf-ok", c => Register(c, Eight(c)) },
        { "register.pbuf-dup", c => c.Unlike(Register(c, Eight(c)), c.RegisterNewBy(RegisterPbufRing, Eight(c), on: WithGroup)) },
        { "register.pbuf-max", c => Register(c, Large(c, 32768) with { Bgid = 2 }) },
        { "register.pbuf-mmap-ok", c => Register(c, new BufReg { RingEntries = 8, Bgid = 3, Flags = PbufRingFlags.Mmap }) },
        { "register.pbuf-bgid-max", c => Register(c, Eight(c) with { Bgid = 65535 }) },
        {
            "register.pbuf-over-legacy",
            c => c.Unlike(Register(c, Eight(c)), c.RegisterNewBy(RegisterPbufRing, Eight(c) with { Bgid = Legacy }, on: WithLegacy))
        },
    };

    private static readonly CaseList Ends = new()
    {
        { "register.unpbuf-none", c => EndFault(c, (ref ring) => ring.Bgid = Group + 1) },
        { "register.unpbuf-resv", c => EndFault(c, (ref ring) => ring.Resv[4] = 1) },
        { "register.unpbuf-flags", c => EndFault(c, (ref ring) => ring.Flags = (PbufRingFlags)1) },
        { "register.unpbuf-ok", c => c.RegisterNewBy(UnregisterPbufRing, End, on: WithGroup) },
        {
            "register.unpbuf-legacy", c => c.Unlike(
                c.RegisterNewBy(UnregisterPbufRing, End, on: WithGroup),
                c.RegisterNewBy(UnregisterPbufRing, End with { Bgid = Legacy }, on: WithLegacy))
        },
    };

    private static readonly CaseList Status = new()
    {
        { "register.pbuf-status-none", c => StatusFault(c, (ref status) => status.BufGroup = Group + 1) },
        {
            ["register.pbuf-status-ok", "register.pbuf-status-head"], c =>
            {
                nuint status = c.Put(Of(Group) with { Head = 77 });
                c.Row("register.pbuf-status-ok", WithGroup(c).Register(RegisterPbufStatus, status, 1));
                c.Row("register.pbuf-status-head", c.At<BufStatus>(status).Head);
            }
        },
        { "register.pbuf-status-resv", c => StatusFault(c, (ref status) => status.Resv[7] = 1) },
        {
            "register.pbuf-status-legacy", c => c.Unlike(
                c.RegisterNewBy(RegisterPbufStatus, Of(Group), on: WithGroup),
                c.RegisterNewBy(RegisterPbufStatus, Of(Legacy), on: WithLegacy))
        },
    };

    private static BufReg End => new() { Bgid = Group };

    private static BufReg Eight(Case c) => new() { RingAddr = c.Buffer, RingEntries = 8, Bgid = Group };

    private static BufReg Incremental(Case c) => Eight(c) with { Flags = PbufRingFlags.Inc };

    private static BufReg Large(Case c, int entries) =>
        new() { RingAddr = c.Memory(entries * EntryBytes).Address, RingEntries = (uint)entries, Bgid = Group };

    private static BufStatus Of(ushort group) => new() { BufGroup = group };

    private static long Register(Case c, BufReg ring) => c.RegisterNewBy(RegisterPbufRing, ring);

    private static long Fault(Case c, Fault<BufReg> fault) => c.FaultOfNew(RegisterPbufRing, Eight(c), fault);

    private static long EndFault(Case c, Fault<BufReg> fault) => c.FaultOfNew(UnregisterPbufRing, End, fault, on: WithGroup);

    private static long StatusFault(Case c, Fault<BufStatus> fault) => c.FaultOfNew(RegisterPbufStatus, Of(Group), fault, on: WithGroup);

    private static SeamRing WithGroup(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.RegisterBy(RegisterPbufRing, Eight(c)));
        return ring;
    }

    /// <summary>A ring with a group that PROVIDE_BUFFERS made.</summary>
    private static SeamRing WithLegacy(Case c)
    {
        SeamRing ring = c.NewRing();
        var provide = new Sqe { Opcode = Opcode.ProvideBuffers, Fd = 4, Addr = c.Buffer, Len = 16, BufGroup = Legacy };
        Assert.Equal(0, c.Res(ring, provide));
        return ring;
    }
}
