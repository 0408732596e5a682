using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>TIMEOUT, TIMEOUT_REMOVE, and LINK_TIMEOUT where it is not what it should be.</summary>
internal static class TimeoutCases
{
    private static readonly CaseList Adding = new()
    {
        { "timeout.etime", c => c.Unlike(Satisfied(c, Short(c)), c.Res(Short(c))) },
        { "timeout.len0", c => c.Fault(Short(c), (ref s) => s.Len = 0) },
        { "timeout.len2", c => c.Fault(Short(c), (ref s) => s.Len = 2) },
        { "timeout.null", c => c.Fault(Short(c), (ref s) => s.Addr = 0) },
        { "timeout.negsec", c => c.Fault(Short(c), (ref s) => s.Addr = c.Seconds(-1)) },
        { "timeout.negnsec", c => c.Fault(Short(c), (ref s) => s.Addr = c.Put(new KernelTimespec { TvNsec = -1 })) },
        { "timeout.badflag", c => FlagFault(c, 0, (TimeoutFlags)(1 << 20)) },
        { "timeout.two-clocks", c => FlagFault(c, TimeoutFlags.Boottime, TimeoutFlags.Realtime) },
        { "timeout.multishot-abs", c => FlagFault(c, TimeoutFlags.Multishot, TimeoutFlags.Abs) },
        { "timeout.update-flag", c => FlagFault(c, 0, TimeoutFlags.Update) },
        { "timeout.immediate", c => FlagFault(c, 0, TimeoutFlags.ImmediateArg) },
        { "timeout.bufindex", c => c.Fault(Short(c), (ref s) => s.BufIndex = 1) },
        { "timeout.splicefd", c => c.Fault(Short(c), (ref s) => s.SpliceFdIn = 1) },
        {
            "timeout.abs-past", c =>
            {
                Sqe future = Timeout(c.Seconds(1L << 32)) with { TimeoutFlags = TimeoutFlags.Abs };
                return c.Unlike(Satisfied(c, future), c.Res(future with { Addr = c.Seconds(1) }));
            }
        },
        {
            "timeout.fd-ignored", c =>
            {
                Sqe timeout = Short(c) with { Fd = c.NoFd };
                return c.Unlike(Satisfied(c, timeout), c.Res(timeout));
            }
        },
        {
            ["timeout.count", "timeout.count-order"], c =>
            {
                Batch batch = c.Run(Long(c) with { Off = 1 }, Nop);
                c.Row("timeout.count", batch[0]);
                c.Row("timeout.count-order", batch.IndexOf(0));
            }
        },
        { ["timeout.multi-count", "timeout.multi-res", "timeout.multi-more", "timeout.multi-last"], Repeat },
        {
            ["timeout.link", "timeout.etime-success", "timeout.etime-success-res"], c =>
            {
                Sqe timeout = Link(Short(c));
                Batch success = c.Run(timeout with { TimeoutFlags = TimeoutFlags.EtimeSuccess }, Nop);
                c.Row("timeout.link", c.Unlike(success[1], c.Run(timeout, Nop)[1]));
                c.Row("timeout.etime-success", success[1]);
                c.Row("timeout.etime-success-res", c.Unlike(Satisfied(c, Short(c)), success[0]));
            }
        },
    };

    private static readonly CaseList Removing = new()
    {
        { "trm.enoent", c => RemoveFault(c, (ref s) => s.Addr = 99) },
        { "trm.len", c => RemoveFault(c, (ref s) => s.Len = 1) },
        { "trm.badflag", c => RemoveFault(c, (ref s) => s.TimeoutFlags = (TimeoutFlags)(1 << 20)) },
        { "trm.abs-alone", c => RemoveFault(c, (ref s) => s.TimeoutFlags = TimeoutFlags.Abs) },
        { "trm.bufindex", c => RemoveFault(c, (ref s) => s.BufIndex = 1) },
        {
            ["trm.ok", "trm.target"], c =>
            {
                c.Row("trm.ok", c.Beside(Long(c), Remove));
                c.Row("trm.target", c.Unlike(c.Res(Short(c)), c.Ended(Long(c), Remove)));
            }
        },
        { "trm.update-enoent", c => UpdateFault(c, (ref s) => s.Addr = 99) },
        { "trm.update-null", c => UpdateFault(c, (ref s) => s.Addr2 = 0) },
        { "trm.update-neg", c => UpdateFault(c, (ref s) => s.Addr2 = c.Seconds(-1)) },
        { "trm.update-two-clocks", c => UpdateFault(c, (ref s) => s.TimeoutFlags |= TimeoutFlags.ClockMask) },
        {
            ["trm.update-ok", "trm.update-target"], c =>
            {
                Sqe update = Update(c.Ms(5));
                c.Row("trm.update-ok", c.Beside(Long(c), update));
                c.Row("trm.update-target", c.Unlike(c.Ended(Long(c), Remove), c.Ended(Long(c), update)));
            }
        },
        { "trm.update-multishot", c => UpdateFault(c, (ref s) => s.TimeoutFlags |= TimeoutFlags.Multishot) },
        { "trm.update-etime", c => UpdateFault(c, (ref s) => s.TimeoutFlags |= TimeoutFlags.EtimeSuccess) },
        {
            // Without TIMEOUT_UPDATE beside it the flag updates nothing: the new time is read, and a plain timeout removed.
            "trm.link-update-enoent", c =>
            {
                Sqe update = Update(c.Seconds(200)) with { TimeoutFlags = TimeoutFlags.LinkTimeoutUpdate };
                return c.FaultBeside(Long(c), update, (ref s) => s.Addr = 99);
            }
        },
        { "trm.both-updates", c => UpdateFault(c, (ref s) => s.TimeoutFlags |= TimeoutFlags.LinkTimeoutUpdate) },
    };

    private static readonly CaseList Linked = new()
    {
        { "ltimeout.op-alone", c => c.Unlike(Expired(c), c.Res(LinkTimeout(c.Ms(5)))) },
        { "ltimeout.op-alone-badts", c => c.Fault(LinkTimeout(c.Ms(5)), (ref s) => s.Addr = 0) },
        { "ltimeout.op-after-unlinked", c => c.Unlike(Expired(c), c.Run(Nop, LinkTimeout(c.Ms(5)))[1]) },
        {
            ["ltimeout.op-instant", "ltimeout.op-instant-target"], c =>
            {
                c.Control(Expired(c));
                Batch batch = c.Run(Link(Nop), LinkTimeout(c.Ms(5)));
                c.Row("ltimeout.op-instant", batch[1]);
                c.Row("ltimeout.op-instant-target", batch[0]);
            }
        },
    };

    private static Sqe Remove => new() { Opcode = Opcode.TimeoutRemove, Fd = -1, Addr = Case.Waiting };

    private static Sqe Short(Case c) => Timeout(c.Ms(5));

    private static Sqe Long(Case c) => Timeout(c.Seconds(100));

    private static Sqe Update(nuint timespec) => Remove with { Addr2 = timespec, TimeoutFlags = TimeoutFlags.Update };

    private static Sqe Idle(Case c) => Poll(c.Pipe().ReadEnd, 1);

    /// <summary>The res of a timeout that has its completion before its time.</summary>
    private static long Satisfied(Case c, in Sqe timeout) => c.Run(timeout with { Off = 1 }, Nop)[0];

    /// <summary>The res of a link timeout that does what it is for.</summary>
    private static long Expired(Case c) => c.Run(Link(Idle(c)), LinkTimeout(c.Ms(5)))[1];

    private static long FlagFault(Case c, TimeoutFlags good, TimeoutFlags fault) =>
        c.Fault(Short(c) with { TimeoutFlags = good, Off = 1 }, (ref s) => s.TimeoutFlags |= fault);

    private static long RemoveFault(Case c, Fault<Sqe> fault) => c.FaultBeside(Long(c), Remove, fault);

    private static long UpdateFault(Case c, Fault<Sqe> fault) => c.FaultBeside(Long(c), Update(c.Seconds(200)), fault);

    private static void Repeat(Case c)
    {
        const int Times = 3;
        Sqe repeat = Short(c) with { TimeoutFlags = TimeoutFlags.Multishot, Off = Times };
        Assert.Equal(1, c.Submit(repeat));
        Cqe[] cqes = c.Ring.Take(Times);
        c.Row("timeout.multi-count", Times + c.After(20));
        Sqe endless = Long(c) with { TimeoutFlags = TimeoutFlags.Multishot };
        c.Row("timeout.multi-res", c.Unlike(c.Ended(endless, Remove), Assert.Single(cqes.Select(cqe => cqe.Res).Distinct())));
        c.Row("timeout.multi-more", (long)(cqes[0].Flags & CqeFlags.More));
        c.Row("timeout.multi-last", (long)(cqes[^1].Flags & CqeFlags.More));
    }
}
