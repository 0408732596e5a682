using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>
/// Waits for futexes and for children are cancelled by a sweep over all of them, which tells how many it took (io_cancel_remove in
/// io_uring/cancel.c): a cancel of one then says 1 and not 0, and a cancel of all counts each sweep once.
/// </summary>
public sealed class CancelSweepTests : IDisposable
{
    private readonly TestMemory _memory = new();
    private readonly Process _child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;

    public void Dispose()
    {
        _child.StandardInput.Close();
        _child.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [EveryEngine(Kind.Futex)]
    [EveryEngine(Kind.Futexes)]
    [EveryEngine(Kind.ChildsEnd)]
    [EveryEngine(Kind.ChildsStop)]
    public void A_cancel_of_one_says_one(string engine, Kind kind)
    {
        using var ring = new SeamRing(engine, 16);
        Wait(ring, kind);
        Wait(ring, kind);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 1), (results[1], results[2]));
        Assert.True(ring.StaysQuiet());
    }

    [Theory]
    [EveryEngine(Kind.Futex)]
    [EveryEngine(Kind.ChildsEnd)]
    [EveryEngine(Kind.ChildsStop)]
    public void A_cancel_of_all_counts_a_sweep_once(string engine, Kind kind)
    {
        using var ring = new SeamRing(engine, 16);
        for (int i = 0; i < 3; i++)
            Wait(ring, kind);
        Assert.Equal(3, ring.Submit());
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(1, CancelFlags.All).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Cqe[] taken = ring.Take(4);
        Assert.Equal(1, taken.Single(cqe => cqe.UserData == 2).Res);
        Assert.Equal(3, taken.Count(cqe => cqe is { UserData: 1, Res: -Errno.ECANCELED }));
    }

    [Theory]
    [EveryEngine(Kind.Futex)]
    [EveryEngine(Kind.ChildsEnd)]
    public void A_link_timeout_that_ends_one_says_one(string engine, Kind kind)
    {
        using var ring = new SeamRing(engine, 16);
        Wait(ring, kind).Flags = SqeFlags.IoLink;
        nuint time = _memory.PutTime(512, TimeSpan.FromMilliseconds(20));
        ring.Next() = new Sqe { Opcode = Opcode.LinkTimeout, Addr = time, Len = 1, UserData = 2 };
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 1), (results[1], results[2]));
    }

    [Theory]
    [EveryEngine(Kind.Futex)]
    [EveryEngine(Kind.ChildsEnd)]
    public unsafe void The_register_command_says_one(string engine, Kind kind)
    {
        using var ring = new SeamRing(engine, 16);
        Wait(ring, kind);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        var asked = new SyncCancelReg { Addr = 1, Fd = -1 };
        (asked.Timeout.TvSec, asked.Timeout.TvNsec) = (-1, -1);
        Assert.Equal(1, ring.RegisterBy(RegisterOp.RegisterSyncCancel, asked));
        Assert.Equal(-Errno.ECANCELED, ring.Take().Res);
    }

    private ref Sqe Wait(SeamRing ring, Kind kind)
    {
        const int ProcessId = 1, Exited = 4, Stopped = 2;
        ref Sqe sqe = ref ring.Next();
        switch (kind)
        {
            case Kind.Futex:
                sqe.PrepareFutexWait(_memory.Address, 0);
                break;
            case Kind.Futexes:
                const uint Flags = SqePreparation.Futex32 | SqePreparation.FutexPrivate;
                _memory.Put(64, new FutexWaitv { Uaddr = _memory.Address, Flags = Flags });
                sqe.PrepareFutexWaitv(_memory.At(64), 1);
                break;
            default:
                sqe.PrepareWaitid(ProcessId, _child.Id, 0, kind == Kind.ChildsEnd ? Exited : Stopped);
                break;
        }

        sqe.UserData = 1;
        return ref sqe;
    }

    public enum Kind
    {
        Futex,
        Futexes,
        ChildsEnd,
        ChildsStop,
    }
}
