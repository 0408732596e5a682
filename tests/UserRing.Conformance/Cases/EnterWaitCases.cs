using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>io_uring_enter: arguments of the wait, and how it ends.</summary>
internal static class EnterWaitCases
{
    private const EnterFlags Wait = EnterFlags.GetEvents, WaitWith = EnterFlags.GetEvents | EnterFlags.ExtArg;
    private const uint ArgumentBytes = 24, RegisteredBytes = 64, SignalSetBytes = 8, RegionBytes = 4096;

    private static readonly CaseList Arguments = new()
    {
        { "enter.extarg-size-0", c => SizeFault(c, 0) },
        { "enter.extarg-size-23", c => SizeFault(c, 23) },
        { "enter.extarg-size-25", c => SizeFault(c, 25) },
        { "enter.extarg-size-8", c => SizeFault(c, 8) },
        { "enter.extarg-size-24", c => With(c.Ring, 0, NoLimit(c)) },
        { "enter.extarg-null", c => c.Unlike(With(c.Ring, 0, NoLimit(c)), With(c.Ring, 0, 0)) },
        { "enter.extarg-size-before-pointer", c => c.Unlike(With(c.Ring, 0, 0), With(c.Ring, 0, 0, size: 23)) },
        { "enter.extarg-bad-ts", c => c.Unlike(With(c.Ring, 0, c.Limit(10)), With(c.Ring, 0, Times(c, TestMemory.Bad))) },
        { "enter.extarg-without-getevents", c => c.Ring.Enter(flags: EnterFlags.ExtArg, size: 3) },
        { "enter.extarg-reg-alone", c => c.Ring.Enter(flags: Wait | EnterFlags.ExtArgReg) },
        { "enter.sig-badsize-waits", c => c.Unlike(Masked(c, c.Put(0UL), 8), Masked(c, c.Put(0UL), 7)) },
        { "enter.sig-badptr-waits", c => c.Unlike(Masked(c, c.Put(0UL), 8), Masked(c, TestMemory.Bad, 8)) },
        { "enter.sig-badsize-min0", c => c.Ring.Enter(0, 0, Wait, c.Put(0UL), 7) },
        { "enter.sig-badptr-ready", c => WithOneReady(c).Enter(0, 1, Wait, TestMemory.Bad, 8) },
        { "enter.extarg-bad-sigmask", c => MaskFault(c, (ref arg) => arg.Sigmask = TestMemory.Bad) },
        { "enter.extarg-bad-sigmask-size", c => MaskFault(c, (ref arg) => arg.SigmaskSz = 4) },
    };

    private static readonly CaseList Ends = new()
    {
        { "enter.timeout", c => TimesOut(c, c.Limit(10)) },
        { "enter.abs-timer-past", c => TimesOut(c, Times(c, c.Seconds(1)), EnterFlags.AbsTimer) },
        { "enter.negative-ts", c => TimesOut(c, Times(c, c.Seconds(-1))) },
        { "enter.zero-ts", c => TimesOut(c, c.Limit(0)) },
        { "enter.timeout-some-ready", c => With(WithOneReady(c), 2, c.Limit(10)) },
        {
            "enter.timeout-masked-by-submit", c =>
            {
                c.Ring.Nops(1);
                return c.Ring.Enter(1, 5, WaitWith, c.Limit(10), ArgumentBytes);
            }
        },
        {
            "enter.timeout-masked-by-submit-empty-cq", c =>
            {
                c.Ring.Next() = Poll(c.Pipe().ReadEnd, 1);
                return c.Ring.Enter(1, 1, WaitWith, c.Limit(10), ArgumentBytes);
            }
        },
        {
            ["enter.short-submit-skips-wait", "enter.short-submit-skips-wait-elapsed"], c =>
            {
                c.Ring.Next() = Poll(c.Pipe().ReadEnd, 1);
                nuint limit = c.Limit(3000);
                int answer = 0;
                long elapsed = c.Timed(() => answer = c.Ring.Enter(2, 1, WaitWith, limit, ArgumentBytes));
                c.Row("enter.short-submit-skips-wait", answer);
                c.Row("enter.short-submit-skips-wait-elapsed", Yes(elapsed < 2000));
            }
        },
        {
            "enter.bad-extarg-masked-by-submit", c =>
            {
                c.Ring.Nops(1);
                return c.Ring.Enter(1, 0, WaitWith, NoLimit(c), 3);
            }
        },
        {
            ["enter.eintr", "enter.eintr-sa-restart"], c =>
            {
                c.Control(Masked(c, 0, 0));
                c.Row("enter.eintr", TestThread.Start(() => c.Ring.Enter(0, 1, Wait)).Interrupted(TestSignals.Plain));
                c.Control(Masked(c, 0, 0));
                c.Row("enter.eintr-sa-restart", TestThread.Start(() => c.Ring.Enter(0, 1, Wait)).Interrupted(TestSignals.WithRestart));
            }
        },
        {
            "enter.min-complete-capped", c =>
            {
                SeamRing ring = c.NewRing(entries: 4, cqEntries: 4);
                c.Submit(ring, Nop, Nop, Nop, Nop);
                nuint limit = c.Limit(3000);
                return Yes(c.Timed(() => With(ring, 100, limit)) < 2000);
            }
        },
        {
            ["enter.min-wait", "enter.min-wait-elapsed"], c =>
            {
                SeamRing ring = WithOneReady(c);
                nuint argument = c.Put(new GetEventsArg { Ts = c.Ms(3000), MinWaitUsec = 20_000 });
                int answer = 0;
                long elapsed = c.Timed(() => answer = With(ring, 4, argument));
                c.Row("enter.min-wait", answer);
                c.Row("enter.min-wait-elapsed", Yes(elapsed is >= 15 and < 2000));
            }
        },
    };

    private static readonly CaseList Regions = new()
    {
        { "enter.extarg-reg-badsize", c => c.Unlike(Registered(WithRegion(c), 0), Registered(WithRegion(c), 0, size: 24)) },
        { "enter.extarg-reg-noregion", c => c.Unlike(Registered(WithRegion(c), 0), Registered(c.Ring, 0)) },
        {
            [
                "enter.wait-reg-timeout", "enter.wait-reg-misaligned", "enter.wait-reg-offset-end", "enter.wait-reg-bad-flags",
                "enter.wait-reg-pad",
            ], c =>
            {
                SeamRing ring = WithRegion(c), ready = WithRegion(c);
                ref RegWait entry = ref c.At<RegWait>(c.Region(ring));
                entry = new RegWait { Ts = new() { TvNsec = 5_000_000 }, Flags = RegWaitFlags.Ts };
                c.Run(ready, Nop);
                Assert.Equal(1, c.Submit(ready, Nop));
                c.Row("enter.wait-reg-timeout", c.Unlike(Registered(ready, 0, 1), Registered(ring, 0, 1)));
                c.Row("enter.wait-reg-misaligned", c.Unlike(Registered(ring, 0), Registered(ring, 4)));
                c.Row("enter.wait-reg-offset-end", c.Unlike(Registered(ring, 0), Registered(ring, RegionBytes - 56)));
                c.Control(Registered(ring, 0));
                entry.Flags = (RegWaitFlags)(1u << 9);
                c.Row("enter.wait-reg-bad-flags", Registered(ring, 0));
                entry.Flags = RegWaitFlags.Ts;
                entry.Pad_0 = 1;
                c.Row("enter.wait-reg-pad", Registered(ring, 0));
            }
        },
    };

    private static nuint NoLimit(Case c) => c.Put(default(GetEventsArg));

    private static nuint Times(Case c, nuint timespec) => c.Put(new GetEventsArg { Ts = timespec });

    /// <summary>A ring with an unread completion.</summary>
    private static SeamRing WithOneReady(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(1, c.Submit(ring, Nop));
        return ring;
    }

    /// <summary>The wait; signals of the runtime, which end one early, begin it anew.</summary>
    private static int With(SeamRing ring, uint minComplete, nuint argument, EnterFlags more = 0, uint size = ArgumentBytes)
    {
        int answer;
        do
            answer = ring.Enter(0, minComplete, WaitWith | more, argument, size);
        while (answer == -Errno.EINTR);
        return answer;
    }

    private static int Registered(SeamRing ring, nuint offset, uint minComplete = 0, uint size = RegisteredBytes) =>
        With(ring, minComplete, offset, EnterFlags.ExtArgReg, size);

    private static long SizeFault(Case c, uint size) => c.Unlike(With(c.Ring, 0, NoLimit(c)), With(c.Ring, 0, NoLimit(c), size: size));

    /// <summary>With nothing pending; the control finds a completion there.</summary>
    private static long TimesOut(Case c, nuint argument, EnterFlags more = 0) =>
        c.Unlike(With(WithOneReady(c), 1, argument, more), With(c.Ring, 1, argument, more));

    /// <summary>A wait with a signal mask, for a completion that comes while it waits.</summary>
    private static int Masked(Case c, nuint mask, uint size)
    {
        SeamRing ring = c.NewRing();
        int answer;
        do
        {
            Assert.Equal(1, c.Submit(ring, Timeout(c.Ms(5))));
            answer = ring.Enter(0, 1, Wait, mask, size);
        }
        while (answer == -Errno.EINTR);
        return answer;
    }

    private static long MaskFault(Case c, Fault<GetEventsArg> fault)
    {
        var good = new GetEventsArg { Sigmask = c.Put(0UL), SigmaskSz = SignalSetBytes, Ts = c.Ms(10) };
        GetEventsArg bad = good;
        fault(ref bad);
        return c.Unlike(With(c.Ring, 1, c.Put(good)), With(c.Ring, 1, c.Put(bad)));
    }

    private static SeamRing WithRegion(Case c) => c.RingWithRegion(RegionBytes);
}
