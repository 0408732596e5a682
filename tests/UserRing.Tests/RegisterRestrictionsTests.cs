using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Rings that accept only what a list allows.</summary>
public sealed unsafe class RegisterRestrictionsTests
{
    [Theory, EveryEngine]
    public void Only_a_disabled_ring_can_be_restricted_and_only_once(string engine)
    {
        using var open = new SeamRing(engine);
        Assert.Equal(-Errno.EBADFD, Restrict(open, Operation(Opcode.Nop)));
        Assert.Equal(-Errno.EBADFD, open.Register(RegisterOp.RegisterRestrictions, 0, 1000));

        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, Restrict(ring, Operation(Opcode.Nop), Register(RegisterOp.RegisterRestrictions)));
        Assert.Equal(-Errno.EBUSY, Restrict(ring, Operation(Opcode.Nop)));
        Assert.Equal(-Errno.EBUSY, ring.Register(RegisterOp.RegisterRestrictions, 0, 1));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EBADFD, Restrict(ring, Operation(Opcode.Nop)));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.RegisterEnableRings));
    }

    [Theory, EveryEngine]
    public void A_bad_list_leaves_nothing(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterRestrictions, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterRestrictions, TestMemory.Bad, 104));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterRestrictions, TestMemory.Bad, 103));
        Assert.Equal(-Errno.EINVAL, Restrict(ring, Operation(Opcode.Nop), new Restriction { Opcode = (RestrictionOp)9 }));
        Assert.Equal(-Errno.EINVAL, Restrict(ring, Operation(Opcode.Nop), Operation((Opcode)63)));
        Assert.Equal(-Errno.EINVAL, Restrict(ring, Operation(Opcode.Nop), Register((RegisterOp)36)));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = SqeFlags.Async }));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterFiles));
    }

    [Theory, EveryEngine]
    public void Reserved_words_of_an_entry_are_not_looked_at(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, Restrict(ring, Operation(Opcode.Nop) with { Resv = 1, Resv2_0 = 2, Resv2_1 = 3, Resv2_2 = 4 }));
    }

    [Theory, EveryEngine]
    public void An_empty_list_allows_nothing(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, ring.Register(RegisterOp.RegisterRestrictions, TestMemory.Bad));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop }));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.UnregisterFiles));
    }

    [Theory, EveryEngine]
    public void Requests_have_to_be_on_the_list_with_their_flags(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, Restrict(
            ring,
            Operation(Opcode.Read),
            Flags(RestrictionOp.SqeFlagsRequired, SqeFlags.FixedFile),
            Flags(RestrictionOp.SqeFlagsAllowed, SqeFlags.Async)));
        Assert.Equal(0, ring.RegisterFiles(file)); // what is not in force yet restricts nothing
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));

        var read = new Sqe { Opcode = Opcode.Read, Addr = memory.Address, Len = 64, Flags = SqeFlags.FixedFile };
        Assert.Equal(3, ring.Do(read));
        Assert.Equal(3, ring.Do(read with { Flags = SqeFlags.FixedFile | SqeFlags.Async }));
        Assert.Equal(-Errno.EACCES, ring.Do(read with { Flags = SqeFlags.Async, Fd = file }));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = SqeFlags.FixedFile }));
    }

    [Theory, EveryEngine]
    public void Flags_have_to_be_allowed(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, Restrict(ring, Operation(Opcode.Nop), Flags(RestrictionOp.SqeFlagsAllowed, SqeFlags.FixedFile)));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop }));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = SqeFlags.Async }));
    }

    [Theory, EveryEngine]
    public void What_makes_no_sense_at_all_is_found_first(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Assert.Equal(0, Restrict(ring, Operation(Opcode.Read)));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = (Opcode)255 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = (SqeFlags)0x80 }));
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = SqeFlags.BufferSelect }));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop, IoPrio = 1 }));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop, Personality = 1 }));
    }

    [Theory, EveryEngine]
    public void Register_commands_have_to_be_on_the_list(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using var memory = new TestMemory();
        Assert.Equal(0, Restrict(ring, Register(RegisterOp.RegisterProbe)));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings)); // what is not in force yet restricts nothing
        Assert.Equal(0, ring.Register(RegisterOp.RegisterProbe, memory.Address, 1));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.UnregisterFiles, memory.Address, 7));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.RegisterRingFds));
        Assert.Equal(-Errno.EACCES, ring.Register(RegisterOp.RegisterSyncCancel));
        Assert.Equal(-Errno.EINVAL, ring.Register((RegisterOp)36));
        Assert.Equal(-Errno.EACCES, ring.Do(new Sqe { Opcode = Opcode.Nop }));
    }

    private static Restriction Operation(Opcode opcode) => new() { Opcode = RestrictionOp.SqeOp, SqeOp = opcode };

    private static Restriction Register(RegisterOp operation) =>
        new() { Opcode = RestrictionOp.RegisterOp, RegisterOp = (byte)operation };

    private static Restriction Flags(RestrictionOp kind, SqeFlags flags) => new() { Opcode = kind, SqeFlags = flags };

    private static int Restrict(SeamRing ring, params ReadOnlySpan<Restriction> list)
    {
        fixed (Restriction* first = list)
            return ring.Register(RegisterOp.RegisterRestrictions, (nuint)first, (uint)list.Length);
    }
}
