using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>NOP and what its flags ask for.</summary>
public sealed class NopTests
{
    [Theory, EveryEngine]
    public void It_completes_with_zero_and_no_flags(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Next().PrepareNop().UserData = 42;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((42ul, 0, CqeFlags.None), (cqe.UserData, cqe.Res, cqe.Flags));
    }

    [Theory]
    [EveryEngine(77)]
    [EveryEngine(-5)]
    [EveryEngine(int.MinValue)]
    public void A_result_can_be_injected(string engine, int result)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(result, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.InjectResult, Len = (uint)result }));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, Len = (uint)result }));
    }

    [Theory, EveryEngine]
    public void Unknown_flags_and_large_completions_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = (NopFlags)(1 << 10) }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.Cqe32 }));
    }

    [Theory, EveryEngine]
    public void A_file_is_looked_up_if_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("x");
        const NopFlags Fixed = NopFlags.File | NopFlags.FixedFile;
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.File, Fd = file }));
        Assert.Equal(-Errno.EBADF, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.File, Fd = TestDescriptor.Closed }));
        Assert.Equal(-Errno.EBADF, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = Fixed, Fd = 0 }));
        Assert.Equal(0, ring.RegisterFiles(file));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = Fixed, Fd = 0 }));
        Assert.Equal(-Errno.EBADF, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = Fixed, Fd = 1 }));
    }

    [Theory, EveryEngine]
    public void A_registered_buffer_is_looked_up_if_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        var sqe = new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.FixedBuffer };
        Assert.Equal(-Errno.EFAULT, ring.Do(sqe));
        Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
        Assert.Equal(0, ring.Do(sqe));
        Assert.Equal(-Errno.EFAULT, ring.Do(sqe with { BufIndex = 1 }));
        Assert.Equal(0, ring.Do(sqe with { BufIndex = 1, NopFlags = NopFlags.None }));
    }

    [Theory, EveryEngine]
    public void Through_task_work_it_completes_as_well(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.TaskWork }));
    }

    [Theory, EveryEngine]
    public void A_batch_of_any_size_completes_in_order(string engine)
    {
        using var ring = new SeamRing(engine, 1024);
        for (ulong i = 0; i < 1024; i++)
            ring.Nops(i);
        Assert.Equal(1024, ring.Submit());
        Assert.Equal(1024u, ring.Ready);
        for (ulong i = 0; i < 1024; i++)
            Assert.Equal(i, ring.Take().UserData);
    }
}
