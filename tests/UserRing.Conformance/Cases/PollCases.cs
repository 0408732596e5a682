using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>POLL_ADD and POLL_REMOVE.</summary>
internal static class PollCases
{
    private static readonly CaseList Adding = new()
    {
        { "poll.ready", c => c.Res(Ready(c)) },
        { "poll.file", c => c.Res(Poll(c.File(), Libc.EPOLLIN | Libc.EPOLLOUT)) },
        {
            "poll.hup", c =>
            {
                TestPipe pipe = c.Pipe();
                pipe.WriteEnd.Close();
                return c.Res(Poll(pipe.ReadEnd, Libc.EPOLLIN));
            }
        },
        { "poll.badlen", c => c.Fault(Ready(c), (ref s) => s.Len = 1 << 5) },
        { "poll.level", c => c.Fault(Ready(c), (ref s) => s.Len = (uint)PollFlags.AddLevel) },
        { "poll.off", c => c.Fault(Ready(c), (ref s) => s.Off = 1) },
        { "poll.addr", c => c.Fault(Ready(c), (ref s) => s.Addr = 1) },
        { "poll.bufindex", c => c.Fault(Ready(c), (ref s) => s.BufIndex = 1) },
        { "poll.multi-skip", c => c.Fault(Multishot(Ready(c)), (ref s) => s = Skip(s)) },
        {
            ["poll.multi-1", "poll.multi-more"], c =>
            {
                TestPipe pipe = c.Pipe();
                Assert.Equal(1, c.Submit(Multishot(Poll(pipe.ReadEnd, Libc.EPOLLIN))));
                pipe.Write("x");
                Cqe cqe = c.Ring.Take();
                c.Row("poll.multi-1", cqe.Res);
                c.Row("poll.multi-more", (long)(cqe.Flags & CqeFlags.More));
            }
        },
        {
            "poll.exclusive-multi", c =>
            {
                Assert.Equal(1, c.Submit(Multishot(Poll(c.Pipe().ReadEnd, Libc.EPOLLIN | Libc.EPOLLEXCLUSIVE))));
                return c.After(50);
            }
        },
    };

    private static readonly CaseList Removing = new()
    {
        { "pollrm.enoent", c => RemoveFault(c, (ref s) => s.Addr = 99) },
        { "pollrm.bufindex", c => RemoveFault(c, (ref s) => s.BufIndex = 1) },
        { "pollrm.badlen", c => RemoveFault(c, (ref s) => s.Len = 1 << 5) },
        { "pollrm.off-noflag", c => RemoveFault(c, (ref s) => s.Off = 1) },
        { "pollrm.events-noflag", c => RemoveFault(c, (ref s) => s.Poll32Events = Libc.EPOLLIN) },
        { "pollrm.multi-only", c => RemoveFault(c, (ref s) => s.Len = (uint)PollFlags.AddMulti) },
        { ["pollrm.update-ud", "pollrm.old-ud", "pollrm.ok", "pollrm.target"], RemoveRenamed },
    };

    private static Sqe Ready(Case c) => Poll(c.PipeWith("x").ReadEnd, Libc.EPOLLIN);

    private static Sqe Idle(Case c) => Poll(c.Pipe().ReadEnd, Libc.EPOLLIN);

    private static Sqe Multishot(in Sqe poll) => poll with { Len = (uint)PollFlags.AddMulti };

    private static Sqe Remove(ulong userData) => new() { Opcode = Opcode.PollRemove, Fd = -1, Addr = userData };

    private static long RemoveFault(Case c, Fault<Sqe> fault) => c.FaultBeside(Idle(c), Remove(Case.Waiting), fault);

    private static void RemoveRenamed(Case c)
    {
        const ulong Renamed = 70;
        SeamRing ring = c.NewRing();
        Sqe rename = Remove(Case.Waiting) with { Len = (uint)PollFlags.UpdateUserData, Off = Renamed };
        c.Row("pollrm.update-ud", c.Beside(ring, Idle(c), rename));
        c.Row("pollrm.old-ud", c.Unlike(c.Beside(Idle(c), Remove(Case.Waiting)), c.Res(ring, Remove(Case.Waiting))));
        Assert.Equal(1, c.Submit(ring, Remove(Renamed)));
        Dictionary<ulong, int> results = ring.Results(2);
        c.Row("pollrm.ok", results[1]);
        c.Row("pollrm.target", c.Unlike(c.Res(Ready(c)), results[Renamed]));
    }
}
