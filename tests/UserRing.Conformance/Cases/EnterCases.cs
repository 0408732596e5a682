using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>io_uring_enter: which descriptors and flags it takes, and how many entries.</summary>
internal static class EnterCases
{
    private const EnterFlags WithArgument = EnterFlags.GetEvents | EnterFlags.ExtArg;
    private const EnterFlags UnknownFlag = (EnterFlags)(1 << 8);

    private static readonly CaseList Descriptors = new()
    {
        { "enter.ok-nothing", c => c.Ring.Enter() },
        { "enter.flag-bit8", c => c.Unlike(c.Ring.Enter(), c.Ring.Enter(flags: UnknownFlag)) },
        { "enter.flag-bit31", c => c.Unlike(c.Ring.Enter(), c.Ring.Enter(flags: (EnterFlags)(1u << 31))) },
        { "enter.flag-before-fd", c => c.Unlike(c.Enter(-1), c.Enter(-1, flags: UnknownFlag)) },
        { "enter.badfd-neg", c => c.Unlike(c.Ring.Enter(), c.Enter(-1)) },
        { "enter.badfd-closed", c => c.Unlike(c.Ring.Enter(), c.Enter(c.NoFd)) },
        { "enter.not-ring", c => c.Unlike(c.Ring.Enter(), c.Enter(c.Null)) },
        {
            "enter.not-ring-before-args", c => c.Unlike(
                c.Ring.Enter(flags: WithArgument, argument: c.Buffer, size: 3),
                c.Enter(c.Null, flags: WithArgument, argument: c.Buffer, size: 3))
        },
        { "enter.not-ring-epoll", c => c.Unlike(c.Ring.Enter(), c.Enter(c.Epoll())) },
        { "enter.sq-wakeup-nonsqpoll", c => c.Ring.Enter(flags: EnterFlags.SqWakeup) },
        { "enter.sq-wait-nonsqpoll", c => c.Ring.Enter(flags: EnterFlags.SqWait) },
        { "enter.no-iowait", c => c.Ring.Enter(flags: EnterFlags.GetEvents | EnterFlags.NoIowait) },
    };

    private static readonly CaseList Counts = new()
    {
        { "enter.empty-sq", c => c.Ring.Enter(5) },
        {
            ["enter.to-submit-over", "enter.sq-head-advanced"], c =>
            {
                c.Ring.Nops(1, 2, 3);
                c.Row("enter.to-submit-over", c.Ring.Enter(100));
                c.Row("enter.sq-head-advanced", c.Ring.Queued);
            }
        },
        {
            "enter.nops-complete-inline", c =>
            {
                c.Submit(Nop, Nop, Nop);
                return c.Ring.Ready;
            }
        },
        {
            ["enter.partial", "enter.partial-left"], c =>
            {
                c.Ring.Nops(1, 2, 3);
                c.Row("enter.partial", c.Ring.Enter(2));
                c.Row("enter.partial-left", c.Ring.Queued);
            }
        },
        {
            "enter.submit-and-wait", c =>
            {
                c.Ring.Nops(1, 2);
                return c.Ring.Enter(2, 2, EnterFlags.GetEvents);
            }
        },
        { "enter.min-complete-without-getevents", c => c.Ring.Enter(0, 5) },
        { "enter.getevents-min0", c => c.Ring.Enter(flags: EnterFlags.GetEvents) },
    };

    private static readonly CaseList States = new()
    {
        { "enter.disabled", c => c.Unlike(c.Ring.Enter(), Disabled(c).Enter()) },
        { "enter.disabled-submit", c => c.Unlike(c.Submit(Nop), c.Submit(Disabled(c), Nop)) },
        { "enter.disabled-flags-first", c => c.Unlike(Disabled(c).Enter(), Disabled(c).Enter(flags: UnknownFlag)) },
        {
            ["enter.enable", "enter.after-enable"], c =>
            {
                SeamRing ring = Disabled(c);
                ring.Nops(1);
                Assert.Equal(-Errno.EBADFD, ring.Submit());
                c.Row("enter.enable", ring.Register(RegisterOp.RegisterEnableRings));
                c.Row("enter.after-enable", ring.Submit());
            }
        },
        { "enter.single-issuer-other-submit", c => OwnAndOther(c, SetupFlags.SingleIssuer, ring => c.Submit(ring, Nop)) },
        {
            "enter.single-issuer-other-getevents", c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.SingleIssuer);
                return c.Elsewhere(ring.GetEvents);
            }
        },
        {
            "enter.single-issuer-other-noop", c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.SingleIssuer);
                return c.Elsewhere(() => ring.Enter());
            }
        },
        { "enter.defer-other-getevents", c => OwnAndOther(c, Deferred, ring => ring.GetEvents()) },
        {
            ["enter.defer-nop", "enter.defer-nop-inline"], c =>
            {
                SeamRing ring = c.NewRing(Deferred);
                c.Row("enter.defer-nop", c.Submit(ring, Nop));
                c.Row("enter.defer-nop-inline", ring.Ready);
            }
        },
        {
            ["enter.defer-poll-not-yet", "enter.defer-taskrun-flag", "enter.defer-poll-after"], c =>
            {
                SeamRing ring = c.NewRing(Deferred | SetupFlags.TaskrunFlag);
                TestPipe pipe = c.Pipe();
                Assert.Equal(1, c.Submit(ring, Poll(pipe.ReadEnd, 1)));
                pipe.Write("x");
                // That the poll is ready may be noticed a moment later; what then waits to be run shows in the flag.
                c.Until(() => (ring.SqFlags & SqRingFlags.Taskrun) != 0);
                c.Row("enter.defer-poll-not-yet", ring.Ready);
                c.Row("enter.defer-taskrun-flag", (long)(ring.SqFlags & SqRingFlags.Taskrun));
                Assert.Equal(0, ring.GetEvents());
                c.Row("enter.defer-poll-after", ring.Ready);
            }
        },
    };

    private static readonly CaseList RegisteredRings = new()
    {
        {
            "enter.regring-no-task-context", Run.Alone, c =>
            {
                // The control makes the task known, so it has to come second.
                long before = c.Enter(0, flags: EnterFlags.RegisteredRing);
                c.Control(c.Enter(Registered(c), flags: EnterFlags.RegisteredRing));
                return before;
            }
        },
        { "enter.regring-16", c => RegisteredFault(c, 16) },
        { "enter.regring-empty", c => RegisteredFault(c, 3) },
        {
            [
                "register.ring-fds-alloc", "register.ring-fds-offset", "enter.regring-ok", "enter.regring-other-thread",
                "register.unring-fds",
            ], c =>
            {
                nuint update = c.Put(new RsrcUpdate { Offset = uint.MaxValue, Data = (ulong)c.Ring.Descriptor });
                c.Row("register.ring-fds-alloc", c.Register(RegisterOp.RegisterRingFds, update, 1));
                int index = (int)c.At<RsrcUpdate>(update).Offset;
                c.Row("register.ring-fds-offset", index);
                int answer = c.Enter(index, flags: EnterFlags.RegisteredRing);
                c.Row("enter.regring-ok", answer);
                c.Control(answer);
                c.Row("enter.regring-other-thread", c.Elsewhere(() => c.Enter(index, flags: EnterFlags.RegisteredRing)));
                nuint taken = c.Put(new RsrcUpdate { Offset = (uint)index });
                c.Row("register.unring-fds", c.Register(RegisterOp.UnregisterRingFds, taken, 1));
            }
        },
    };

    private const SetupFlags Deferred = SetupFlags.DeferTaskrun | SetupFlags.SingleIssuer;

    private static SeamRing Disabled(Case c) => c.NewRing(SetupFlags.RDisabled);

    private static long OwnAndOther(Case c, SetupFlags flags, Func<SeamRing, int> call)
    {
        SeamRing ring = c.NewRing(flags);
        return c.Unlike(call(ring), c.Elsewhere(() => call(ring)));
    }

    /// <summary>Registers <see cref="Case.Ring"/> for this task: its index.</summary>
    private static int Registered(Case c)
    {
        nuint update = c.Put(new RsrcUpdate { Offset = uint.MaxValue, Data = (ulong)c.Ring.Descriptor });
        Assert.Equal(1, c.Register(RegisterOp.RegisterRingFds, update, 1));
        return (int)c.At<RsrcUpdate>(update).Offset;
    }

    private static long RegisteredFault(Case c, int index) => c.Unlike(
        c.Enter(Registered(c), flags: EnterFlags.RegisteredRing), c.Enter(index, flags: EnterFlags.RegisteredRing));
}
