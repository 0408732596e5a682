using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>LINK_TIMEOUT in chains, and IO_DRAIN.</summary>
internal static class LinkTimeoutCases
{
    private static readonly CaseList Timeouts = new()
    {
        { "ltimeout.no-link", c => c.Unlike(Fires(c)[1], c.Res(LinkTimeout(c.Ms(5)))) },
        {
            ["ltimeout.fires-target", "ltimeout.fires-timeout"],
            c => c.Rows("ltimeout.fires", ["-target", "-timeout"], InTime(c), Fires(c))
        },
        {
            ["ltimeout.len2-target", "ltimeout.len2"],
            c => c.Rows("ltimeout.len2", ["-target", ""], InTime(c), Never(c, (ref s) => s.Len = 2))
        },
        { "ltimeout.multishot", c => c.Unlike(InTime(c)[1], Fires(c, TimeoutFlags.Multishot)[1]) },
        { "ltimeout.off", c => c.Unlike(Fires(c)[1], Never(c, (ref s) => s.Off = 1)[1]) },
        { "ltimeout.null-ts", c => c.Unlike(Fires(c)[1], Never(c, (ref s) => s.Addr = 0)[1]) },
        { "ltimeout.badflag", c => c.Unlike(Fires(c)[1], Never(c, (ref s) => s.TimeoutFlags = (TimeoutFlags)(1u << 20))[1]) },
        {
            ["ltimeout.two-in-row", "ltimeout.two-in-row-head"], c =>
            {
                Batch one = c.Run(Link(ReadFull(c)), Link(LinkTimeout(c.Seconds(100))), Nop);
                Batch two = c.Run(Link(ReadEmpty(c)), Link(LinkTimeout(c.Seconds(100))), LinkTimeout(c.Seconds(100)));
                c.Row("ltimeout.two-in-row", c.Unlike(one[2], two[2]));
                c.Row("ltimeout.two-in-row-head", c.Unlike(one[0], two[0]));
            }
        },
        {
            "ltimeout.chain-rest", c => c.Unlike(
                c.Run(Link(ReadFull(c)), Link(LinkTimeout(c.Seconds(100))), Nop)[2],
                c.Run(Link(ReadEmpty(c)), Link(LinkTimeout(c.Ms(20))), Nop)[2])
        },
        {
            ["ltimeout.in-time-target", "ltimeout.in-time-timeout", "ltimeout.in-time-rest"],
            c => c.Rows(
                "ltimeout.in-time",
                ["-target", "-timeout", "-rest"],
                c.Run(Link(ReadEmpty(c)), Link(LinkTimeout(c.Ms(5))), Nop),
                c.Run(Link(ReadFull(c)), Link(LinkTimeout(c.Seconds(100))), Nop))
        },
    };

    private static readonly CaseList Drains = new()
    {
        {
            ["drain.submit", "drain.blocks-all", "drain.order-1", "drain.order-2", "drain.order-3"], c =>
            {
                TestPipe pipe = c.Pipe();
                c.Row("drain.submit", c.Submit(Read(pipe.ReadEnd, c.Buffer, 8), Drain(Nop), Nop));
                c.Row("drain.blocks-all", c.After(20));
                pipe.Write("12345678");
                for (int i = 1; i <= 3; i++)
                    c.Row($"drain.order-{i}", (long)c.Ring.Take().UserData);
            }
        },
        { "drain.alone", c => c.Res(Drain(Nop)) },
    };

    private static Sqe ReadEmpty(Case c) => Read(c.Pipe().ReadEnd, c.Buffer, 8);

    private static Sqe ReadFull(Case c) => Read(c.PipeWith("12345678").ReadEnd, c.Buffer, 8);

    /// <summary>A read that completes before its timeout.</summary>
    private static Batch InTime(Case c) => c.Run(Link(ReadFull(c)), LinkTimeout(c.Seconds(100)));

    /// <summary>A timeout that ends a read.</summary>
    private static Batch Fires(Case c, TimeoutFlags flags = 0) =>
        c.Run(Link(ReadEmpty(c)), LinkTimeout(c.Ms(20)) with { TimeoutFlags = flags });

    /// <summary>A read whose timeout has a fault.</summary>
    private static Batch Never(Case c, Fault<Sqe> fault)
    {
        Sqe timeout = LinkTimeout(c.Ms(20));
        fault(ref timeout);
        return c.Run(Link(ReadEmpty(c)), timeout);
    }
}
