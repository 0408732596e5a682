using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Rings in memory that the program brings along, and rings that have no descriptor.</summary>
public sealed unsafe class NoMmapTests
{
    [Theory, EveryEngine]
    public void A_ring_works_in_the_programs_memory(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        using var rings = new TestMemory();
        using var sqes = new TestMemory();
        rings.Bytes.Fill(0xFF);
        sqes.Bytes.Fill(0xEE);
        RingParams parameters = Parameters(rings.Address, sqes.Address);
        int number = made.Setup(4, (nuint)(&parameters));
        Assert.True(number >= 0, Errno.Name(-number));
        Assert.Equal((rings.Address, sqes.Address), ((nuint)parameters.CqOff.UserAddr, (nuint)parameters.SqOff.UserAddr));
        var ring = new RawRing(made, number, parameters, rings.Address, sqes.Address);
        Assert.Equal((0u, 0u, 0u, 0u), (ring.SqHead, ring.SqTail, ring.CqHead, ring.CqTail));
        Assert.Equal((0xFF, 0xEE), (rings.Bytes[4095], sqes.Bytes[0])); // only the header is written
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.Enter(3));
        Assert.Equal([1ul, 2ul, 3ul], ring.Take());
        Assert.Equal(-Errno.ENOMEM, made.Map(number, 0, 4096, Libc.PROT_READ, Libc.MAP_SHARED, MmapOffsets.SqRing));
        Assert.Equal(-Errno.ENOMEM, made.Map(number, 0, 4096, Libc.PROT_READ, Libc.MAP_SHARED, MmapOffsets.Sqes));
        Assert.Equal(0, made.Release(number));
        rings.Bytes.Fill(1); // it is the program's still
    }

    [Theory, EveryEngine]
    public void No_more_memory_is_used_than_linux_needs(string engine)
    {
        // Programs reckon with 64 bytes before the CQEs.
        IRingEngine made = TestEngines.Get(engine);
        using var rings = new TestMemory(2 * 4096);
        using var sqes = new TestMemory(256 * 64);
        RingParams parameters = Parameters(rings.Address, sqes.Address, SetupFlags.CqSize);
        parameters.CqEntries = 256;
        int number = made.Setup(256, (nuint)(&parameters));
        Assert.True(number >= 0, Errno.Name(-number));
        Assert.InRange(parameters.CqOff.Cqes, 1u, 64u);
        Assert.InRange(parameters.SqOff.Array + 256u * 4, 1u, 64u + 256 * 16 + 256 * 4);
        Assert.Equal(0, made.Release(number));
    }

    [Theory, EveryEngine]
    public void Addresses_are_checked(string engine)
    {
        using var memory = new TestMemory();
        using var other = new TestMemory();
        using var readOnly = new TestMemory();
        Assert.Equal(0, Libc.Mprotect(readOnly.Address, 4096, Libc.PROT_READ));
        nuint good = memory.Address, bad = TestMemory.Bad;
        Assert.Equal(-Errno.EFAULT, Setup(engine, 0, 0));
        Assert.Equal(-Errno.EFAULT, Setup(engine, 0, good));
        Assert.Equal(-Errno.EFAULT, Setup(engine, good, 0));
        Assert.Equal(-Errno.EINVAL, Setup(engine, good + 64, other.Address));
        Assert.Equal(-Errno.EINVAL, Setup(engine, good, other.Address + 64));
        Assert.Equal(-Errno.EFAULT, Setup(engine, bad, good));
        Assert.Equal(-Errno.EFAULT, Setup(engine, good, bad));
        Assert.Equal(-Errno.EFAULT, Setup(engine, (nuint)1 << 63, good));
        Assert.Equal(-Errno.EOVERFLOW, Setup(engine, nuint.MaxValue << 12, good));
        Assert.Equal(-Errno.EFAULT, Setup(engine, readOnly.Address, good));
        Assert.Equal(-Errno.EFAULT, Setup(engine, good, other.Address, entries: 256)); // one page does not hold them
        Assert.Equal(-Errno.EINVAL, Setup(engine, good, other.Address, flags: SetupFlags.RegisteredFdOnly));
        Assert.Equal(0, Setup(engine, good, other.Address, flags: SetupFlags.NoMmap));
    }

    [Theory, EveryEngine]
    public void A_ring_without_a_descriptor_is_named_by_its_index(string engine) => OnThread(() =>
    {
        IRingEngine made = TestEngines.Get(engine);
        using var rings = new TestMemory();
        using var sqes = new TestMemory();
        RingParams parameters = Parameters(rings.Address, sqes.Address, SetupFlags.RegisteredFdOnly);
        Assert.Equal(0, made.Setup(4, (nuint)(&parameters)));
        var ring = new RawRing(made, 0, parameters, rings.Address, sqes.Address, EnterFlags.RegisteredRing);
        ring.Nops(1);
        Assert.Equal(1, ring.Enter(1));
        Assert.Equal([1ul], ring.Take());
        const RegisterOp ByIndex = RegisterOp.RegisterUseRegisteredRing;
        Assert.Equal(1, made.Register(0, RegisterOp.RegisterPersonality | ByIndex, 0, 0));
        RsrcUpdate first = default;
        Assert.Equal(1, made.Register(0, RegisterOp.UnregisterRingFds | ByIndex, (nuint)(&first), 1));
        Assert.Equal(-Errno.EBADF, ring.Enter(0));
    });

    [Theory, EveryEngine]
    public void There_are_sixteen_indices(string engine) => OnThread(() =>
    {
        IRingEngine made = TestEngines.Get(engine);
        using var memory = new TestMemory(34 * 4096);
        for (int i = 0; i <= 16; i++)
        {
            RingParams parameters = Parameters(memory.At(2 * i * 4096), memory.At((2 * i + 1) * 4096), SetupFlags.RegisteredFdOnly);
            Assert.Equal(i < 16 ? i : -Errno.EBUSY, made.Setup(4, (nuint)(&parameters)));
        }

        RingParams bad = Parameters(0, memory.Address, SetupFlags.RegisteredFdOnly);
        Assert.Equal(-Errno.EFAULT, made.Setup(4, (nuint)(&bad)));
        for (uint i = 0; i < 16; i++)
        {
            RsrcUpdate index = new() { Offset = i };
            Assert.Equal(1, made.Register((int)i, RegisterOp.UnregisterRingFds | RegisterOp.RegisterUseRegisteredRing, (nuint)(&index), 1));
        }
    });

    [Theory, EveryEngine]
    public void A_program_that_unmaps_its_memory_harms_nobody(string engine) => OnThread(() =>
    {
        IRingEngine made = TestEngines.Get(engine);
        var rings = new TestMemory();
        var sqes = new TestMemory();
        RingParams parameters = Parameters(rings.Address, sqes.Address);
        int number = made.Setup(4, (nuint)(&parameters));
        Assert.True(number >= 0, Errno.Name(-number));
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        var ring = new RawRing(made, number, parameters, rings.Address, sqes.Address);
        ring.Queue(new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.Address, Len = 8 });
        Assert.Equal(1, ring.Enter(1));
        rings.Dispose();
        sqes.Dispose();
        pipe.Write("abc");
        Assert.Equal(0, made.Enter(number, 0, 1, EnterFlags.GetEvents, 0, 0)); // the completion is there, where nobody sees it
        Assert.Equal(0, made.Enter(number, 1, 0, 0, 0, 0));
        Assert.Equal(0, made.Release(number));
    });

    [Theory, EveryEngine]
    public void A_resized_ring_moves_to_other_memory_of_the_program(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        using var memory = new TestMemory(4 * 4096);
        const SetupFlags Deferred = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.NoSqArray;
        RingParams parameters = Parameters(memory.At(0), memory.At(4096), Deferred);
        int number = made.Setup(4, (nuint)(&parameters));
        Assert.True(number >= 0, Errno.Name(-number));
        var ring = new RawRing(made, number, parameters, memory.At(0), memory.At(4096));
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Enter(2));
        RingParams resized = new() { SqEntries = 8 };
        Assert.Equal(-Errno.EFAULT, made.Register(number, RegisterOp.RegisterResizeRings, (nuint)(&resized), 1));
        resized = new RingParams { SqEntries = 8 };
        (resized.CqOff.UserAddr, resized.SqOff.UserAddr) = (memory.At(8192), memory.At(12288));
        Assert.Equal(0, made.Register(number, RegisterOp.RegisterResizeRings, (nuint)(&resized), 1));
        Assert.Equal((memory.At(8192), memory.At(12288)), ((nuint)resized.CqOff.UserAddr, (nuint)resized.SqOff.UserAddr));
        ring = new RawRing(made, number, resized, memory.At(8192), memory.At(12288));
        Assert.Equal([1ul, 2ul], ring.Take());
        ring.Nops(3, 4, 5, 6, 7, 8, 9, 10);
        Assert.Equal(8, ring.Enter(8));
        Assert.Equal(8, ring.Take().Length);
        Assert.Equal(0, made.Release(number));
    }

    private static void OnThread(Action body) => Assert.Equal(0, TestThread.Start(() =>
    {
        body();
        return 0;
    }).Answer);

    private static RingParams Parameters(nuint rings, nuint sqes, SetupFlags flags = 0)
    {
        RingParams parameters = new() { Flags = SetupFlags.NoMmap | flags };
        (parameters.CqOff.UserAddr, parameters.SqOff.UserAddr) = (rings, sqes);
        return parameters;
    }

    private static int Setup(string engine, nuint rings, nuint sqes, SetupFlags flags = SetupFlags.NoMmap, uint entries = 4)
    {
        RingParams parameters = Parameters(rings, sqes);
        parameters.Flags = flags;
        return SeamRing.TrySetup(engine, entries, ref parameters);
    }
}
