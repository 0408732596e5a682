using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Rings with larger entries.</summary>
internal static class LayoutCases
{
    private static readonly CaseList Cases = new()
    {
        // The second of each: the first lies at the same place whatever the stride.
        { "layout.cqe32", c => c.Run(c.NewRing(SetupFlags.Cqe32), Nop, Nop)[1] },
        {
            "layout.sqe128", c =>
            {
                Batch both = c.Run(c.NewRing(SetupFlags.Sqe128), Nop, Nop);
                Assert.Equal(0, both[1]);
                return both.Consumed;
            }
        },
        {
            ["layout.mixed-count", "layout.mixed-flag", "layout.mixed-extra1", "layout.mixed-extra2"], c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.CqeMixed);
                Assert.Equal(1, c.Submit(ring, Large));
                c.Row("layout.mixed-count", ring.CqTail);
                c.Row("layout.mixed-flag", (long)(ring.CqeAt(0).Flags & CqeFlags.Cqe32));
                c.Row("layout.mixed-extra1", (long)ring.ExtraAt(0, 0));
                c.Row("layout.mixed-extra2", (long)ring.ExtraAt(0, 1));
            }
        },
        {
            ["layout.mixed-skip-total", "layout.mixed-skip-flag"], c =>
            {
                SeamRing ring = c.NewRing(SetupFlags.CqeMixed, 4, cqEntries: 4);
                c.Run(ring, Nop, Nop, Nop);
                Assert.Equal(1, c.Submit(ring, Large));
                c.Row("layout.mixed-skip-total", ring.CqTail - 3);
                c.Row("layout.mixed-skip-flag", (long)(ring.CqeAt(3).Flags & CqeFlags.Skip));
            }
        },
    };

    private static Sqe Large => Nop with { NopFlags = NopFlags.Cqe32, Off = 17, Addr = 34 };
}
