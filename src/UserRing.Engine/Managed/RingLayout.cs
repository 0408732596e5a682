using System.Numerics;
using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>
/// Sizes and byte offsets of one ring's shared memory, computed from checked parameters; nothing is allocated here.
/// Heads and tails get a cache line each: programs find them by the offsets, and two threads then never fight over a line. Where the
/// program brings the memory (NO_MMAP) it has reckoned how much is needed, so there the header is as small as the kernel's.
/// </summary>
internal readonly struct RingLayout
{
    private const uint CacheLine = 64;

    internal const int BigSqeShift = 7;

    internal readonly uint SqEntries, CqEntries;
    internal readonly bool HasSqArray;

    private readonly bool _isSmall;

    /// <summary>Bytes from one SQE or CQE to the next, as powers of two: 64 or 128, 16 or 32.</summary>
    internal readonly int SqeShift, CqeShift;

    private RingLayout(uint sqEntries, uint cqEntries, SetupFlags flags)
    {
        (SqEntries, CqEntries) = (sqEntries, cqEntries);
        HasSqArray = (flags & SetupFlags.NoSqArray) == 0;
        _isSmall = (flags & SetupFlags.NoMmap) != 0;
        SqeShift = (flags & SetupFlags.Sqe128) != 0 ? BigSqeShift : BigSqeShift - 1;
        CqeShift = (flags & SetupFlags.Cqe32) != 0 ? 5 : 4;
    }

    internal const uint SqHead = 0;

    internal uint SqTail => _isSmall ? sizeof(uint) : CacheLine;

    internal uint CqHead => 2 * SqTail;

    internal uint CqTail => 3 * SqTail;

    internal uint SqMask => _isSmall ? 4 * sizeof(uint) : 5 * CacheLine;

    internal uint CqMask => SqMask + sizeof(uint);

    internal uint SqCount => SqMask + 2 * sizeof(uint);

    internal uint CqCount => SqMask + 3 * sizeof(uint);

    internal uint SqDropped => _isSmall ? 8 * sizeof(uint) : 4 * CacheLine;

    internal uint SqFlags => SqDropped + sizeof(uint);

    internal uint CqFlags => SqDropped + 2 * sizeof(uint);

    internal uint CqOverflow => SqDropped + 3 * sizeof(uint);

    internal uint Cqes => _isSmall ? CacheLine : 6 * CacheLine;

    /// <summary>Offset of the SQ index array; 0 on a ring without one, as the kernel reports it.</summary>
    internal uint SqArray => HasSqArray ? (CqesEnd + CacheLine - 1) & ~(CacheLine - 1) : 0;

    /// <summary>Bytes of the area that holds both rings, without page rounding.</summary>
    internal uint RingBytes => HasSqArray ? SqArray + SqEntries * sizeof(uint) : CqesEnd;

    /// <summary>Bytes of the SQE array.</summary>
    internal uint SqesBytes => SqEntries << SqeShift;

    private uint CqesEnd => Cqes + (CqEntries << CqeShift);

    /// <summary>Checks sizes in the kernel's order (io_uring/io_uring.c, io_uring_fill_params): 0, -EINVAL or -EOVERFLOW.</summary>
    internal static int TryCreate(uint entries, in RingParams parameters, out RingLayout layout)
    {
        layout = default;
        bool clamp = (parameters.Flags & SetupFlags.Clamp) != 0;
        if (entries == 0)
            return -Errno.EINVAL;
        if (entries > RingLimits.MaxEntries)
        {
            if (!clamp)
                return -Errno.EINVAL;
            entries = RingLimits.MaxEntries;
        }

        uint sqEntries = BitOperations.RoundUpToPowerOf2(entries);
        uint cqEntries = 2 * sqEntries;
        if ((parameters.Flags & SetupFlags.CqSize) != 0)
        {
            uint asked = parameters.CqEntries;
            if (asked == 0)
                return -Errno.EINVAL;
            if (asked > RingLimits.MaxCqEntries)
            {
                if (!clamp)
                    return -Errno.EINVAL;
                asked = RingLimits.MaxCqEntries;
            }

            cqEntries = BitOperations.RoundUpToPowerOf2(asked);
            if (cqEntries < sqEntries)
                return -Errno.EINVAL;
        }

        // A 32-byte CQE among 16-byte ones takes two entries: with one there would never be room.
        if ((parameters.Flags & SetupFlags.CqeMixed) != 0 && cqEntries < 2)
            return -Errno.EOVERFLOW;
        layout = new RingLayout(sqEntries, cqEntries, parameters.Flags);
        return 0;
    }

    /// <summary>
    /// Writes sizes and both offset blocks whole, reserved words 0: nothing of the caller's input survives but the addresses that count.
    /// </summary>
    internal void Describe(ref RingParams parameters)
    {
        (ulong sqes, ulong rings) = _isSmall ? (parameters.SqOff.UserAddr, parameters.CqOff.UserAddr) : (0ul, 0ul);
        parameters.SqEntries = SqEntries;
        parameters.CqEntries = CqEntries;
        parameters.SqOff = new SqRingOffsets
        {
            Head = SqHead,
            Tail = SqTail,
            RingMask = SqMask,
            RingEntries = SqCount,
            Flags = SqFlags,
            Dropped = SqDropped,
            Array = SqArray,
            UserAddr = sqes,
        };
        parameters.CqOff = new CqRingOffsets
        {
            Head = CqHead,
            Tail = CqTail,
            RingMask = CqMask,
            RingEntries = CqCount,
            Overflow = CqOverflow,
            Cqes = Cqes,
            Flags = CqFlags,
            UserAddr = rings,
        };
    }
}
