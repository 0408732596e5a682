using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>io_uring_setup: what it refuses and what it writes back.</summary>
internal static class SetupCases
{
    private static readonly CaseList Arguments = new()
    {
        { "setup.ok", c => c.Setup(1) },
        { "setup.entries-zero", c => c.Unlike(c.Setup(1), c.Setup(0)) },
        { "setup.params-null", c => c.Unlike(c.Setup(4), c.Seam.Setup(4, 0)) },
        { "setup.params-unmapped", c => c.Unlike(c.Setup(4), c.Seam.Setup(4, TestMemory.Bad)) },
        { "setup.params-readonly", c => c.Unlike(c.Setup(4), c.Seam.Setup(4, TestMemory.ReadOnly)) },
        { "setup.efault-before-einval", c => c.Unlike(c.Setup(0), c.Seam.Setup(0, 0)) },
        { "setup.resv0", c => c.SetupFault(4, default, (ref p) => p.Resv0 = 1) },
        { "setup.resv1", c => c.SetupFault(4, default, (ref p) => p.Resv1 = 1) },
        { "setup.resv2", c => c.SetupFault(4, default, (ref p) => p.Resv2 = 1) },
        { "setup.flag-bit31", c => c.SetupFault(0, Bit(31)) },
        { "setup.flag-bit21", c => c.SetupFault(0, Bit(21)) },
        { "setup.flag-sqe-mixed", c => c.SetupFault(0, SetupFlags.SqeMixed) },
        { "setup.flag-sq-rewind", c => c.SetupFault(SetupFlags.NoSqArray, SetupFlags.SqRewind | SetupFlags.NoSqArray) },
        { "setup.unknown-flag-not-clamped", c => c.SetupFault(SetupFlags.Clamp, SetupFlags.Clamp | Bit(31)) },
        { "setup.output-fields-ignored-on-input", c => c.Setup(4, Garbage) },
        { "setup.cq-entries-ignored-without-cqsize", c => MadeBy(c, 4, 0, 777).CqEntries },
        {
            "setup.user-addr-cleared", c =>
            {
                Ok(c.Setup(4, new RingParams { SqOff = new() { UserAddr = 0x1000 } }));
                return (long)c.Made.SqOff.UserAddr;
            }
        },
        {
            "setup.params-untouched-on-error", c =>
            {
                c.Setup(4, new RingParams { Flags = Bit(31), Features = (RingFeatures)9 });
                return (long)c.Made.Features;
            }
        },
    };

    private static readonly CaseList Sizes = new()
    {
        { "setup.entries-max", c => c.Setup(32768) },
        { "setup.entries-over-max", c => c.Unlike(c.Setup(32768), c.Setup(32769)) },
        { "setup.entries-u32max", c => c.Unlike(c.Setup(32768), c.Setup(uint.MaxValue)) },
        { "setup.clamp-ok", c => c.Setup(32769, SetupFlags.Clamp) },
        { "setup.clamp-sq", c => MadeBy(c, 32769, SetupFlags.Clamp).SqEntries },
        { "setup.clamp-cq", c => MadeBy(c, 32769, SetupFlags.Clamp).CqEntries },
        { "setup.clamp-u32max", c => MadeBy(c, uint.MaxValue, SetupFlags.Clamp).SqEntries },
        { "setup.clamp-zero", c => c.Unlike(c.Setup(1, SetupFlags.Clamp), c.Setup(0, SetupFlags.Clamp)) },
        { "setup.round-sq", c => MadeBy(c, 5).SqEntries },
        { "setup.default-cq", c => MadeBy(c, 5).CqEntries },
        { "setup.one-cq", c => MadeBy(c, 1).CqEntries },
        { "setup.cqsize-zero", c => CqSizeFault(c, 4, 8, 0) },
        { "setup.cqsize-smaller", c => CqSizeFault(c, 8, 8, 4) },
        { "setup.cqsize-smaller-clamp", c => CqSizeFault(c, 8, 8, 4, SetupFlags.Clamp) },
        { "setup.cqsize-equal", c => c.Setup(8, SetupFlags.CqSize, 8) },
        { "setup.cqsize-compare-after-rounding", c => c.Setup(5, SetupFlags.CqSize, 5) },
        { "setup.cqsize-rounds-up-to-fit", c => c.Setup(8, SetupFlags.CqSize, 7) },
        { "setup.cqsize-rounds-up-to-fit-cq", c => MadeBy(c, 8, SetupFlags.CqSize, 7).CqEntries },
        { "setup.cqsize-round", c => MadeBy(c, 8, SetupFlags.CqSize, 9).CqEntries },
        { "setup.cqsize-max", c => c.Setup(1, SetupFlags.CqSize, 65536) },
        { "setup.cqsize-over-max", c => CqSizeFault(c, 1, 65536, 65537) },
        { "setup.cqsize-clamp", c => MadeBy(c, 1, SetupFlags.CqSize | SetupFlags.Clamp, 65537).CqEntries },
        { "setup.cqe-mixed-too-small", c => CqSizeFault(c, 1, 2, 1, SetupFlags.CqeMixed) },
    };

    private static readonly CaseList Flags = new()
    {
        { "setup.sqaff-alone", c => c.SetupFault(SetupFlags.SqPoll | SetupFlags.SqAff, SetupFlags.SqAff) },
        { "setup.sqaff-badcpu", c => c.SetupFault(4, Polled(SetupFlags.SqAff), (ref p) => p.SqThreadCpu = 100_000) },
        { "setup.sqaff-cpu0", c => c.Setup(4, Polled(SetupFlags.SqAff)) },
        { "setup.sqpoll-ok", c => c.Setup(4, Polled()) },
        {
            "setup.sqpoll-unpriv", Run.Alone, c =>
            {
                c.BecomeUser();
                return c.Setup(4, Polled());
            }
        },
        { "setup.sqpoll-coop", c => PolledFault(c, SetupFlags.CoopTaskrun) },
        { "setup.sqpoll-taskrun-flag", c => PolledFault(c, SetupFlags.TaskrunFlag) },
        { "setup.sqpoll-defer", c => PolledFault(c, SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun) },
        { "setup.taskrun-flag-alone", c => c.SetupFault(SetupFlags.TaskrunFlag | SetupFlags.CoopTaskrun, SetupFlags.TaskrunFlag) },
        { "setup.taskrun-flag-coop", c => c.Setup(4, SetupFlags.TaskrunFlag | SetupFlags.CoopTaskrun) },
        { "setup.defer-alone", c => c.SetupFault(SetupFlags.DeferTaskrun | SetupFlags.SingleIssuer, SetupFlags.DeferTaskrun) },
        { "setup.defer-ok", c => c.Setup(4, SetupFlags.DeferTaskrun | SetupFlags.SingleIssuer) },
        { "setup.hybrid-alone", c => c.SetupFault(SetupFlags.HybridIoPoll | SetupFlags.IoPoll, SetupFlags.HybridIoPoll) },
        { "setup.hybrid-iopoll", c => c.Setup(4, SetupFlags.HybridIoPoll | SetupFlags.IoPoll) },
        { "setup.iopoll-ok", c => c.Setup(4, SetupFlags.IoPoll) },
        { "setup.cqe32-cqe-mixed", c => c.SetupFault(SetupFlags.CqeMixed, SetupFlags.CqeMixed | SetupFlags.Cqe32) },
        { "setup.cqe-mixed-ok", c => c.Setup(4, SetupFlags.CqeMixed) },
        { "setup.sqe128-cqe32", c => c.Setup(4, SetupFlags.Sqe128 | SetupFlags.Cqe32) },
        { "setup.no-sqarray", c => c.Setup(4, SetupFlags.NoSqArray) },
        { "setup.no-sqarray-offset", c => MadeBy(c, 4, SetupFlags.NoSqArray).SqOff.Array },
        { "setup.r-disabled", c => c.Setup(4, SetupFlags.RDisabled) },
        { "setup.submit-all", c => c.Setup(4, SetupFlags.SubmitAll | SetupFlags.CoopTaskrun | SetupFlags.SingleIssuer) },
    };

    private static readonly CaseList Ring = new()
    {
        { "setup.fd-cloexec", c => Libc.Fcntl(c.Ring.Descriptor, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC },
        { "setup.ring-mask", c => c.Ring.Word(c.Ring.Params.SqOff.RingMask) },
        { "setup.cq-ring-entries", c => c.Ring.Word(c.Ring.Params.CqOff.RingEntries) },
        { "setup.features-all", c => (long)MadeBy(c, 8).Features },
    };

    private static RingParams Garbage => new()
    {
        SqEntries = 12345,
        CqEntries = 54321,
        Features = (RingFeatures)0xdeadbeef,
        SqOff = new() { Head = 1, Tail = 2, RingMask = 3, RingEntries = 4, Flags = 5, Dropped = 6, Array = 7, Resv1 = 8, UserAddr = 9 },
        CqOff = new() { Head = 1, Tail = 2, RingMask = 3, RingEntries = 4, Overflow = 5, Cqes = 6, Flags = 7, Resv1 = 8, UserAddr = 9 },
    };

    private static SetupFlags Bit(int bit) => (SetupFlags)(1u << bit);

    private static RingParams Polled(SetupFlags more = 0) => new() { Flags = SetupFlags.SqPoll | more, SqThreadIdle = 10 };

    private static long PolledFault(Case c, SetupFlags fault) => c.Unlike(c.Setup(4, Polled()), c.Setup(4, Polled(fault)));

    private static long CqSizeFault(Case c, uint entries, uint good, uint bad, SetupFlags flags = 0) =>
        c.Unlike(c.Setup(entries, SetupFlags.CqSize | flags, good), c.Setup(entries, SetupFlags.CqSize | flags, bad));

    private static RingParams MadeBy(Case c, uint entries, SetupFlags flags = 0, uint cqEntries = 0)
    {
        Ok(c.Setup(entries, flags, cqEntries));
        return c.Made;
    }
}
