using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The three areas, mapped by their magic offsets.</summary>
public sealed unsafe class MappingTests
{
    private const int ReadWrite = Libc.PROT_READ | Libc.PROT_WRITE;
    private const int Shared = Libc.MAP_SHARED | Libc.MAP_POPULATE;

    [Theory, EveryEngine]
    public void Each_area_can_be_mapped_by_its_own_offset(string engine)
    {
        using var ring = new SeamRing(engine);
        RingParams p = ring.Params;
        Unmapped(Map(ring, p.SqOff.Array + 4 * p.SqEntries, MmapOffsets.SqRing), p.SqOff.Array + 4 * p.SqEntries);
        Unmapped(Map(ring, p.CqOff.Cqes + 16 * p.CqEntries, MmapOffsets.CqRing), p.CqOff.Cqes + 16 * p.CqEntries);
        Unmapped(Map(ring, 64 * p.SqEntries, MmapOffsets.Sqes), 64 * p.SqEntries);
    }

    [Theory, EveryEngine]
    public void Mappings_of_both_rings_show_the_same_memory(string engine)
    {
        using var ring = new SeamRing(engine);
        RingParams p = ring.Params;
        uint length = p.CqOff.Cqes + 16 * p.CqEntries;
        nint second = Map(ring, length, MmapOffsets.CqRing);
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Submit());
        Assert.Equal(2u, *(uint*)(second + p.CqOff.Tail));
        Assert.Equal(2ul, ((Cqe*)(second + p.CqOff.Cqes))[1].UserData);
        *(uint*)(second + p.CqOff.Head) = 1;
        Assert.Equal(1u, ring.Ready);
        Unmapped(second, length);
    }

    [Theory]
    [EveryEngine(0x40000000ul)]
    [EveryEngine(0x20000000ul)]
    [EveryEngine(MmapOffsets.PbufRing)]
    public void Other_offsets_are_refused(string engine, ulong offset)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENOMEM, (int)Map(ring, 4096, offset));
    }

    [Theory, EveryEngine]
    public void An_address_of_the_programs_choice_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, (int)ring.Engine.Map(ring.Descriptor, memory.Address, 4096, ReadWrite, Shared, MmapOffsets.SqRing));
    }

    [Theory, EveryEngine]
    public void Sqes_must_be_mapped_whole_and_a_prefix_of_the_ring_will_do(string engine)
    {
        using var ring = new SeamRing(engine, 4096);
        Assert.Equal(-Errno.EFAULT, (int)Map(ring, 4096, MmapOffsets.Sqes));
        Unmapped(Map(ring, 4096, MmapOffsets.SqRing), 4096);
    }

    [Theory]
    [EveryEngine(MmapOffsets.SqRing)]
    [EveryEngine(MmapOffsets.Sqes)]
    public void A_mapping_may_be_longer_than_its_area(string engine, ulong offset)
    {
        using var ring = new SeamRing(engine);
        Unmapped(Map(ring, 1 << 20, offset), 1 << 20);
    }

    [Theory, EveryEngine]
    public void Low_bits_of_the_offset_are_ignored(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.SqeAt(0).UserData = 0x1234;
        nint at = Map(ring, 64 * 8, MmapOffsets.Sqes + 4096);
        Assert.Equal(0x1234ul, ((Sqe*)at)->UserData);
        Unmapped(at, 64 * 8);
    }

    [Theory, EveryEngine]
    public void A_private_read_only_mapping_is_allowed(string engine)
    {
        using var ring = new SeamRing(engine);
        nint at = ring.Engine.Map(ring.Descriptor, 0, 4096, Libc.PROT_READ, Libc.MAP_PRIVATE, MmapOffsets.SqRing);
        Unmapped(at, 4096);
    }

    [Theory, EveryEngine]
    public void Only_rings_can_be_mapped(string engine)
    {
        IRingEngine made = TestEngines.Get(engine);
        using TestDescriptor notARing = TestDescriptor.EventFd();
        Assert.Equal(-Errno.EBADF, (int)made.Map(TestDescriptor.Closed, 0, 4096, ReadWrite, Shared, MmapOffsets.SqRing));
        Assert.Equal(-Errno.EBADF, (int)made.Map(-1, 0, 4096, ReadWrite, Shared, MmapOffsets.SqRing));
        Assert.Equal(-Errno.ENODEV, (int)made.Map(notARing, 0, 4096, ReadWrite, Shared, MmapOffsets.SqRing));
    }

    [Theory, EveryEngine]
    public void Mappings_outlive_the_ring(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(7);
        ring.Submit();
        ring.Release();
        Assert.Equal(7ul, ring.Take().UserData);
    }

    [Theory, EveryEngine]
    public void A_program_that_unmaps_its_areas_can_still_call(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1, 2, 3);
        ring.Publish();
        ring.Unmap();
        Assert.Equal(3, ring.Engine.Enter(ring.Descriptor, 3, 3, EnterFlags.GetEvents, 0, 0));
    }

    private static nint Map(SeamRing ring, uint length, ulong offset) =>
        ring.Engine.Map(ring.Descriptor, 0, length, ReadWrite, Shared, offset);

    private static void Unmapped(nint address, uint length)
    {
        Assert.False(address is < 0 and > -4096, $"mmap: {Errno.Name((int)-address)}");
        Assert.Equal(0, Libc.Munmap((nuint)address, length));
    }
}
