using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>PROVIDE_BUFFERS and REMOVE_BUFFERS.</summary>
public sealed class ProvideBuffersTests
{
    private static readonly Sqe FourBuffers =
        new() { Opcode = Opcode.ProvideBuffers, Fd = 4, Addr = 0x10000, Len = 128, BufGroup = 3, Off = 10 };

    private static readonly Sqe RemoveTwo = new() { Opcode = Opcode.RemoveBuffers, Fd = 2, BufGroup = 3 };

    [Theory, EveryEngine]
    public void What_was_provided_can_be_removed_again(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENOENT, ring.Do(RemoveTwo));
        Assert.Equal(0, ring.Do(FourBuffers));
        Assert.Equal(2, ring.Do(RemoveTwo));
        Assert.Equal(0, ring.Do(FourBuffers));
        Assert.Equal(6, ring.Do(RemoveTwo with { Fd = 100 }));
        Assert.Equal(0, ring.Do(RemoveTwo)); // the group is there, and empty
        Assert.Equal(-Errno.ENOENT, ring.Do(RemoveTwo with { BufGroup = 4 }));
    }

    [Theory, EveryEngine]
    public void Workers_provide_and_remove_too(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Do(FourBuffers with { Flags = SqeFlags.Async }));
        Assert.Equal(2, ring.Do(RemoveTwo with { Flags = SqeFlags.Async }));
    }

    [Theory, EveryEngine]
    public void A_group_holds_one_buffer_less_than_there_are_ids(string engine)
    {
        using var ring = new SeamRing(engine);
        Sqe many = FourBuffers with { Fd = 65536, Len = 1, Off = 0 };
        Assert.Equal(0, ring.Do(many));
        Assert.Equal(-Errno.EOVERFLOW, ring.Do(many with { Fd = 1 }));
        Assert.Equal(65535, ring.Do(RemoveTwo with { Fd = 65536 }));
        Assert.Equal(0, ring.Do(many with { Fd = 65530 }));
        Assert.Equal(0, ring.Do(many with { Fd = 10 })); // those that fit
        Assert.Equal(65535, ring.Do(RemoveTwo with { Fd = 65536 }));
    }

    [Theory, EveryEngine]
    public void Bad_buffers_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.E2BIG, ring.Do(FourBuffers with { Fd = 0 }));
        Assert.Equal(-Errno.E2BIG, ring.Do(FourBuffers with { Fd = -1 }));
        Assert.Equal(-Errno.E2BIG, ring.Do(FourBuffers with { Fd = 65537 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(FourBuffers with { Len = 0 }));
        Assert.Equal(-Errno.E2BIG, ring.Do(FourBuffers with { Off = 65536 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(FourBuffers with { Off = 65535 }));
        Assert.Equal(0, ring.Do(FourBuffers with { Off = 65532 }));
        Assert.Equal(-Errno.EOVERFLOW, ring.Do(FourBuffers with { Addr = ulong.MaxValue - 100 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(FourBuffers with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(FourBuffers with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(FourBuffers with { IoPrio = 1 }));
        Assert.Equal(-Errno.EOPNOTSUPP, ring.Do(FourBuffers with { Flags = SqeFlags.BufferSelect }));
    }

    [Theory, EveryEngine]
    public void Only_the_range_of_addresses_is_checked(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Do(FourBuffers with { Addr = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.Do(FourBuffers with { Addr = 1ul << 63 }));
        ulong end = AddressSpace.End;
        Assert.Equal(0, ring.Do(FourBuffers with { Addr = end - 4 * 128 }));
        Assert.Equal(-Errno.EFAULT, ring.Do(FourBuffers with { Addr = end - 4 * 128 + 1 }));
    }

    [Theory, EveryEngine]
    public void Bad_removals_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Do(FourBuffers));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Fd = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Fd = -1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Fd = 65537 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Len = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(RemoveTwo with { SpliceFdIn = 1 }));
        Assert.Equal(4, ring.Do(RemoveTwo with { Fd = 9 }));
    }
}
