using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>A full CQ: the backlog, and when it moves.</summary>
internal static class OverflowCases
{
    private static readonly CaseList Cases = new()
    {
        {
            "overflow.full-no-flag", c =>
            {
                SeamRing ring = Small(c);
                c.Submit(ring, Nop, Nop, Nop, Nop);
                return (long)(ring.SqFlags & SqRingFlags.CqOverflow);
            }
        },
        {
            [
                "overflow.submit-when-full", "overflow.flag", "overflow.counter", "overflow.ready", "overflow.submit-again",
                "overflow.getevents-full", "overflow.not-flushed-by-reading", "overflow.pollin", "overflow.enter-noget",
                "overflow.enter-noget-ready", "overflow.getevents-flush", "overflow.flushed", "overflow.flag-still",
                "overflow.flag-cleared", "overflow.total",
            ], Backlog
        },
        {
            [
                "overflow.submit-with-room", "overflow.submit-with-room-ready", "overflow.order-count", "overflow.order",
            ], c =>
            {
                SeamRing ring = Small(c);
                ring.Nops(0, 1, 2, 3);
                Assert.Equal(4, ring.Submit());
                ring.Nops(4, 5);
                Assert.Equal(2, ring.Submit());
                Assert.Equal(4, ring.TakeReady().Count);
                ring.Nops(6);
                c.Row("overflow.submit-with-room", ring.Submit());
                c.Row("overflow.submit-with-room-ready", ring.Ready);
                Assert.Equal(0, ring.GetEvents());
                c.Row("overflow.order-count", ring.Ready);
                c.Row("overflow.order", Yes(ring.TakeReady() is [{ UserData: 4 }, { UserData: 5 }, { UserData: 6 }]));
            }
        },
        {
            "overflow.wait-more-than-cq", c =>
            {
                SeamRing ring = Small(c);
                c.Submit(ring, Nop, Nop, Nop, Nop);
                c.Submit(ring, Nop);
                return ring.Enter(0, 5, EnterFlags.GetEvents);
            }
        },
    };

    private static SeamRing Small(Case c) => c.NewRing(entries: 4, cqEntries: 4);

    private static void Backlog(Case c)
    {
        SeamRing ring = Small(c);
        c.Submit(ring, Nop, Nop, Nop, Nop);
        c.Row("overflow.submit-when-full", c.Submit(ring, Nop, Nop, Nop, Nop));
        c.Row("overflow.flag", (long)(ring.SqFlags & SqRingFlags.CqOverflow));
        c.Row("overflow.counter", ring.Overflow);
        c.Row("overflow.ready", ring.Ready);
        c.Row("overflow.submit-again", c.Submit(ring, Nop));
        c.Row("overflow.getevents-full", ring.GetEvents());
        Assert.Equal(4, ring.TakeReady().Count);
        c.Row("overflow.not-flushed-by-reading", ring.Ready);
        c.Row("overflow.pollin", c.PollOf(ring, Libc.POLLIN));
        c.Row("overflow.enter-noget", ring.Enter());
        c.Row("overflow.enter-noget-ready", ring.Ready);
        c.Row("overflow.getevents-flush", ring.GetEvents());
        c.Row("overflow.flushed", ring.Ready);
        c.Row("overflow.flag-still", (long)(ring.SqFlags & SqRingFlags.CqOverflow));
        Assert.Equal(4, ring.TakeReady().Count);
        Assert.Equal(0, ring.GetEvents());
        c.Row("overflow.flag-cleared", (long)(ring.SqFlags & SqRingFlags.CqOverflow));
        c.Row("overflow.total", ring.Ready);
    }
}
