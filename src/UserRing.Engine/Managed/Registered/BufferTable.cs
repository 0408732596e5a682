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

        resource = new RegisteredBuffer(new BufferMemory(source.Base, source.Len, charge), tag);
        return 0;
    }

    /// <summary>
    /// CLONE_BUFFERS: takes over buffers of another ring, which stay there too (io_uring/rsrc.c, io_register_clone_buffers). Holds both
    /// rings' submit locks, always in the same order.
    /// </summary>
    internal static int Clone(RingContext ring, Caller caller, nuint argument, uint count)
    {
        const CloneBuffersFlags Known = CloneBuffersFlags.SrcRegistered | CloneBuffersFlags.DstReplace;
        int error = caller.ReadOne(argument, count, out CloneBuffers asked);
        if (error < 0)
            return error;
        if ((asked.Flags & ~Known) != 0)
            return -Errno.EINVAL;
        if ((asked.Flags & CloneBuffersFlags.DstReplace) == 0 && ring.Buffers.Entries is not null)
            return -Errno.EBUSY;
        if (asked.Pad0 != 0 || asked.Pad1 != 0 || asked.Pad2 != 0)
            return -Errno.EINVAL;
        error = ring.Engine.HoldOther((int)asked.SrcFd, (asked.Flags & CloneBuffersFlags.SrcRegistered) != 0, out RingContext? source);
        if (error < 0)
            return error;
        (RingContext first, RingContext second) = ring.Number <= source!.Number ? (ring, source) : (source, ring);
        using (first.Submission.Hold())
        using (second.Submission.Hold())
        {
            var batch = new IssueBatch();
            batch.Begin(ring, caller, onSubmitter: true);
            error = source != ring && !source.IsOwner(caller) ? -Errno.EEXIST : ring.Buffers.CloneFrom(source.Buffers, asked, batch);
            batch.End();
        }

        source.DropReference();
        return error;
    }

    private int CloneFrom(BufferTable source, in CloneBuffers asked, IssueBatch batch)
    {
        RegisteredBuffer?[] old = Entries ?? [], theirs = source.Entries ?? [];
        if (asked.Nr == 0 && (asked.DstOff != 0 || asked.SrcOff != 0))
            return -Errno.EINVAL;
        if (old.Length > 0 && (asked.Flags & CloneBuffersFlags.DstReplace) == 0)
            return -Errno.EBUSY;
        if (theirs.Length == 0)
            return -Errno.ENXIO;
        uint count = asked.Nr == 0 ? (uint)theirs.Length : asked.Nr;
        if (count > (uint)theirs.Length)
            return -Errno.EINVAL;
        if (asked.SrcOff + (ulong)count > (uint)theirs.Length || asked.DstOff + (ulong)count > uint.MaxValue)
            return -Errno.EOVERFLOW;
        uint end = asked.DstOff + count;
        if (end > RingLimits.MaxRegisteredBuffers)
            return -Errno.EINVAL;

        var made = new RegisteredBuffer?[Math.Max((int)end, old.Length)];
        old.CopyTo(made, 0);
        for (uint i = 0; i < count; i++)
            made[asked.DstOff + i] = theirs[asked.SrcOff + i]?.Share();
        Exchange(made);
        for (uint i = asked.DstOff; i < end && i < (uint)old.Length; i++)
            old[i]?.Release(batch);
        return 0;
    }
}
