using System.Numerics;
using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>
/// Sizes and byte offsets of one ring's shared memory, computed from checked parameters; nothing is allocated here.
/// Heads and tails get a cache line each: programs find them by the offsets, and two threads then never fight over a line.
/// </summary>
internal readonly struct RingLayout
{
    private const uint CacheLine = 64;

    internal const uint SqHead = 0 * CacheLine, SqTail = 1 * CacheLine, CqHead = 2 * CacheLine, CqTail = 3 * CacheLine;
    internal const uint SqFlags = 4 * CacheLine, SqDropped = SqFlags + 4, CqFlags = SqFlags + 8, CqOverflow = SqFlags + 12;
    internal const uint SqMask = 5 * CacheLine, SqCount = SqMask + 4, CqMask = SqMask + 8, CqCount = SqMask + 12;
    internal const uint Cqes = 6 * CacheLine;

    internal const uint SqeBytes = 64, CqeBytes = 16;

    internal readonly uint SqEntries, CqEntries;
    internal readonly bool HasSqArray;

    private RingLayout(uint sqEntries, uint cqEntries, bool hasSqArray) =>
        (SqEntries, CqEntries, HasSqArray) = (sqEntries, cqEntries, hasSqArray);

    /// <summary>Offset of the SQ index array; 0 on a ring without one, as the kernel reports it.</summary>
    internal uint SqArray => HasSqArray ? (Cqes + CqEntries * CqeBytes + CacheLine - 1) & ~(CacheLine - 1) : 0;

    /// <summary>Bytes of the area that holds both rings, without page rounding.</summary>
    internal uint RingBytes => HasSqArray ? SqArray + SqEntries * sizeof(uint) : Cqes + CqEntries * CqeBytes;

    /// <summary>Bytes of the SQE array.</summary>
    internal uint SqesBytes => SqEntries * SqeBytes;

    /// <summary>Checks sizes in the kernel's order (io_uring/io_uring.c, io_uring_fill_params): 0 or -EINVAL.</summary>
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

        layout = new RingLayout(sqEntries, cqEntries, (parameters.Flags & SetupFlags.NoSqArray) == 0);
        return 0;
    }

    /// <summary>Writes sizes and both offset blocks whole, reserved words 0 (row S7: nothing of the caller's input survives).</summary>
    internal void Describe(ref RingParams parameters)
    {
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
        };
    }
}
