using UserRing.Abi;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: restrictions, and what they do to register itself.</summary>
internal static class RegisterRestrictionCases
{
    private static readonly CaseList Entries = new()
    {
        {
            "register.restrictions-enabled",
            c => c.Unlike(c.RegisterNewBy(RegisterRestrictions, Probe, on: Disabled), c.RegisterNewBy(RegisterRestrictions, Probe))
        },
        { "register.restr-badop", c => Fault(c, (ref entry) => entry.Opcode = (RestrictionOp)9) },
        {
            "register.restr-bad-sqeop",
            c => c.Unlike(Restrict(c, Read), Restrict(c, Read with { SqeOp = (Opcode)200 }))
        },
        { "register.restr-bad-regop", c => Fault(c, (ref entry) => entry.RegisterOp = 200) },
        { "register.restr-null", c => c.CallFaultNew(RegisterRestrictions, (c.Put(Probe), 1), (0, 1), Disabled) },
        {
            "register.restr-toomany", c =>
            {
                nuint many = c.PutAll<Restriction>([.. Enumerable.Repeat(Probe, 200)]);
                return c.CallFaultNew(RegisterRestrictions, (many, RingLimits.MaxRestrictions), (many, 200), Disabled);
            }
        },
        { "register.restr-unmapped", c => c.CallFaultNew(RegisterRestrictions, (c.Put(Probe), 1), (TestMemory.Bad, 1), Disabled) },
        { "register.restr-ok", c => Restrict(c, Some) },
        {
            "register.restr-twice", c =>
            {
                SeamRing ring = Disabled(c);
                return c.Unlike(Restrict(c, ring, Some), Restrict(c, ring, Some));
            }
        },
    };

    private static readonly CaseList Effects = new()
    {
        { "register.restr-before-enable", c => Restricted(c).RegisterFiles(c.Null) },
        { "register.restr-enable", c => Restricted(c).Register(RegisterEnableRings) },
        { "register.restr-regop-denied", c => Denied(c, 0, 0) },
        { "register.restr-before-argcheck", c => Denied(c, c.Buffer, 1) },
        {
            "register.restr-regop-allowed", c =>
            {
                SeamRing ring = Restricted(c);
                Assert.Equal(0, ring.Register(RegisterEnableRings));
                return ring.Register(RegisterProbe, c.Buffer, 1);
            }
        },
    };

    private static Restriction Probe => new() { Opcode = RestrictionOp.RegisterOp, RegisterOp = (byte)RegisterProbe };

    private static Restriction Read => new() { Opcode = RestrictionOp.SqeOp, SqeOp = Opcode.Read };

    private static Restriction[] Some =>
    [
        Read,
        new() { Opcode = RestrictionOp.SqeFlagsRequired, SqeFlags = SqeFlags.FixedFile },
        new() { Opcode = RestrictionOp.SqeFlagsAllowed, SqeFlags = SqeFlags.IoLink },
        Probe,
    ];

    private static SeamRing Disabled(Case c) => c.NewRing(SetupFlags.RDisabled);

    private static long Restrict(Case c, params ReadOnlySpan<Restriction> entries) => Restrict(c, Disabled(c), entries);

    private static long Restrict(Case c, SeamRing ring, params ReadOnlySpan<Restriction> entries) =>
        ring.Register(RegisterRestrictions, c.PutAll(entries), (uint)entries.Length);

    private static long Fault(Case c, Fault<Restriction> fault) => c.FaultOfNew(RegisterRestrictions, Probe, fault, on: Disabled);

    /// <summary>A ring whose restrictions take effect when it is enabled.</summary>
    private static SeamRing Restricted(Case c)
    {
        SeamRing ring = Disabled(c);
        Assert.Equal(0, Restrict(c, ring, Some));
        return ring;
    }

    /// <summary>UNREGISTER_FILES while the restrictions do not apply yet, then when they do.</summary>
    private static long Denied(Case c, nuint argument, uint count)
    {
        SeamRing ring = Restricted(c);
        Assert.Equal(0, ring.RegisterFiles(c.Null));
        c.Control(ring.Register(UnregisterFiles, argument, count));
        Assert.Equal(0, ring.Register(RegisterEnableRings));
        return ring.Register(UnregisterFiles, argument, count);
    }
}
