using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Rings that poll their device (IOPOLL): what they take, and when completions become visible.</summary>
public sealed class IoPollTests
{
    [Theory]
    [EveryEngine(SetupFlags.IoPoll)]
    [EveryEngine(SetupFlags.IoPoll | SetupFlags.HybridIoPoll)]
    public void Buffered_transfers_and_files_without_a_device_are_refused(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, 8, flags);
        using TestFile file = TestFile.Numbered(4096);
        using TestDescriptor nowhere = TestDescriptor.Open("/dev/null", Libc.O_RDWR);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        foreach (int descriptor in new int[] { file, nowhere, pipe.ReadEnd })
        {
            ring.Next().PrepareRead(descriptor, memory.Address, 512, 0);
            Assert.Equal(1, ring.Submit());
            Assert.Equal(-Errno.EOPNOTSUPP, ring.Take().Res);
        }
    }

    [Theory, EveryEngine]
    public void Operations_that_do_not_poll_are_refused_in_preparation(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.IoPoll);
        using var pipe = new TestPipe();
        foreach (Opcode operation in new[] { Opcode.Fsync, Opcode.PollAdd, Opcode.AsyncCancel, Opcode.Close, Opcode.Send })
        {
            ring.Next() = new Sqe { Opcode = operation, Fd = pipe.ReadEnd };
            ring.Nops(2);
            Assert.Equal(1, ring.Submit());
            Assert.Equal(-Errno.EINVAL, ring.Take().Res);
            Assert.Equal(1, ring.Submit());
            Assert.Equal((2ul, 0), (ring.SeeFirst().UserData, ring.Take().Res));
        }
    }

    [Theory, EveryEngine]
    public void A_direct_write_that_the_device_cannot_be_polled_for_is_done_all_the_same(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.IoPoll);
        using TestFile file = TestFile.Numbered(8192);
        using TestDescriptor direct = file.Again(Libc.O_RDWR | Libc.O_DIRECT);
        using var memory = new TestMemory(4096);
        memory.Bytes.Fill(7);
        ring.Next().PrepareWrite(direct, memory.Address, 4096, 4096);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(4096, ring.Take().Res);
        Assert.Equal(7, file.Content()[^1]);
    }

    [Theory, EveryEngine]
    public void A_wait_with_nothing_under_way_ends_at_once(string engine)
    {
        using var ring = new SeamRing(engine, 8, SetupFlags.IoPoll);
        Assert.Equal(0, ring.Enter(0, 1, EnterFlags.GetEvents));
    }

    [Fact]
    public void Hybrid_polling_without_polling_is_refused()
    {
        foreach (string engine in new[] { TestEngines.Kernel, TestEngines.Managed })
        {
            RingParams parameters = SeamRing.Parameters(SetupFlags.HybridIoPoll);
            Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, 8, ref parameters));
        }
    }
}
