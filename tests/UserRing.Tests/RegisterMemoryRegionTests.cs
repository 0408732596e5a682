using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Memory that program and ring share, and waits whose arguments lie in it.</summary>
public sealed unsafe class RegisterMemoryRegionTests
{
    private const EnterFlags Registered = EnterFlags.GetEvents | EnterFlags.ExtArg | EnterFlags.ExtArgReg;

    [Theory, EveryEngine]
    public void There_is_one_for_each_ring(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENOMEM, Map(ring, 4096));
        RegionDesc region = new() { Size = 8192 };
        Assert.Equal(0, Register(ring, ref region));
        Assert.Equal(MmapOffsets.ParamRegion, region.MmapOffset);
        Assert.Equal(-Errno.EBUSY, Register(ring, ref region));
        Assert.Equal(-Errno.EBUSY, ring.Register(RegisterOp.RegisterMemRegion, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, Map(ring, 4096));
        Assert.Equal(0, Map(ring, 8192));
        Assert.Equal(0, Map(ring, 12288));
    }

    [Theory, EveryEngine]
    public void It_may_be_the_programs_own(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        RegionDesc region = new() { UserAddr = memory.Address, Size = 4096, Flags = RegionDescFlags.TypeUser };
        Assert.Equal(0, Register(ring, ref region));
        Assert.Equal(0ul, region.MmapOffset);
        Assert.Equal(-Errno.ENOMEM, Map(ring, 4096));
    }

    [Theory, EveryEngine]
    public void Arguments_are_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterMemRegion, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterMemRegion, memory.Address, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterMemRegion, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.RegisterBy(RegisterOp.RegisterMemRegion, new MemRegionReg { Flags = (MemRegionFlags)2 }));
        RegionDesc region = new() { Size = 4096 };
        Assert.Equal(-Errno.EINVAL, Register(ring, ref region, (MemRegionFlags)2));
        Assert.Equal(-Errno.EINVAL, Register(ring, ref region, MemRegionFlags.RegWaitArg)); // the ring is enabled
        var reserved = new MemRegionReg { RegionUptr = (ulong)(&region), Resv1 = 1 };
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterMemRegion, reserved));
        memory.As<RegionDesc>() = region;
        Assert.Equal(0, Libc.Mprotect(memory.Address, 4096, Libc.PROT_READ));
        Assert.Equal(-Errno.EFAULT, ring.RegisterBy(RegisterOp.RegisterMemRegion, new MemRegionReg { RegionUptr = memory.Address }));
        Assert.Equal(0, Register(ring, ref region)); // nothing of all that stayed
    }

    [Theory, EveryEngine]
    public void The_description_is_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(8192);
        const RegionDescFlags User = RegionDescFlags.TypeUser;
        ulong address = memory.Address;
        Assert.Equal(-Errno.EFAULT, Try(ring, new RegionDesc { Size = 4096, Flags = User }));
        Assert.Equal(-Errno.EFAULT, Try(ring, new RegionDesc { Size = 4096, UserAddr = address }));
        Assert.Equal(-Errno.EINVAL, Try(ring, new RegionDesc { Size = 4096, UserAddr = address, Flags = (RegionDescFlags)2 }));
        Assert.Equal(-Errno.EINVAL, Try(ring, new RegionDesc { Size = 4096, Id = 1 }));
        Assert.Equal(-Errno.EINVAL, Try(ring, new RegionDesc { Size = 4096, MmapOffset = 1 }));
        Assert.Equal(-Errno.EINVAL, Try(ring, default));
        Assert.Equal(-Errno.EINVAL, Try(ring, new RegionDesc { Size = 100 }));
        Assert.Equal(-Errno.EINVAL, Try(ring, new RegionDesc { Size = 4096, UserAddr = address + 8, Flags = User }));
        Assert.Equal(-Errno.EFAULT, Try(ring, new RegionDesc { Size = 4096, UserAddr = TestMemory.Bad, Flags = User }));
        Assert.Equal(-Errno.EFAULT, Try(ring, new RegionDesc { Size = 12288, UserAddr = address, Flags = User }));
        Assert.Equal(-Errno.EFAULT, Try(ring, new RegionDesc { Size = 4096, UserAddr = 1ul << 63, Flags = User }));
        Assert.Equal(-Errno.EOVERFLOW, Try(ring, new RegionDesc { Size = 8192, UserAddr = ulong.MaxValue << 12, Flags = User }));
        Assert.Equal(-Errno.E2BIG, Try(ring, new RegionDesc { Size = 1ul << 50 }));
        RegionDesc reserved = new() { Size = 4096 };
        reserved.Resv[3] = 1;
        Assert.Equal(-Errno.EINVAL, Try(ring, reserved));
    }

    [Theory, EveryEngine(false), EveryEngine(true)]
    public void Waits_take_their_arguments_from_it(string engine, bool own)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.RDisabled);
        using var memory = new TestMemory();
        RegionDesc region = new() { Size = 4096 };
        if (own)
            (region.UserAddr, region.Flags) = (memory.Address, RegionDescFlags.TypeUser);
        Assert.Equal(0, Register(ring, ref region, MemRegionFlags.RegWaitArg));
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEnableRings));
        nuint at = own ? memory.Address : (nuint)MapFor(ring, 4096);
        var waits = (RegWait*)at;
        KernelTimespec oneMillisecond = new() { TvNsec = 1_000_000 };

        waits[1] = new RegWait { Ts = oneMillisecond, Flags = RegWaitFlags.Ts, Pad_0 = 1, Pad2_1 = 1 };
        Assert.Equal(-Errno.ETIME, Wait(ring, 64));
        waits[62] = waits[1];
        Assert.Equal(-Errno.ETIME, Wait(ring, 62 * 64));
        waits[63] = new RegWait { Flags = (RegWaitFlags)2 };
        waits[0] = waits[1];
        Assert.Equal(-Errno.ETIME, Wait(ring, 63 * 64)); // Linux takes the first for the last
        ring.Nops(1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, Wait(ring, 64));
        waits[2] = new RegWait { MinWaitUsec = 1000, Ts = new KernelTimespec { TvSec = 100 }, Flags = RegWaitFlags.Ts };
        Assert.Equal(0, Wait(ring, 128, count: 4)); // there is one, and the minimum time is over
        ring.Take();

        Assert.Equal(-Errno.EFAULT, Wait(ring, 60));
        Assert.Equal(-Errno.EFAULT, Wait(ring, 63 * 64 + 8));
        Assert.Equal(-Errno.EFAULT, Wait(ring, nuint.MaxValue - 7));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 0, Registered, 64, 24));
        waits[3] = new RegWait { Flags = (RegWaitFlags)2 };
        Assert.Equal(-Errno.EINVAL, Wait(ring, 192, count: 0));
        waits[4] = new RegWait { Sigmask = TestMemory.Bad, SigmaskSz = 8 };
        Assert.Equal(-Errno.EFAULT, Wait(ring, 256));
        waits[4].SigmaskSz = 4;
        Assert.Equal(-Errno.EINVAL, Wait(ring, 256));
        Assert.Equal(0, Wait(ring, 256, count: 0));
        waits[5] = new RegWait { Ts = new KernelTimespec { TvSec = 1 }, Flags = RegWaitFlags.Ts };
        Assert.Equal(-Errno.ETIME, ring.Enter(0, 1, Registered | EnterFlags.AbsTimer, 320, 64)); // long ago
        if (!own)
            Assert.Equal(0, Libc.Munmap(at, 4096));
    }

    [Theory, EveryEngine]
    public void Without_a_region_for_waits_there_are_no_arguments(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EFAULT, Wait(ring, 0, count: 0));
        RegionDesc region = new() { Size = 4096 };
        Assert.Equal(0, Register(ring, ref region));
        Assert.Equal(-Errno.EFAULT, Wait(ring, 0, count: 0));
        Assert.Equal(-Errno.EINVAL, ring.Enter(0, 0, Registered, 0, 24));
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.ExtArg | EnterFlags.ExtArgReg, 3, 3)); // not looked at without GETEVENTS
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.GetEvents | EnterFlags.ExtArgReg));
    }

    private static int Register(SeamRing ring, ref RegionDesc region, MemRegionFlags flags = 0)
    {
        fixed (RegionDesc* address = &region)
            return ring.RegisterBy(RegisterOp.RegisterMemRegion, new MemRegionReg { RegionUptr = (ulong)address, Flags = flags });
    }

    private static int Try(SeamRing ring, RegionDesc region) => Register(ring, ref region);

    private static int Wait(SeamRing ring, nuint offset, uint count = 1) => ring.Enter(0, count, Registered, offset, 64);

    private static int Map(SeamRing ring, nuint length)
    {
        nint at = MapFor(ring, length);
        return at is < 0 and > -4096 ? (int)at : Libc.Munmap((nuint)at, length);
    }

    private static nint MapFor(SeamRing ring, nuint length) => ring.Engine.Map(
        ring.Descriptor, 0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, MmapOffsets.ParamRegion);
}
