using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>The registered buffers of a ring.</summary>
internal sealed class BufferTable(RingContext ring) : ResourceTable<IoVec, RegisteredBuffer>(ring)
{
    protected override bool EmptiesSlotOnFailure => false;

    protected override int CheckSize(Caller caller, uint count) => count > RingLimits.MaxRegisteredBuffers ? -Errno.EINVAL : 0;

    protected override bool IsEmpty(IoVec source) => source.Base == 0 && source.Len == 0;

    protected override bool IsSkip(IoVec source) => false;

    protected override int Open(Caller caller, IoVec source, ulong tag, out RegisteredBuffer? resource)
    {
        resource = null;
        if (source.Base == 0 || source.Len == 0 || source.Len > RingLimits.MaxRegisteredBufferBytes)
            return -Errno.EFAULT;
        nuint page = (nuint)Environment.SystemPageSize;
        if (source.Base > nuint.MaxValue - source.Len - page)
            return -Errno.EOVERFLOW;
        nuint first = source.Base & ~(page - 1), end = (source.Base + source.Len + page - 1) & ~(page - 1);
        int error = MemlockCharge.TryTake(caller, (long)((end - first) / page), !Ring.ChargesMemlock, out MemlockCharge charge);
        if (error < 0)
            return error;
        error = caller.MakeResident(first, end - first);
        if (error < 0)
        {
            charge.GiveBack();
            return error;
        }

        resource = new RegisteredBuffer(source.Base, source.Len, tag, charge);
        return 0;
    }
}
