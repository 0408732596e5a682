using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Reads that take their buffer from a group, and rings with restrictions.</summary>
internal static class SelectCases
{
    private const ushort Group = 5, Missing = 99, RingGroup = 7;

    private static readonly CaseList Buffers = new()
    {
        {
            ["select.read", "select.read-flag", "select.read-bid-known"], c =>
            {
                Provide(c, 4);
                c.Submit(Select(Read(c.File(), 0, 64), Group));
                Cqe cqe = c.Ring.Take();
                c.Row("select.read", cqe.Res);
                c.Row("select.read-flag", (long)(cqe.Flags & CqeFlags.Buffer));
                c.Row("select.read-bid-known", Yes(BufferOf(cqe) is >= 10 and <= 13));
            }
        },
        {
            "select.read-len8", c =>
            {
                Provide(c, 4);
                return c.Res(Select(Read(c.File(), 0, 8), Group));
            }
        },
        {
            "select.enobufs-empty", c =>
            {
                Provide(c, 1);
                return c.Unlike(c.Res(Select(Read(c.File(), 0, 8), Group)), c.Res(Select(Read(c.File(), 0, 8), Group)));
            }
        },
        {
            "select.enobufs-nogroup", c =>
            {
                Provide(c, 4);
                return c.Fault(Select(Read(c.File(), 0, 8), Group), (ref s) => s.BufGroup = Missing);
            }
        },
        {
            "select.readv-2", c =>
            {
                Provide(c, 4);
                nuint vector = c.Iovs((c.Buffer, 8), (c.Buffer, 8));
                return c.Fault(Select(Readv(c.File(), vector), Group), (ref s) => s.Len = 2);
            }
        },
        { "select.badfd-first", c => c.Fault(Select(Read(c.File(), 0, 8), Missing), (ref s) => s.Fd = c.NoFd) },
        {
            "select.ring-empty", c =>
            {
                nuint buffers = c.BufferRing(RingGroup);
                c.AddBuffer(buffers, c.Buffer, 32, 300);
                return c.Unlike(c.Res(Select(Read(c.File(), 0, 8), RingGroup)), c.Res(Select(Read(c.File(), 0, 8), RingGroup)));
            }
        },
        {
            ["select.ring-len0", "select.ring-bid"], c =>
            {
                nuint buffers = c.BufferRing(RingGroup);
                c.AddBuffer(buffers, c.Buffer, 32, 300);
                c.Submit(Select(Read(c.File(), 0, 0), RingGroup));
                Cqe cqe = c.Ring.Take();
                c.Row("select.ring-len0", cqe.Res);
                c.Row("select.ring-bid", BufferOf(cqe));
            }
        },
        {
            "select.ring-head", c =>
            {
                nuint buffers = c.BufferRing(RingGroup);
                c.AddBuffer(buffers, c.Buffer, 32, 300);
                c.AddBuffer(buffers, c.Buffer + 32, 32, 301);
                Ok(c.Res(Select(Read(c.File(), 0, 8), RingGroup)));
                Assert.Equal(-Errno.EBADF, c.Res(Select(Read(c.NoFd, 0, 8), RingGroup)));
                return c.BufferRingHead(c.Ring, RingGroup);
            }
        },
    };

    private static readonly CaseList Restrictions = new()
    {
        { "restr.op-denied", c => c.Unlike(c.Res(Fixed(Nop)), c.Res(Restricted(c), Fixed(Nop))) },
        { "restr.flag-missing", c => Restrict(c, Fixed(One(c)), (ref s) => s.Flags = 0) },
        { "restr.flag-extra", c => Restrict(c, Fixed(One(c)), (ref s) => s.Flags |= SqeFlags.Async) },
        { "restr.ok", c => c.Res(Restricted(c), Fixed(One(c))) },
        { "restr.einval-first", c => Restrict(c, Fixed(Nop), (ref s) => s.Opcode = (Opcode)255) },
        { "restr.badflag-first", c => Restrict(c, One(c), (ref s) => s.Flags = (SqeFlags)0x80) },
    };

    private static ushort BufferOf(Cqe cqe) => (ushort)((uint)cqe.Flags >> CqeBits.BufferShift);

    /// <summary>Buffers of 16 bytes, numbered from 10.</summary>
    private static void Provide(Case c, int count) => Ok(c.Res(new Sqe
    {
        Opcode = Opcode.ProvideBuffers, Fd = count, Addr = c.Buffer, Len = 16, Off = 10, BufGroup = Group,
    }));

    /// <summary>A read of one byte of slot 0, which a restricted ring wants to be FIXED_FILE.</summary>
    private static Sqe One(Case c) => Read(0, c.Buffer, 1);

    /// <summary>Allows READ, which must have FIXED_FILE and may have IO_LINK, and PROBE.</summary>
    private static SeamRing Restricted(Case c)
    {
        SeamRing ring = c.NewRing(SetupFlags.RDisabled);
        nuint all = c.PutAll<Restriction>(
            new() { Opcode = RestrictionOp.SqeOp, SqeOp = Opcode.Read },
            new() { Opcode = RestrictionOp.SqeFlagsRequired, SqeFlags = SqeFlags.FixedFile },
            new() { Opcode = RestrictionOp.SqeFlagsAllowed, SqeFlags = SqeFlags.IoLink },
            new() { Opcode = RestrictionOp.RegisterOp, RegisterOp = (byte)RegisterOp.RegisterProbe });
        Ok(ring.Register(RegisterOp.RegisterRestrictions, all, 4));
        Ok(ring.RegisterFiles(c.File()));
        Ok(ring.Register(RegisterOp.RegisterEnableRings));
        return ring;
    }

    private static long Restrict(Case c, Sqe good, Fault<Sqe> fault) => c.Fault(Restricted(c), good, fault);
}
