using System.Text;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>SYNC_CANCEL: cancels that return when the request has ended.</summary>
public sealed unsafe class RegisterCancelTests
{
    private static readonly KernelTimespec Never = new() { TvSec = -1, TvNsec = -1 };

    [Theory, EveryEngine]
    public void Arguments_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        SyncCancelReg good = new() { Addr = 5, Timeout = Never };
        Assert.Equal(-Errno.ENOENT, Cancel(ring, good));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterSyncCancel, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterSyncCancel, good, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterSyncCancel, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EINVAL, Cancel(ring, good with { Flags = (CancelFlags)(1 << 6) }));
        Assert.Equal(-Errno.EINVAL, Cancel(ring, good with { Pad2_2 = 1 }));
        SyncCancelReg padded = good;
        padded.Pad[6] = 1;
        Assert.Equal(-Errno.EINVAL, Cancel(ring, padded));
        Assert.Equal(0, Cancel(ring, good with { Flags = CancelFlags.All | CancelFlags.Any }));
        Assert.Equal(0, Cancel(ring, good with { Flags = CancelFlags.All }));
    }

    [Theory, EveryEngine]
    public void Files_have_to_be_there(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        SyncCancelReg byFile = new() { Fd = TestDescriptor.Closed, Flags = CancelFlags.Fd, Timeout = Never };
        Assert.Equal(-Errno.EBADF, Cancel(ring, byFile));
        Assert.Equal(-Errno.ENOENT, Cancel(ring, byFile with { Fd = file }));
        SyncCancelReg bySlot = byFile with { Fd = 0, Flags = CancelFlags.Fd | CancelFlags.FdFixed };
        Assert.Equal(-Errno.EBADF, Cancel(ring, bySlot));
        Assert.Equal(0, ring.RegisterFiles(file, -1));
        Assert.Equal(-Errno.ENOENT, Cancel(ring, bySlot));
        Assert.Equal(-Errno.EBADF, Cancel(ring, bySlot with { Fd = 1 }));
    }

    [Theory, EveryEngine]
    public void A_waiting_request_is_cancelled(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        Read(ring, pipe, memory, 1);
        Read(ring, pipe, memory, 2);
        Read(ring, pipe, memory, 3);
        Assert.Equal(0, Cancel(ring, new SyncCancelReg { Addr = 2, Timeout = Never }));
        Assert.Equal((2ul, -Errno.ECANCELED), Taken(ring));
        Assert.Equal(2, Cancel(ring, new SyncCancelReg { Flags = CancelFlags.All | CancelFlags.Any, Timeout = Never }));
        Assert.Equal([1ul, 3ul], ring.Take(2).Select(cqe => cqe.UserData).Order());
    }

    [Theory, EveryEngine]
    public void Requests_are_found_by_file_slot_and_operation(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd, other.ReadEnd));
        Read(ring, pipe, memory, 1);
        Read(ring, other, memory, 2);
        Assert.Equal(-Errno.ENOENT, Cancel(ring, new SyncCancelReg
        {
            Fd = pipe.ReadEnd, Flags = CancelFlags.Fd | CancelFlags.Op, Opcode = Opcode.Write, Timeout = Never,
        }));
        Assert.Equal(0, Cancel(ring, new SyncCancelReg
        {
            Fd = pipe.ReadEnd, Flags = CancelFlags.Fd | CancelFlags.Op, Opcode = Opcode.Read, Timeout = Never,
        }));
        Assert.Equal((1ul, -Errno.ECANCELED), Taken(ring));
        Assert.Equal(0, Cancel(ring, new SyncCancelReg { Fd = 1, Flags = CancelFlags.Fd | CancelFlags.FdFixed, Timeout = Never }));
        Assert.Equal((2ul, -Errno.ECANCELED), Taken(ring));
    }

    [Theory, EveryEngine]
    public void What_is_being_executed_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var path = new TestMemory();
        string fifo = Path.Combine(Path.GetTempPath(), "uring-" + Guid.NewGuid().ToString("N"));
        Assert.Equal(0, TestLibc.MakeFifo(fifo));
        Encoding.UTF8.GetBytes(fifo).CopyTo(path.Bytes);
        int ended = 0;
        do
        {
            ring.Next() = new Sqe { Opcode = Opcode.Openat, Fd = -100, Addr = path.Address, Flags = SqeFlags.Async, UserData = 7 };
            Assert.Equal(1, ring.Submit());
        }
        while (!ring.StaysQuiet() && EndedByItself(ring, engine, ref ended)); // a worker waits for the other end of the FIFO

        // A signal of the runtime's ends this thread's wait as well; what was asked for has been done then.
        SyncCancelReg asked = new() { Addr = 7, Timeout = new KernelTimespec { TvSec = 10 } };
        int first = Cancel(ring, asked), result = first;
        while (result == -Errno.EINTR)
            result = Cancel(ring, asked);
        Assert.True(result == 0 || result == -Errno.ENOENT && first == -Errno.EINTR, $"{result}, at first {first}");
        Assert.Equal(1u, ring.Ready); // what it waited for is there when it returns
        Cqe cqe = ring.Take();
        Assert.Equal(7ul, cqe.UserData);
        Assert.True(cqe.Res < 0, "the open went through");
        File.Delete(fifo);
    }

    /// <summary>The kernel's workers are its own, and what wakes them for another purpose ends their call; ours repeat it.</summary>
    private static bool EndedByItself(SeamRing ring, string engine, ref int times)
    {
        int result = ring.Take().Res;
        Assert.True(engine == TestEngines.Kernel && result is -Errno.EINTR or -512 && ++times < 5, $"the open ended with {result}");
        return true;
    }

    [Theory, EveryEngine]
    public void A_restricted_ring_may_forbid_it(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        Restriction onlyProbe = new() { Opcode = RestrictionOp.RegisterOp, RegisterOp = (byte)RegisterOp.RegisterProbe };
        Assert.Equal(0, ring.Register(RegisterOp.RegisterRestrictions, (nuint)(&onlyProbe), 1));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        Assert.Equal(-Errno.EACCES, Cancel(ring, new SyncCancelReg { Timeout = Never }));
    }

    private static void Read(SeamRing ring, TestPipe pipe, TestMemory memory, ulong userData)
    {
        ring.Next() = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.Address, Len = 8, UserData = userData };
        Assert.Equal(1, ring.Submit());
    }

    private static (ulong UserData, int Result) Taken(SeamRing ring)
    {
        Cqe cqe = ring.Take();
        return (cqe.UserData, cqe.Res);
    }

    private static int Cancel(SeamRing ring, SyncCancelReg asked) => ring.RegisterBy(RegisterOp.RegisterSyncCancel, asked);
}
