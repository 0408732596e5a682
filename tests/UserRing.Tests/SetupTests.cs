using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>io_uring_setup: sizes, flags, refusals and their order.</summary>
public sealed unsafe class SetupTests
{
    [Theory, EveryEngine]
    public void A_ring_descriptor_is_open_and_closed_on_exec(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(Libc.FD_CLOEXEC, Libc.Fcntl(ring.Descriptor, Libc.F_GETFD, 0));
        Assert.Equal(Libc.O_RDWR, Libc.Fcntl(ring.Descriptor, Libc.F_GETFL, 0) & Libc.O_ACCMODE);
    }

    [Theory]
    [EveryEngine(1u, 1u, 2u)]
    [EveryEngine(5u, 8u, 16u)]
    [EveryEngine(64u, 64u, 128u)]
    [EveryEngine(32768u, 32768u, 65536u)]
    public void Sizes_are_rounded_up_and_the_cq_is_twice_the_sq(string engine, uint entries, uint sq, uint cq)
    {
        using var ring = new SeamRing(engine, entries);
        Assert.Equal((sq, cq), (ring.SqEntries, ring.CqEntries));
        Assert.Equal((sq, sq - 1), (ring.Word(ring.Params.SqOff.RingEntries), ring.Word(ring.Params.SqOff.RingMask)));
        Assert.Equal((cq, cq - 1), (ring.Word(ring.Params.CqOff.RingEntries), ring.Word(ring.Params.CqOff.RingMask)));
    }

    [Theory]
    [EveryEngine(8u, 8u, 8u)]
    [EveryEngine(5u, 5u, 8u)]
    [EveryEngine(8u, 7u, 8u)]
    [EveryEngine(8u, 9u, 16u)]
    [EveryEngine(1u, 65536u, 65536u)]
    public void A_cq_size_of_its_own_is_rounded_up(string engine, uint entries, uint asked, uint cq)
    {
        using var ring = new SeamRing(engine, entries, cqEntries: asked);
        Assert.Equal(cq, ring.CqEntries);
    }

    [Theory]
    [EveryEngine(8u, 4u, 0)]
    [EveryEngine(8u, 4u, (int)SetupFlags.Clamp)]
    [EveryEngine(1u, 65537u, 0)]
    public void A_cq_that_is_too_small_or_too_large_is_refused(string engine, uint entries, uint asked, int flags)
    {
        RingParams parameters = SeamRing.Parameters((SetupFlags)flags, asked);
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, entries, ref parameters));
    }

    [Theory, EveryEngine]
    public void A_cq_size_of_zero_is_refused(string engine)
    {
        RingParams parameters = new() { Flags = SetupFlags.CqSize };
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, 4, ref parameters));
    }

    [Theory, EveryEngine]
    public void Cq_entries_without_the_flag_are_ignored(string engine)
    {
        RingParams parameters = new() { CqEntries = 777 };
        Assert.Equal(0, SeamRing.TrySetup(engine, 4, ref parameters));
        Assert.Equal(8u, parameters.CqEntries);
    }

    [Theory]
    [EveryEngine(32769u, 0u)]
    [EveryEngine(uint.MaxValue, 0u)]
    public void Clamp_reduces_what_is_too_large(string engine, uint entries, uint cqEntries)
    {
        RingParams parameters = SeamRing.Parameters(SetupFlags.Clamp, cqEntries);
        Assert.Equal(0, SeamRing.TrySetup(engine, entries, ref parameters));
        Assert.Equal((32768u, 65536u), (parameters.SqEntries, parameters.CqEntries));
        parameters = SeamRing.Parameters(SetupFlags.Clamp, 65537);
        Assert.Equal(0, SeamRing.TrySetup(engine, 1, ref parameters));
        Assert.Equal(65536u, parameters.CqEntries);
    }

    [Theory]
    [EveryEngine(0u, 0)]
    [EveryEngine(0u, (int)SetupFlags.Clamp)]
    [EveryEngine(32769u, 0)]
    [EveryEngine(uint.MaxValue, 0)]
    public void No_entries_or_too_many_are_refused(string engine, uint entries, int flags)
    {
        RingParams parameters = new() { Flags = (SetupFlags)flags };
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, entries, ref parameters));
    }

    [Theory]
    [EveryEngine(1, 0, 0)]
    [EveryEngine(0, 1, 0)]
    [EveryEngine(0, 0, 1)]
    public void A_reserved_word_is_refused(string engine, int first, int second, int third)
    {
        RingParams parameters = new() { Resv0 = (uint)first, Resv1 = (uint)second, Resv2 = (uint)third };
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, 4, ref parameters));
    }

    [Theory]
    [EveryEngine(1u << 31)]
    [EveryEngine(1u << 21)]
    [EveryEngine((1u << 31) | (uint)SetupFlags.Clamp)]
    [EveryEngine((uint)SetupFlags.SqAff)]
    [EveryEngine((uint)(SetupFlags.SqPoll | SetupFlags.CoopTaskrun))]
    [EveryEngine((uint)(SetupFlags.SqPoll | SetupFlags.CoopTaskrun | SetupFlags.TaskrunFlag))]
    [EveryEngine((uint)(SetupFlags.SqPoll | SetupFlags.TaskrunFlag))]
    [EveryEngine((uint)(SetupFlags.SqPoll | SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun))]
    [EveryEngine((uint)SetupFlags.TaskrunFlag)]
    [EveryEngine((uint)SetupFlags.DeferTaskrun)]
    public void Unknown_flags_and_bad_combinations_are_refused(string engine, uint flags)
    {
        RingParams parameters = new() { Flags = (SetupFlags)flags, Features = (RingFeatures)9 };
        RingParams before = parameters;
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(engine, 4, ref parameters));
        Assert.Equal(before, parameters);
    }

    [Theory]
    [EveryEngine((uint)(SetupFlags.TaskrunFlag | SetupFlags.CoopTaskrun))]
    [EveryEngine((uint)(SetupFlags.DeferTaskrun | SetupFlags.SingleIssuer))]
    [EveryEngine((uint)(SetupFlags.DeferTaskrun | SetupFlags.SingleIssuer | SetupFlags.TaskrunFlag))]
    [EveryEngine((uint)(SetupFlags.SubmitAll | SetupFlags.CoopTaskrun | SetupFlags.SingleIssuer))]
    [EveryEngine((uint)SetupFlags.RDisabled)]
    [EveryEngine((uint)SetupFlags.NoSqArray)]
    [EveryEngine((uint)SetupFlags.SqPoll)]
    [EveryEngine((uint)(SetupFlags.SqPoll | SetupFlags.SingleIssuer | SetupFlags.NoSqArray | SetupFlags.SubmitAll))]
    public void Good_combinations_are_accepted(string engine, uint flags)
    {
        RingParams parameters = new() { Flags = (SetupFlags)flags };
        Assert.Equal(0, SeamRing.TrySetup(engine, 4, ref parameters));
    }

    [Theory, EveryEngine]
    public void Unreadable_parameters_are_a_fault_before_anything_else(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        Assert.Equal(-Errno.EFAULT, made.Setup(4, 0));
        Assert.Equal(-Errno.EFAULT, made.Setup(4, TestMemory.Bad));
        Assert.Equal(-Errno.EFAULT, made.Setup(0, TestMemory.Bad));
        // A struct that ends on a bad page is read as far as it goes, and refused.
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EFAULT, made.Setup(4, memory.End - (nuint)sizeof(RingParams) + 4));
    }

    [Theory, EveryEngine]
    public void Parameters_that_cannot_be_written_are_a_fault(string engine) =>
        Assert.Equal(-Errno.EFAULT, TestEngines.Get(engine).Setup(4, TestMemory.ReadOnly));

    [Theory, EveryEngine]
    public void Parameters_may_end_where_their_page_ends(string engine)
    {
        using var memory = new TestMemory();
        IRingEngine made = TestEngines.Get(engine);
        int ring = made.Setup(4, memory.End - (nuint)sizeof(RingParams));
        Assert.InRange(ring, 0, int.MaxValue);
        Assert.Equal(0, made.Release(ring));
    }

    [Theory, EveryEngine]
    public void Output_fields_are_ignored_as_input_and_written_whole(string engine)
    {
        RingParams parameters = default;
        new Span<byte>(&parameters, sizeof(RingParams)).Fill(0xEE);
        (parameters.Flags, parameters.SqThreadCpu, parameters.SqThreadIdle) = (0, 0, 0);
        (parameters.Resv0, parameters.Resv1, parameters.Resv2) = (0, 0, 0);
        Assert.Equal(0, SeamRing.TrySetup(engine, 4, ref parameters));
        Assert.Equal((4u, 8u), (parameters.SqEntries, parameters.CqEntries));
        Assert.Equal((0u, 0ul), (parameters.SqOff.Resv1, parameters.SqOff.UserAddr));
        Assert.Equal((0u, 0ul), (parameters.CqOff.Resv1, parameters.CqOff.UserAddr));
        Assert.NotEqual((RingFeatures)0xEEEEEEEE, parameters.Features);
    }

    [Theory, EveryEngine]
    public void Without_an_index_array_its_offset_is_zero(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.NoSqArray);
        Assert.Equal(0u, ring.Params.SqOff.Array);
    }

    [Theory, EveryEngine]
    public void Areas_start_zeroed(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        SqRingOffsets sq = ring.Params.SqOff;
        CqRingOffsets cq = ring.Params.CqOff;
        foreach (uint offset in new[] { sq.Head, sq.Tail, sq.Flags, sq.Dropped, cq.Head, cq.Tail, cq.Overflow, cq.Flags })
            Assert.Equal(0u, ring.Word(offset));
        for (uint i = 0; i < ring.SqEntries; i++)
            Assert.Equal(default, ring.SqeAt(i));
        for (uint i = 0; i < ring.CqEntries * (uint)sizeof(Cqe) / sizeof(uint); i++)
            Assert.Equal(0u, ring.Word(cq.Cqes + i * sizeof(uint)));
    }

    [Fact]
    public void The_managed_engine_reports_what_it_honours()
    {
        using var ring = new SeamRing(TestEngines.Managed);
        Assert.Equal(Engine.Managed.ManagedEngine.SupportedFeatures, ring.Params.Features);
        Assert.Equal((RingFeatures)0x3FFFF, ring.Params.Features); // all that Linux 6.18 has
    }

    [Theory, EveryEngine]
    public void A_released_descriptor_is_no_ring(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Release());
        Assert.Equal(-Errno.EBADF, ring.Enter());
        Assert.Equal(-Errno.EBADF, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(-Errno.EBADF, ring.Engine.Release(ring.Descriptor));
    }
}
