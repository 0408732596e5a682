using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>io_uring_enter: what lies in the SQ, and rings that are polled.</summary>
internal static class EnterQueueCases
{
    private static readonly CaseList Queues = new()
    {
        {
            [
                "enter.sq-index-out-of-range", "enter.sq-dropped", "enter.sq-dropped-head", "enter.sq-dropped-cqe",
                "enter.sq-index-bad-middle", "enter.sq-index-bad-middle-dropped", "enter.sq-index-bad-middle-left",
                "enter.sq-index-bad-middle-rest",
            ], c =>
            {
                SeamRing ring = c.Ring;
                ring.Nops(1);
                ring.SqArray(0) = 8;
                c.Row("enter.sq-index-out-of-range", ring.Submit());
                c.Row("enter.sq-dropped", ring.Dropped);
                c.Row("enter.sq-dropped-head", ring.Queued);
                c.Row("enter.sq-dropped-cqe", ring.Ready);
                ring.Nops(2, 3, 4);
                ring.SqArray(2) = uint.MaxValue;
                c.Row("enter.sq-index-bad-middle", ring.Submit());
                c.Row("enter.sq-index-bad-middle-dropped", ring.Dropped);
                c.Row("enter.sq-index-bad-middle-left", ring.Queued);
                c.Row("enter.sq-index-bad-middle-rest", ring.Enter(1));
            }
        },
        {
            "enter.sq-index-bad-submit-all", c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.SubmitAll);
                ring.Nops(1, 2, 3);
                ring.SqArray(1) = 99;
                return ring.Submit();
            }
        },
        {
            "enter.sq-array-order", c =>
            {
                c.Ring.Nops(1, 2);
                (c.Ring.SqArray(0), c.Ring.SqArray(1)) = (1, 0);
                Assert.Equal(2, c.Ring.Submit());
                return (long)c.Ring.Take().UserData;
            }
        },
        {
            "enter.sq-array-same-twice", c =>
            {
                c.Ring.Nops(1, 2);
                c.Ring.SqArray(1) = 0;
                Assert.Equal(2, c.Ring.Submit());
                return c.Ring.TakeReady().Count(cqe => cqe.UserData == 1);
            }
        },
        {
            "enter.tail-overrun", c =>
            {
                SeamRing ring = c.NewRing(entries: 4);
                ring.ContinueAt(ring.SqHead + 100);
                return ring.Enter(100);
            }
        },
        { "enter.no-sqarray", c => c.Run(c.NewRing(SetupFlags.NoSqArray), Nop, Nop).Consumed },
        {
            ["enter.stop-at-bad-sqe", "enter.stop-at-bad-sqe-left", "enter.stop-at-bad-sqe-cqe"], c =>
            {
                int control = c.Res(Nop);
                c.Row("enter.stop-at-bad-sqe", c.Submit(Unknown, Nop));
                c.Row("enter.stop-at-bad-sqe-left", c.Ring.Queued);
                c.Row("enter.stop-at-bad-sqe-cqe", c.Unlike(control, c.Ring.Take().Res));
            }
        },
        { "enter.submit-all-continues", c => c.Submit(c.NewRing(SetupFlags.SubmitAll), Unknown, Nop) },
        { "enter.issue-error-continues", c => c.Submit(Read(c.NoFd, c.Buffer, 8), Nop) },
    };

    private static readonly CaseList Polled = new()
    {
        { "enter.sqpoll-returns-to-submit", c => PolledRing(c).Enter(5) },
        { "enter.sqpoll-need-wakeup", c => (long)(Asleep(c).SqFlags & SqRingFlags.NeedWakeup) },
        {
            "enter.sqpoll-asleep-nothing-happens", c =>
            {
                SeamRing ring = Asleep(c);
                ring.Nops(1);
                ring.Publish();
                c.Idle(50);
                return ring.Ready;
            }
        },
        {
            ["enter.sqpoll-wakeup", "enter.sqpoll-after-wakeup"], c =>
            {
                SeamRing ring = Asleep(c);
                ring.Nops(1);
                c.Row("enter.sqpoll-wakeup", ring.Enter(1, 0, EnterFlags.SqWakeup));
                c.Until(() => ring.Ready > 0);
                c.Row("enter.sqpoll-after-wakeup", ring.Ready);
            }
        },
        { "enter.sqpoll-sq-wait", c => PolledRing(c).Enter(0, 0, EnterFlags.SqWait) },
    };

    private static SeamRing PolledRing(Case c) => c.NewRing(SetupFlags.SqPoll, idleMs: 20);

    private static SeamRing Asleep(Case c)
    {
        SeamRing ring = PolledRing(c);
        c.Until(() => (ring.SqFlags & SqRingFlags.NeedWakeup) != 0);
        return ring;
    }
}
