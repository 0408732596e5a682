using System.Runtime.CompilerServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// REGISTER_MEM_REGION: memory shared between program and ring, once for each ring; on a ring that was still disabled it may hold the
/// arguments of waits (EXT_ARG_REG).
/// </summary>
internal sealed class ParameterRegion(RingContext ring)
{
    private MemoryArea _area;
    private Caller? _caller;
    private nuint _waitBytes;

    /// <summary>Submit lock held.</summary>
    internal int Register(Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 1)
            return -Errno.EINVAL;
        if (_caller is not null)
            return -Errno.EBUSY;
        int error = caller.Read(argument, out MemRegionReg asked);
        if (error < 0)
            return error;
        error = caller.Read((nuint)asked.RegionUptr, out RegionDesc described);
        if (error < 0)
            return error;
        bool forWaits = (asked.Flags & MemRegionFlags.RegWaitArg) != 0;
        if (asked.Resv0 != 0 || asked.Resv1 != 0 || (asked.Flags & ~MemRegionFlags.RegWaitArg) != 0)
            return -Errno.EINVAL;
        if (forWaits && !ring.IsDisabled)
            return -Errno.EINVAL; // somebody may be waiting
        error = MemoryArea.TryMake(ring, caller, described, out MemoryArea area);
        if (error < 0)
            return error;
        if (area.Region is not null)
            described.MmapOffset = MmapOffsets.ParamRegion;
        error = caller.Write((nuint)asked.RegionUptr, described);
        if (error < 0)
        {
            area.Free();
            return error;
        }

        (_area, _caller) = (area, caller);
        if (forWaits)
            Volatile.Write(ref _waitBytes, area.Bytes); // before the ring is enabled, hence before anybody waits
        return 0;
    }

    /// <summary>The wait argument at a byte offset, read once: 0 or -EFAULT.</summary>
    internal int ReadWait(nuint offset, out RegWait wait)
    {
        wait = default;
        nuint size = (nuint)Unsafe.SizeOf<RegWait>(), bytes = Volatile.Read(ref _waitBytes);
        if (offset % (nuint)sizeof(long) != 0 || bytes < size || offset > bytes - size)
            return -Errno.EFAULT;
        // The kernel clamps the offset as if it had to be below the last one (io_uring.c, io_get_ext_arg_reg): that one is the first.
        offset = offset == bytes - size ? 0 : offset;
        if (_area.Region is null)
            return _caller!.Read(_area.Address + offset, out wait);
        wait = _area.Region.At<RegWait>(offset);
        return 0;
    }

    /// <summary>mmap of a region that is the engine's memory: address or -errno. Takes the submit lock.</summary>
    internal nint Map(nuint length, int protection, int flags)
    {
        using (ring.Submission.Hold())
            return _area.Region?.MapForCaller(length, protection, flags) ?? -Errno.ENOMEM;
    }

    /// <summary>With the ring.</summary>
    internal void Free() => _area.Free();
}
