using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>ASYNC_CANCEL.</summary>
internal static class CancelCases
{
    private static readonly CaseList Keys = new()
    {
        { "cancel.enoent", c => Fault(c, 0, (ref s) => s.Addr = 99) },
        { "cancel.badflag", c => Fault(c, 0, (ref s) => s.CancelFlags = (CancelFlags)(1 << 20)) },
        { "cancel.off", c => Fault(c, 0, (ref s) => s.Off = 1) },
        { "cancel.splicefd", c => Fault(c, 0, (ref s) => s.SpliceFdIn = 1) },
        { "cancel.select", c => Fault(c, 0, (ref s) => s = Select(s, 0)) },
        { "cancel.any-fd", c => Fault(c, CancelFlags.Any, (ref s) => (s.CancelFlags, s.Fd) = (CancelFlags.Any | CancelFlags.Fd, c.Null)) },
        {
            "cancel.any-op", c => Fault(
                c, CancelFlags.Any, (ref s) => (s.CancelFlags, s.Len) = (CancelFlags.Any | CancelFlags.Op, (uint)Opcode.PollAdd))
        },
        {
            "cancel.fd-bad", c =>
            {
                int fd = c.Pipe().ReadEnd;
                Sqe byFd = Cancel(0) with { Fd = fd, CancelFlags = CancelFlags.Fd };
                return c.FaultBeside(Poll(fd, Libc.EPOLLIN), byFd, (ref s) => s.Fd = c.NoFd);
            }
        },
        { "cancel.all-none", c => c.Res(Cancel(99) with { CancelFlags = CancelFlags.All }) },
        { "cancel.any-none", c => c.Res(Cancel(0) with { CancelFlags = CancelFlags.Any }) },
        { "cancel.fdfixed-alone", c => Fault(c, CancelFlags.FdFixed, (ref s) => s.Addr = 99) },
        { "cancel.bad-len", c => c.FaultBeside(Idle(c), Cancel(Case.Waiting) with { Len = 5 }, (ref s) => s.Addr = 99) },
    };

    private static readonly CaseList Targets = new()
    {
        {
            ["cancel.one", "cancel.one-target", "cancel.fd-all"], c =>
            {
                int fd = c.Pipe().ReadEnd;
                Sqe poll = Poll(fd, Libc.EPOLLIN);
                Assert.Equal(3, c.Submit(poll, poll, poll));
                Assert.Equal(1, c.Submit(Cancel(2) with { UserData = 9 }));
                Dictionary<ulong, int> results = c.Ring.Results(2);
                c.Row("cancel.one", results[9]);
                c.Row("cancel.one-target", c.Unlike(c.Res(c.NewRing(), Poll(c.PipeWith("x").ReadEnd, Libc.EPOLLIN)), results[2]));
                Sqe rest = Cancel(0) with { UserData = 9, Fd = fd, CancelFlags = CancelFlags.Fd | CancelFlags.All };
                Assert.Equal(1, c.Submit(rest));
                c.Row("cancel.fd-all", c.Ring.Results(3)[9]);
            }
        },
        {
            ["cancel.async-read", "cancel.async-read-target"], c =>
            {
                Dictionary<ulong, int> results = CancelInWorker(c, Read(c.Pipe().ReadEnd, c.Buffer, 8));
                c.Row("cancel.async-read", results[2]);
                c.Row("cancel.async-read-target", c.Unlike(c.Res(Async(Read(c.PipeWith("x").ReadEnd, c.Buffer, 8))), results[1]));
            }
        },
        {
            ["cancel.running-worker-blocked", "cancel.running-worker", "cancel.running-worker-target"], c =>
            {
                Sqe open = new() { Opcode = Opcode.Openat, Fd = Case.AT_FDCWD, Addr = c.Text(c.Fifo()), OpenFlags = Libc.O_CLOEXEC };
                Dictionary<ulong, int> results = CancelInWorker(c, open, () => c.Row("cancel.running-worker-blocked", c.After(20)));
                c.Row("cancel.running-worker", c.Unlike(c.Beside(Idle(c), Cancel(Case.Waiting)), results[2]));
                int file = c.Fd(c.Res(Async(open with { Addr = c.Text(c.NamedFile()) })));
                c.Row("cancel.running-worker-target", c.Unlike(file, c.Fd(results[1])));
            }
        },
    };

    private static Sqe Idle(Case c) => Poll(c.Pipe().ReadEnd, Libc.EPOLLIN);

    private static long Fault(Case c, CancelFlags flags, Fault<Sqe> fault) =>
        c.FaultBeside(Idle(c), Cancel(Case.Waiting) with { CancelFlags = flags }, fault);

    /// <summary>The res of a request that blocks in a worker, 1, and of its cancel, 2.</summary>
    private static Dictionary<ulong, int> CancelInWorker(Case c, in Sqe sqe, Action? before = null)
    {
        Assert.Equal(1, c.Submit(Async(sqe)));
        c.AwaitWorker(c.Ring);
        before?.Invoke();
        Assert.Equal(1, c.Submit(Cancel(1) with { UserData = 2 }));
        return c.Ring.Results(2);
    }
}
