using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The checks that all operations share, and their order.</summary>
public sealed class AnySqeTests
{
    private const SqeFlags Undefined = (SqeFlags)0x80;

    [Theory]
    [EveryEngine(63)]
    [EveryEngine(64)]
    [EveryEngine(255)]
    public void An_unknown_operation_is_refused(string engine, int opcode)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = (Opcode)opcode }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = (Opcode)opcode, Flags = SqeFlags.BufferSelect }));
    }

    [Theory, EveryEngine]
    public void An_undefined_flag_is_refused_before_one_that_does_not_fit(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = Undefined }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = Undefined | SqeFlags.BufferSelect }));
    }

    [Theory]
    [EveryEngine(Opcode.Fsync)]
    [EveryEngine(Opcode.Write)]
    [EveryEngine(Opcode.ReadFixed)]
    [EveryEngine(Opcode.AsyncCancel)]
    public void Buffer_selection_where_there_is_none_is_refused(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Do(new Sqe { Opcode = opcode, Flags = SqeFlags.BufferSelect, IoPrio = 1, Fd = -1 }));
    }

    [Theory]
    [EveryEngine(Opcode.Nop)]
    [EveryEngine(Opcode.Fsync)]
    [EveryEngine(Opcode.PollAdd)]
    [EveryEngine(Opcode.AsyncCancel)]
    public void A_priority_where_there_is_none_is_refused(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = opcode, IoPrio = 1, Fd = TestDescriptor.Closed }));
    }

    [Theory]
    [EveryEngine(Opcode.Nop)]
    [EveryEngine(Opcode.Read)]
    public void An_unknown_personality_is_refused_before_the_descriptor_is_looked_at(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = opcode, Personality = 77, Fd = TestDescriptor.Closed }));
    }

    [Theory]
    [EveryEngine(Opcode.Read)]
    [EveryEngine(Opcode.Write)]
    [EveryEngine(Opcode.Readv)]
    [EveryEngine(Opcode.Writev)]
    [EveryEngine(Opcode.ReadFixed)]
    [EveryEngine(Opcode.WriteFixed)]
    [EveryEngine(Opcode.ReadvFixed)]
    [EveryEngine(Opcode.WritevFixed)]
    [EveryEngine(Opcode.Fsync)]
    [EveryEngine(Opcode.PollAdd)]
    public void A_descriptor_that_is_not_open_is_refused(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor path = TestDescriptor.Open("/dev/null", Libc.O_PATH);
        foreach (int descriptor in new[] { TestDescriptor.Closed, -1, int.MinValue, int.MaxValue, path.Number })
            Assert.Equal((descriptor, -Errno.EBADF), (descriptor, ring.Do(new Sqe { Opcode = opcode, Fd = descriptor })));
    }

    [Theory, EveryEngine]
    public void A_bad_descriptor_wins_over_a_bad_buffer_and_loses_to_bad_fields(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EBADF, ring.Do(new Sqe { Opcode = Opcode.Read, Fd = TestDescriptor.Closed, Addr = TestMemory.Bad, Len = 10 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Fsync, Fd = TestDescriptor.Closed, FsyncFlags = (FsyncFlags)2 }));
        Assert.Equal(-Errno.EBADF, ring.Do(new Sqe { Opcode = Opcode.ReadFixed, Fd = TestDescriptor.Closed, BufIndex = 9 }));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(2)]
    [EveryEngine(1)]
    [EveryEngine(-1)]
    [EveryEngine(int.MaxValue)]
    public void A_registered_file_that_is_not_there_is_refused(string engine, int index)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        var sqe = new Sqe { Opcode = Opcode.Read, Flags = SqeFlags.FixedFile, Fd = index };
        Assert.Equal(-Errno.EBADF, ring.Do(sqe));
        Assert.Equal(0, ring.RegisterFiles(file, -1));
        Assert.Equal(index == 0 ? 0 : -Errno.EBADF, ring.Do(sqe));
    }

    [Theory, EveryEngine]
    public void A_registered_file_is_read_by_its_index(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("0123456789");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(-1, file));
        file.Close();
        ring.Next().PrepareRead(1, memory.Address, 100, 4).Flags = SqeFlags.FixedFile;
        Assert.Equal(6, ring.Result());
        Assert.Equal("456789"u8, memory[..6]);
    }

    [Theory, EveryEngine]
    public void Operations_without_a_file_ignore_descriptor_and_fixed_flag(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, Flags = SqeFlags.FixedFile, Fd = 55 }));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Nop, Fd = -1, Addr = 7, Off = 9, Len = 3 }));
    }

    [Theory]
    [EveryEngine(Opcode.Nop, 0)]
    [EveryEngine(Opcode.Read, 3)]
    [EveryEngine(Opcode.Write, 3)]
    [EveryEngine(Opcode.Fsync, 0)]
    public void Asked_for_a_worker_the_answer_is_the_same(string engine, Opcode opcode, int expected)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abcdef");
        using var memory = new TestMemory();
        bool transfers = opcode is Opcode.Read or Opcode.Write;
        var sqe = new Sqe { Opcode = opcode, Flags = SqeFlags.Async, Fd = file, UserData = 5 };
        if (transfers)
            (sqe.Addr, sqe.Len) = (memory.Address, 3);
        Assert.Equal(expected, ring.Do(sqe));
        sqe.Fd = TestDescriptor.Closed;
        Assert.Equal(opcode == Opcode.Nop ? 0 : -Errno.EBADF, ring.Do(sqe));
    }

    [Theory, EveryEngine]
    public void Every_operation_of_the_abi_answers_something(string engine)
    {
        using var ring = new SeamRing(engine);
        for (int opcode = 0; opcode < 256; opcode++)
        {
            if ((Opcode)opcode is Opcode.Nop or Opcode.Fsync)
                continue;
            // Nothing but the number: no operation may take that for a request that waits.
            ring.Next((ulong)opcode) = new Sqe { Opcode = (Opcode)opcode, Fd = -1, UserData = (ulong)opcode };
            Assert.Equal(1, ring.Submit());
            Assert.Equal((ulong)opcode, ring.Take().UserData);
            ring.TakeReady(); // zero-copy sends complete twice
        }
    }

    [Fact]
    public void Operations_that_the_managed_engine_lacks_are_refused_as_if_compiled_out()
    {
        using var ring = new SeamRing(TestEngines.Managed);
        for (int opcode = 0; opcode < 63; opcode++)
        {
            if (!Engine.Managed.ManagedEngine.Supports((Opcode)opcode))
                Assert.Equal(-Errno.EOPNOTSUPP, ring.Do(new Sqe { Opcode = (Opcode)opcode, Fd = -1 }));
        }
    }
}
