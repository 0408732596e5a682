using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

/// <summary>
/// The shared words of one ring and how each is read and written. Indices are free-running and masked only on access. What the engine
/// wrote at setup (masks, sizes) is read once, here, and believed only if it fits the parameters.
/// </summary>
/// <remarks>
/// Pairs: our release of the SQ tail with the engine's acquire before it reads SQEs; the engine's release of the SQ head with our acquire
/// before we write them again; its release of the CQ tail with our acquire before we read CQEs; our release of the CQ head
/// with its acquire before it overwrites them.
/// </remarks>
internal readonly unsafe struct RingPointers
{
    private readonly Sqe* _sqes;
    private readonly Cqe* _cqes;
    private readonly uint* _sqHead, _sqTail, _sqFlags, _sqDropped;
    private readonly uint* _cqHead, _cqTail, _cqOverflow;
    private readonly uint _sqMask, _cqMask;

    /// <summary>Valid as long as <paramref name="mapping"/> is neither disposed nor secluded.</summary>
    internal RingPointers(RingMapping mapping)
    {
        RingParams parameters = mapping.Parameters;
        byte* sq = (byte*)mapping.SqRing, cq = (byte*)mapping.CqRing;
        _sqHead = (uint*)(sq + parameters.SqOff.Head);
        _sqTail = (uint*)(sq + parameters.SqOff.Tail);
        _sqFlags = (uint*)(sq + parameters.SqOff.Flags);
        _sqDropped = (uint*)(sq + parameters.SqOff.Dropped);
        _cqHead = (uint*)(cq + parameters.CqOff.Head);
        _cqTail = (uint*)(cq + parameters.CqOff.Tail);
        _cqOverflow = (uint*)(cq + parameters.CqOff.Overflow);
        _cqes = (Cqe*)(cq + parameters.CqOff.Cqes);
        _sqes = (Sqe*)mapping.Sqes;
        _sqMask = parameters.SqEntries - 1;
        _cqMask = parameters.CqEntries - 1;
        uint sqMask = *(uint*)(sq + parameters.SqOff.RingMask), cqMask = *(uint*)(cq + parameters.CqOff.RingMask);
        if (sqMask != _sqMask || cqMask != _cqMask)
            throw RingException.OfCall("io_uring_setup", -Errno.EPROTO);
    }

    /// <summary>SQ head, acquire: the engine has read the SQEs before it, they are ours again.</summary>
    internal uint SqHead
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref *_sqHead);
    }

    /// <summary>SQ tail as published last; ours.</summary>
    internal uint SqTail => *_sqTail;

    /// <summary>SQ flags.</summary>
    internal SqRingFlags SqFlags
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (SqRingFlags)Volatile.Read(ref *_sqFlags);
    }

    /// <summary>SQEs dropped for an index out of range.</summary>
    internal uint SqDropped => Volatile.Read(ref *_sqDropped);

    /// <summary>CQ tail, acquire: the CQEs before it are written.</summary>
    internal uint CqTail
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref *_cqTail);
    }

    /// <summary>CQ head as published last; ours.</summary>
    internal uint CqHead => *_cqHead;

    /// <summary>CQEs lost.</summary>
    internal uint CqOverflow => Volatile.Read(ref *_cqOverflow);

    /// <summary>Index i names SQE i for ever: the array is an indirection that only a program with SQEs of its own order needs.</summary>
    internal static void FillArray(RingMapping mapping)
    {
        RingParams parameters = mapping.Parameters;
        if ((parameters.Flags & SetupFlags.NoSqArray) != 0)
            return;
        uint* array = (uint*)((byte*)mapping.SqRing + parameters.SqOff.Array);
        for (uint i = 0; i < parameters.SqEntries; i++)
            array[i] = i;
    }

    /// <summary>SQ tail, release: the SQEs before it are filled in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void PublishSqTail(uint tail) => Volatile.Write(ref *_sqTail, tail);

    /// <summary>CQ head, release: the CQEs before it were copied, the engine may overwrite them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void PublishCqHead(uint head) => Volatile.Write(ref *_cqHead, head);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref Sqe SqeAt(uint position) => ref _sqes[position & _sqMask];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Cqe CqeAt(uint position) => _cqes[position & _cqMask];

    /// <summary>Copies as many CQEs as fit, from <paramref name="position"/> on; they may wrap around once.</summary>
    internal void CopyCqes(uint position, Span<Cqe> destination)
    {
        int start = (int)(position & _cqMask);
        int untilEnd = Math.Min(destination.Length, (int)(_cqMask + 1) - start);
        new ReadOnlySpan<Cqe>(_cqes + start, untilEnd).CopyTo(destination);
        new ReadOnlySpan<Cqe>(_cqes, destination.Length - untilEnd).CopyTo(destination[untilEnd..]);
    }
}
