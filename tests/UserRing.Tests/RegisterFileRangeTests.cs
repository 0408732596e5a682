using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Which slots of the file table may be allocated.</summary>
public sealed class RegisterFileRangeTests
{
    [Theory, EveryEngine]
    public void A_range_has_to_lie_in_the_table(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, Range(ring, new FileIndexRange { Len = 1 }));
        Assert.Equal(0, Range(ring, default));
        Assert.Equal(0, ring.RegisterFiles(-1, -1, -1, -1));
        Assert.Equal(0, Range(ring, new FileIndexRange { Len = 4 }));
        Assert.Equal(0, Range(ring, new FileIndexRange { Off = 4 }));
        Assert.Equal(-Errno.EINVAL, Range(ring, new FileIndexRange { Off = 4, Len = 1 }));
        Assert.Equal(-Errno.EINVAL, Range(ring, new FileIndexRange { Len = 5 }));
        Assert.Equal(-Errno.EOVERFLOW, Range(ring, new FileIndexRange { Off = uint.MaxValue, Len = 5, Resv = 1 }));
        Assert.Equal(-Errno.EINVAL, Range(ring, new FileIndexRange { Len = 4, Resv = 1 }));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(-Errno.EINVAL, Range(ring, new FileIndexRange { Len = 1 }));
    }

    [Theory, EveryEngine]
    public void The_arguments_are_looked_at_first(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterFileAllocRange));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterFileAllocRange, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFileAllocRange, TestMemory.Bad));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFileAllocRange, default(FileIndexRange), 1));
    }

    private static int Range(SeamRing ring, FileIndexRange range) => ring.RegisterBy(RegisterOp.RegisterFileAllocRange, range, 0);
}
