using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Buffer rings: registered, mapped, asked for their head, given up.</summary>
public sealed unsafe class RegisterBufferRingTests
{
    private static readonly BufReg Mapped = new() { RingEntries = 8, Bgid = 3, Flags = PbufRingFlags.Mmap };

    [Theory, EveryEngine]
    public void Arguments_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterPbufRing, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterPbufRing, Mapped, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterPbufRing, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EINVAL, Register(ring, Mapped with { RingEntries = 0 }));
        Assert.Equal(-Errno.EINVAL, Register(ring, Mapped with { RingEntries = 7 }));
        Assert.Equal(-Errno.EINVAL, Register(ring, Mapped with { RingEntries = 65536 }));
        Assert.Equal(-Errno.EINVAL, Register(ring, Mapped with { Flags = (PbufRingFlags)4 }));
        Assert.Equal(-Errno.EINVAL, Register(ring, Mapped with { MinLeft = 1 }));
        BufReg reserved = Mapped;
        reserved.Resv[4] = 1;
        Assert.Equal(-Errno.EINVAL, Register(ring, reserved));
        Assert.Equal(-Errno.ENOENT, Unregister(ring, 3));
    }

    [Theory, EveryEngine]
    public void Memory_of_the_program_is_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(8192);
        BufReg registration = new() { RingEntries = 8, Bgid = 3, RingAddr = memory.Address };
        Assert.Equal(-Errno.EFAULT, Register(ring, registration with { RingAddr = 0 }));
        Assert.Equal(-Errno.EINVAL, Register(ring, registration with { RingAddr = memory.Address + 16 }));
        Assert.Equal(-Errno.EFAULT, Register(ring, registration with { RingAddr = TestMemory.Bad }));
        Assert.Equal(-Errno.EFAULT, Register(ring, registration with { RingAddr = 1ul << 63 }));
        Assert.Equal(-Errno.EOVERFLOW, Register(ring, registration with { RingAddr = ulong.MaxValue << 12, RingEntries = 512 }));
        Assert.Equal(-Errno.EFAULT, Register(ring, registration with { RingEntries = 1024 })); // its end cannot be touched
        Assert.Equal(0, Register(ring, registration with { RingEntries = 512 }));
    }

    [Theory, EveryEngine]
    public void All_sizes_and_groups_are_accepted(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Register(ring, Mapped with { RingEntries = 1, Bgid = 0 }));
        Assert.Equal(0, Register(ring, Mapped with { RingEntries = 32768, Bgid = 65535 }));
        Assert.Equal(0, Register(ring, Mapped with { RingAddr = TestMemory.Bad, Bgid = 1 })); // an address means nothing here
        Assert.Equal(0, Register(ring, Mapped with { Flags = PbufRingFlags.Mmap | PbufRingFlags.Inc, MinLeft = 1, Bgid = 2 }));
    }

    [Theory, EveryEngine]
    public void A_group_is_there_once(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Register(ring, Mapped));
        Assert.Equal(-Errno.EEXIST, Register(ring, Mapped));
        Assert.Equal(0, Unregister(ring, 3));
        Assert.Equal(-Errno.ENOENT, Unregister(ring, 3));
        Assert.Equal(0, Register(ring, Mapped));
    }

    [Theory, EveryEngine]
    public void Unregistering_checks_its_argument(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Register(ring, Mapped));
        BufReg reserved = new() { Bgid = 3 };
        reserved.Resv[0] = 1;
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterPbufRing, reserved));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterPbufRing, new BufReg { Bgid = 3, Flags = PbufRingFlags.Mmap }));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.UnregisterPbufRing, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.UnregisterPbufRing, new BufReg { Bgid = 3 }, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.UnregisterPbufRing, TestMemory.Bad, 1));
        Assert.Equal(0, ring.RegisterBy(RegisterOp.UnregisterPbufRing, new BufReg { Bgid = 3, RingAddr = 5, RingEntries = 7 }));
    }

    [Theory, EveryEngine]
    public void Rings_and_lists_do_not_mix(string engine)
    {
        using var ring = new SeamRing(engine);
        Sqe provide = new() { Opcode = Opcode.ProvideBuffers, Fd = 1, Len = 8, BufGroup = 3 };
        Sqe remove = new() { Opcode = Opcode.RemoveBuffers, Fd = 1, BufGroup = 3 };
        Assert.Equal(0, ring.Do(provide));
        Assert.Equal(-Errno.EEXIST, Register(ring, Mapped));
        Assert.Equal(-Errno.EINVAL, Unregister(ring, 3));
        Assert.Equal(-Errno.EINVAL, Head(ring, 3));
        Assert.Equal(1, ring.Do(remove));
        Assert.Equal(0, Register(ring, Mapped)); // the list is empty: it gives way
        Assert.Equal(-Errno.EINVAL, ring.Do(provide));
        Assert.Equal(-Errno.EINVAL, ring.Do(remove));
        Assert.Equal(0, Unregister(ring, 3));
        Assert.Equal(-Errno.ENOENT, ring.Do(remove));
    }

    [Theory, EveryEngine]
    public void The_head_can_be_asked_for(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENOENT, Head(ring, 3));
        Assert.Equal(0, Register(ring, Mapped));
        Assert.Equal(0, Head(ring, 3));
        Assert.Equal(-Errno.ENOENT, Head(ring, 65536 + 3));
        BufStatus status = new() { BufGroup = 3 };
        status.Resv[7] = 1;
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterPbufStatus, status));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterPbufStatus, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterPbufStatus, status, 2));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterPbufStatus, TestMemory.Bad, 1));
    }

    [Theory, EveryEngine]
    public void The_rings_memory_can_be_mapped(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ulong group3 = MmapOffsets.PbufRing | 3 << MmapOffsets.PbufShift;
        Assert.Equal(-Errno.ENOMEM, Map(ring, 8192, group3));
        Assert.Equal(0, Register(ring, Mapped with { RingEntries = 512 }));
        Assert.Equal(0, Register(ring, new BufReg { Bgid = 4, RingEntries = 8, RingAddr = memory.Address }));
        Assert.Equal(-Errno.EFAULT, Map(ring, 4096, group3));
        Assert.Equal(-Errno.EINVAL, Map(ring, 8192, group3, address: memory.Address));
        Assert.Equal(-Errno.EINVAL, Map(ring, 0, group3));
        Assert.Equal(-Errno.ENOMEM, Map(ring, 8192, MmapOffsets.PbufRing | 4 << MmapOffsets.PbufShift));
        Assert.Equal(-Errno.ENOMEM, Map(ring, 8192, MmapOffsets.PbufRing | 5 << MmapOffsets.PbufShift));
        Assert.Equal(-Errno.ENOMEM, Map(ring, 8192, group3 | 1ul << 32));
        foreach ((nuint length, ulong offset) in new[] { (8192u, group3), (16384u, group3), (8192u, group3 + 4096) })
            Assert.Equal(0, Map(ring, length, offset));
    }

    [Theory, EveryEngine]
    public void A_mapping_outlives_its_ring(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, Register(ring, Mapped));
        nint at = ring.Engine.Map(
            ring.Descriptor, 0, 4096, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, MmapOffsets.PbufRing | 3 << MmapOffsets.PbufShift);
        Assert.True(at > 0);
        Assert.Equal(0, Unregister(ring, 3));
        *(int*)at = 5;
        Assert.Equal(5, *(int*)at);
        Assert.Equal(0, Libc.Munmap((nuint)at, 4096));
    }

    private static int Register(SeamRing ring, BufReg registration) => ring.RegisterBy(RegisterOp.RegisterPbufRing, registration);

    private static int Unregister(SeamRing ring, ushort group) =>
        ring.RegisterBy(RegisterOp.UnregisterPbufRing, new BufReg { Bgid = group });

    private static int Head(SeamRing ring, uint group)
    {
        BufStatus status = new() { BufGroup = group };
        int error = ring.Register(RegisterOp.RegisterPbufStatus, (nuint)(&status), 1);
        return error < 0 ? error : (int)status.Head;
    }

    /// <summary>0 or -errno; whatever was mapped is unmapped again.</summary>
    private static int Map(SeamRing ring, nuint length, ulong offset, nuint address = 0)
    {
        nint at = ring.Engine.Map(ring.Descriptor, address, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, offset);
        if (at is < 0 and > -4096)
            return (int)at;
        return Libc.Munmap((nuint)at, length);
    }
}
