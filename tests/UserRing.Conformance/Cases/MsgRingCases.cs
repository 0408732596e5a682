using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>MSG_RING.</summary>
internal static class MsgRingCases
{
    private static readonly CaseList Data = new()
    {
        {
            ["msgring.ok", "msgring.target-res", "msgring.target-ud"], c =>
            {
                SeamRing target = c.NewRing();
                c.Row("msgring.ok", c.Res(Message(target, 55, 153)));
                Cqe came = target.Take();
                c.Row("msgring.target-res", came.Res);
                c.Row("msgring.target-ud", (long)came.UserData);
            }
        },
        { "msgring.notring", c => c.Fault(Message(c.NewRing()), (ref s) => s.Fd = c.Null) },
        { "msgring.badfd", c => c.Fault(Message(c.NewRing()), (ref s) => s.Fd = c.NoFd) },
        { "msgring.badcmd", c => c.Fault(Message(c.NewRing()), (ref s) => s.Addr = 7) },
        { "msgring.badflags", c => c.Fault(Message(c.NewRing()), (ref s) => s.MsgRingFlags = (MsgRingFlags)(1 << 20)) },
        { "msgring.bufindex", c => c.Fault(Message(c.NewRing()), (ref s) => s.BufIndex = 1) },
        { "msgring.personality", c => c.Fault(Message(c.NewRing()), (ref s) => s.Personality = 9) },
        { "msgring.data-skip", c => c.Fault(Message(c.NewRing()), (ref s) => s.MsgRingFlags = MsgRingFlags.CqeSkip) },
        { "msgring.dst-fd-nopass", c => c.Fault(Message(c.NewRing()), (ref s) => s.FileIndex = 1) },
        {
            "msgring.disabled", c =>
            {
                SeamRing disabled = c.NewRing(SetupFlags.RDisabled);
                return c.Fault(Message(c.NewRing()), (ref s) => s.Fd = disabled.Descriptor);
            }
        },
        {
            "msgring.self", c =>
            {
                Assert.Equal(1, c.Submit(Message(c.Ring, 5, 77)));
                return c.Ring.Take(2)[0].Res;
            }
        },
        {
            ["msgring.flags-pass", "msgring.flags-pass-cqe"], c =>
            {
                SeamRing target = c.NewRing();
                c.Row("msgring.flags-pass", c.Res(Message(target) with { MsgRingFlags = MsgRingFlags.FlagsPass, FileIndex = 0x4000 }));
                c.Row("msgring.flags-pass-cqe", (long)target.Take().Flags);
            }
        },
        {
            ["msgring.full-1", "msgring.full-2", "msgring.full-flag"], c =>
            {
                SeamRing target = c.NewRing(entries: 1, cqEntries: 1);
                c.Row("msgring.full-1", c.Res(Message(target)));
                c.Row("msgring.full-2", c.Res(Message(target)));
                c.Row("msgring.full-flag", (long)(target.SqFlags & SqRingFlags.CqOverflow));
            }
        },
    };

    private static readonly CaseList SentFiles = new()
    {
        { "msgring.sendfd-noslot", c => c.Unlike(c.Res(Tabled(c, c.Null), SendFile(Tabled(c, -1))), c.Res(SendFile(Tabled(c, -1)))) },
        { "msgring.sendfd-len", c => SendFileFault(c, (ref s) => s.Len = 1) },
        {
            "msgring.sendfd-self", c =>
            {
                SeamRing source = Tabled(c, c.Null);
                return c.Fault(source, SendFile(Tabled(c, -1)), (ref s) => s.Fd = source.Descriptor);
            }
        },
        { "msgring.sendfd-no-target-table", c => SendFileFault(c, (ref s) => s.Fd = c.NewRing().Descriptor) },
        { "msgring.sendfd-range", c => SendFileFault(c, (ref s) => s.FileIndex = 1 + 8) },
        {
            ["msgring.sendfd-ok", "msgring.sendfd-target"], c =>
            {
                SeamRing target = Tabled(c, -1, -1);
                c.Row("msgring.sendfd-ok", c.Res(Tabled(c, c.Null), SendFile(target) with { Off = 85 }));
                c.Row("msgring.sendfd-target", (long)target.Take().UserData);
            }
        },
        { "msgring.sendfd-src-range", c => SendFileFault(c, (ref s) => s.Addr3 = 7) },
        {
            // Into a table whose slot 0 is taken.
            "msgring.sendfd-alloc", c => c.Res(Tabled(c, c.Null), SendFile(Tabled(c, c.Null, -1)) with { FileIndex = FileSlots.Alloc })
        },
    };

    private static Sqe Message(SeamRing target, uint length = 0, ulong userData = 0) =>
        new() { Opcode = Opcode.MsgRing, Fd = target.Descriptor, Addr = (ulong)MsgRingCommand.Data, Len = length, Off = userData };

    /// <summary>From slot 0 to slot 0.</summary>
    private static Sqe SendFile(SeamRing target) =>
        new() { Opcode = Opcode.MsgRing, Fd = target.Descriptor, Addr = (ulong)MsgRingCommand.SendFd, FileIndex = 1 };

    /// <summary>The fault is put into what sends slot 0 of a table of 1 to slot 0 of a table of 2.</summary>
    private static long SendFileFault(Case c, Fault<Sqe> fault) => c.Fault(Tabled(c, c.Null), SendFile(Tabled(c, -1, -1)), fault);

    /// <summary>A ring with a table of these files; -1 is an empty slot.</summary>
    private static SeamRing Tabled(Case c, params ReadOnlySpan<int> files)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.RegisterFiles(files));
        return ring;
    }
}
