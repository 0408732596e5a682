using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Chains: what breaks one, and what that does to the rest.</summary>
internal static class LinkCases
{
    private static readonly string[] Two = [".first", ".second"];

    private static readonly CaseList Pairs = new()
    {
        { ["link.ok.first", "link.ok.second"], c => c.Rows("link.ok", Two, c.Run(Link(Nop), Nop), c.Run(Link(Nop), Nop)) },
        {
            ["link.issue-error.first", "link.issue-error.second"],
            c => c.Rows("link.issue-error", Two, c.Run(Link(Good(c)), Nop), c.Run(Link(Bad(c)), Nop))
        },
        {
            ["link.short-read.first", "link.short-read.second"],
            c => c.Rows("link.short-read", Two, c.Run(Link(ReadOf(c, 100)), Nop), c.Run(Link(ReadOf(c, 200)), Nop))
        },
        {
            ["link.eof-read.first", "link.eof-read.second"],
            c => c.Rows("link.eof-read", Two, c.Run(Link(ReadOf(c, 8)), Nop), c.Run(Link(ReadOf(c, 8, 100)), Nop))
        },
        {
            ["link.full-read.first", "link.full-read.second"],
            c => c.Rows("link.full-read", Two, c.Run(Link(ReadOf(c, 100)), Nop), c.Run(Link(ReadOf(c, 100)), Nop))
        },
        {
            ["link.readv-short.first", "link.readv-short.second"],
            c => c.Rows("link.readv-short", Two, c.Run(Link(ReadvOf(c, 100)), Nop), c.Run(Link(ReadvOf(c, 200)), Nop))
        },
        {
            ["link.second-bad-opcode.first", "link.second-bad-opcode.second"],
            c => c.Rows("link.second-bad-opcode", Two, c.Run(Link(Nop), Nop), c.Run(Link(Nop), Unknown))
        },
        {
            ["link.first-bad-opcode.first", "link.first-bad-opcode.second"],
            c => c.Rows("link.first-bad-opcode", Two, c.Run(Link(Nop), Nop), c.Run(Link(Unknown), Nop))
        },
        {
            ["link.second-issue-error.first", "link.second-issue-error.second"],
            c => c.Rows("link.second-issue-error", Two, c.Run(Link(Nop), Good(c)), c.Run(Link(Nop), Bad(c)))
        },
        {
            ["hardlink.issue-error.first", "hardlink.issue-error.second"],
            c => c.Rows("hardlink.issue-error", Two, c.Run(Hardlink(Good(c)), Nop), c.Run(Hardlink(Bad(c)), Nop))
        },
        { "hardlink.short-read", c => c.Run(Hardlink(ReadOf(c, 200)), Nop)[1] },
        {
            ["hardlink.second-bad-opcode", "hardlink.second-bad-opcode-order"], c =>
            {
                c.Control(c.Run(Hardlink(Nop), Nop)[0]);
                Batch batch = c.Run(Hardlink(Nop), Unknown);
                c.Row("hardlink.second-bad-opcode", batch[0]);
                c.Row("hardlink.second-bad-opcode-order", batch.IndexOf(0));
            }
        },
        { "link.open-then-read", OpenThenRead },
        {
            "link.write-then-read", c =>
            {
                TestPipe pipe = c.Pipe();
                return c.Run(Link(Write(pipe.WriteEnd, c.Buffer, 4)), Read(pipe.ReadEnd, c.Buffer, 4))[1];
            }
        },
    };

    private static readonly CaseList Longer = new()
    {
        {
            ["link.middle-1", "link.middle-2", "link.middle-3", "link.middle-4", "link.middle-order"], c =>
            {
                Batch batch = c.Run(Link(Nop), Link(Bad(c)), Link(Nop), Nop);
                c.Rows("link.middle", ["-1", "-2", "-3", "-4"], c.Run(Link(Nop), Link(Good(c)), Link(Nop), Nop), batch);
                c.Row("link.middle-order", Yes(batch.Cqes.Select(cqe => cqe.UserData).SequenceEqual<ulong>([1, 2, 3, 4])));
            }
        },
        {
            "link.across-submits", c =>
            {
                c.Run(Link(Bad(c)));
                return c.Res(Nop);
            }
        },
        {
            ["link.unterminated", "link.unterminated-run"], c =>
            {
                Batch batch = c.Run(Link(Nop), Link(Nop));
                c.Row("link.unterminated", batch.Consumed);
                c.Row("link.unterminated-run", batch[1]);
            }
        },
        { ["link.waits", "link.cancel-head", "link.cancel-rest", "link.cancel-itself"], CancelHead },
        {
            ["link.prep-fail-middle-head", "link.prep-fail-middle-bad", "link.prep-fail-middle-last"], c =>
            {
                Batch good = c.Run(Link(Nop), Link(Nop), Link(Nop), Nop);
                Batch bad = c.Run(Link(Nop), Link(Unknown), Link(Nop), Nop);
                c.Row("link.prep-fail-middle-head", c.Unlike(good[0], bad[0]));
                c.Row("link.prep-fail-middle-bad", c.Unlike(good[1], bad[1]));
                c.Row("link.prep-fail-middle-last", c.Unlike(good[3], bad[3]));
            }
        },
        {
            ["link.prep-fail-batch-goes-on", "link.prep-fail-batch-goes-on-other"], c =>
            {
                Batch batch = c.Run(Link(Nop), Link(Unknown), Nop, Nop);
                c.Row("link.prep-fail-batch-goes-on", batch.Consumed);
                c.Row("link.prep-fail-batch-goes-on-other", batch[3]);
            }
        },
        { "link.prep-fail-last-stops", c => c.Submit(Link(Nop), Unknown, Nop) },
    };

    private static Sqe Good(Case c) => ReadOf(c, 8);

    private static Sqe Bad(Case c) => Read(c.NoFd, c.Buffer, 8);

    /// <summary>A read of a file of 100 bytes.</summary>
    private static Sqe ReadOf(Case c, uint length, ulong offset = 0) => Read(c.File(), c.Buffer, length, offset);

    private static Sqe ReadvOf(Case c, uint length) => Readv(c.File(), c.Iovs((c.Buffer, length)));

    private static long OpenThenRead(Case c)
    {
        const int Here = -100;
        string path = Path.Combine(c.Folder(), "file");
        File.WriteAllBytes(path, new byte[100]);
        Ok(c.Ring.RegisterFiles(-1, -1));
        var open = new Sqe { Opcode = Opcode.Openat, Fd = Here, Addr = c.Text(path), FileIndex = 1 };
        return c.Run(Link(open), Fixed(Read(0, c.Buffer, 10)))[1];
    }

    private static void CancelHead(Case c)
    {
        Batch control = c.Run(Link(Read(c.PipeWith("x").ReadEnd, c.Buffer, 1)), Nop);
        c.Submit(Link(Read(c.Pipe().ReadEnd, c.Buffer, 1)), Nop);
        c.Row("link.waits", c.After(20));
        c.Submit(Cancel(1) with { UserData = 3 });
        var batch = new Batch(3, c.Ring.Take(3));
        c.Row("link.cancel-head", c.Unlike(control[0], batch[0]));
        c.Row("link.cancel-rest", c.Unlike(control[1], batch[1]));
        c.Row("link.cancel-itself", batch[2]);
    }
}
