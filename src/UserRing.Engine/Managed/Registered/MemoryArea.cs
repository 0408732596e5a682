using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// Memory that a program and its ring share besides the ring itself: the engine's, which the program maps, or whole pages of the program's.
/// Checked as io_uring/memmap.c does (io_create_region).
/// </summary>
internal struct MemoryArea
{
    private MemlockCharge _charge;

    /// <summary>The engine's memory; null if the program brought its own.</summary>
    internal SharedRegion? Region { get; private init; }

    /// <summary>Where it is in the program, if it is the program's.</summary>
    internal nuint Address { get; private init; }

    internal nuint Bytes { get; private init; }

    /// <summary>0 or -errno; paired with <see cref="Free"/>.</summary>
    internal static int TryMake(RingContext ring, Caller caller, in RegionDesc asked, out MemoryArea area)
    {
        area = default;
        int error = Check(asked);
        if (error < 0)
            return error;
        long pages = (long)(asked.Size / (ulong)Environment.SystemPageSize);
        error = MemlockCharge.TryTake(caller, pages, !ring.ChargesMemlock, out MemlockCharge charge);
        if (error < 0)
            return error;

        SharedRegion? region = null;
        bool isTheirs = (asked.Flags & RegionDescFlags.TypeUser) != 0;
        error = isTheirs
            ? caller.MakeResident((nuint)asked.UserAddr, (nuint)asked.Size)
            : SharedRegion.TryCreate("[io_uring] region", (nuint)asked.Size, out region);
        if (error < 0)
        {
            charge.GiveBack();
            return error;
        }

        area = new MemoryArea { Region = region, Address = (nuint)asked.UserAddr, Bytes = (nuint)asked.Size, _charge = charge };
        return 0;
    }

    internal void Free()
    {
        Region?.Free();
        _charge.GiveBack();
        this = default;
    }

    /// <summary>What is asked for: 0 or -errno.</summary>
    internal static int Check(in RegionDesc asked)
    {
        ulong inPage = (ulong)Environment.SystemPageSize - 1;
        if (MemoryMarshal.AsBytes(new ReadOnlySpan<Ulongs4>(in asked.Resv)).ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;
        if ((asked.Flags & ~RegionDescFlags.TypeUser) != 0)
            return -Errno.EINVAL;
        if ((asked.Flags & RegionDescFlags.TypeUser) != 0 != (asked.UserAddr != 0))
            return -Errno.EFAULT;
        if (asked.Size == 0 || asked.MmapOffset != 0 || asked.Id != 0)
            return -Errno.EINVAL;
        if (asked.Size / (inPage + 1) > int.MaxValue)
            return -Errno.E2BIG;
        if (((asked.UserAddr | asked.Size) & inPage) != 0)
            return -Errno.EINVAL;
        return asked.UserAddr + asked.Size < asked.UserAddr ? -Errno.EOVERFLOW : 0;
    }
}
