using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine;

/// <summary>
/// What setting up a ring leaves behind: the descriptor and the mapped areas (SQ, CQ, SQEs), owned together and given back together, in
/// reverse order, once. A forgotten one is given back by its finalizer.
/// </summary>
/// <remarks>
/// The addresses are raw: whoever reads through them keeps this object alive and does not dispose it meanwhile, or first moves the
/// areas away from under others with <see cref="Seclude"/>.
/// </remarks>
public sealed class RingMapping : IDisposable
{
    private const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
    private const int MappingFlags = Libc.MAP_SHARED | Libc.MAP_POPULATE;

    private readonly RingParams _parameters;
    private Area _sq, _cq, _sqes;
    private Area _formerSq, _formerCq, _formerSqes;
    private int _released, _unmapped;

    private RingMapping(IRingEngine engine, int descriptor, in RingParams parameters, FallbackReason? reason) =>
        (Engine, Descriptor, _parameters, FallbackReason) = (engine, descriptor, parameters, reason);

    /// <summary>Gives a forgotten ring back.</summary>
    ~RingMapping()
    {
        Unmap();
        Release();
        UnmapFormer();
    }

    /// <summary>The engine that serves the ring; never <see cref="AutoEngine"/> itself.</summary>
    public IRingEngine Engine { get; }

    /// <summary>The ring's descriptor. Owned by this object: do not close it.</summary>
    public int Descriptor { get; }

    /// <summary>The parameters as the engine filled them in.</summary>
    public RingParams Parameters => _parameters;

    /// <summary>Why <see cref="AutoEngine"/> did not take the kernel for this ring; null if it did or was not asked.</summary>
    public FallbackReason? FallbackReason { get; }

    /// <summary>Address of the SQ ring.</summary>
    internal nuint SqRing => _sq.Address;

    /// <summary>Address of the CQ ring: the SQ ring's if the engine maps both together.</summary>
    internal nuint CqRing => _cq.Length == 0 ? _sq.Address : _cq.Address;

    /// <summary>Address of the SQE array.</summary>
    internal nuint Sqes => _sqes.Address;

    /// <summary>
    /// Sets up a ring and maps its areas. If a step fails, those before it are undone.
    /// </summary>
    /// <param name="engine">Who is to serve it.</param>
    /// <param name="entries">SQ entries asked for.</param>
    /// <param name="parameters">What is asked for; filled in on success only. NO_MMAP is refused: the areas are the engine's.</param>
    /// <param name="mapping">The ring, or null on failure.</param>
    /// <returns>0 or a negative errno; EPROTO if the engine describes a ring that cannot be.</returns>
    public static int TryCreate(IRingEngine engine, uint entries, ref RingParams parameters, out RingMapping? mapping)
    {
        ArgumentNullException.ThrowIfNull(engine);
        mapping = null;
        if ((parameters.Flags & SetupFlags.NoMmap) != 0)
            return -Errno.EINVAL;

        RingParams[] shared = GC.AllocateArray<RingParams>(1, pinned: true);
        shared[0] = parameters;
        nuint address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(shared, 0);
        var auto = engine as AutoEngine;
        FallbackReason? reason = null;
        int ring = auto is null ? engine.Setup(entries, address) : auto.Setup(entries, address, out reason);
        if (ring < 0)
            return ring;

        RingMapping made = new(auto?.EngineOf(ring) ?? engine, ring, shared[0], reason);
        int error = made.MapAreas(out made._sq, out made._cq, out made._sqes);
        if (error < 0)
        {
            made.Dispose();
            return error;
        }

        parameters = shared[0];
        mapping = made;
        return 0;
    }

    /// <summary>Unmaps the areas and ends the ring. Nobody may be reading through the addresses. Further calls do nothing.</summary>
    public void Dispose()
    {
        Unmap();
        Release();
        if (_formerSq.Length == 0)
            GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Ends the ring as <see cref="Dispose"/> does, but leaves empty memory where the areas were, for a thread that may still be at
    /// them. Those addresses stay taken until this object is collected, hence until nobody can use them.
    /// </summary>
    internal void DisposeBehindUser()
    {
        if (_formerSq.Length != 0)
        {
            Dispose();
            return;
        }

        // A refusal leaves the real memory there until the finalizer comes, which is as harmless.
        _ = _sqes.Blank();
        _ = _cq.Blank();
        _ = _sq.Blank();
        Release();
    }

    /// <summary>Ends the ring, once; the areas stay mapped. On the kernel engine the ring lives on until they are unmapped too.</summary>
    internal void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            Engine.Release(Descriptor);
    }

    /// <summary>
    /// Maps the areas a second time and puts private empty memory where they were. From then on the ring's real memory is reached by the
    /// new addresses only, so a thread that still holds an old one, or a reference to an SQE, can neither disturb the ring nor
    /// crash; mmap does not return before every processor has forgotten the old pages.
    /// </summary>
    /// <returns>0, or a negative errno; after one the areas must be left to the finalizer.</returns>
    internal int Seclude()
    {
        int error = MapAreas(out Area sq, out Area cq, out Area sqes);
        if (error < 0)
        {
            sqes.Unmap();
            cq.Unmap();
            sq.Unmap();
            return error;
        }

        (_formerSq, _formerCq, _formerSqes) = (_sq, _cq, _sqes);
        (_sq, _cq, _sqes) = (sq, cq, sqes);
        error = _formerSq.Blank();
        if (error == 0)
            error = _formerCq.Blank();
        return error == 0 ? _formerSqes.Blank() : error;
    }

    private void Unmap()
    {
        if (Interlocked.Exchange(ref _unmapped, 1) != 0)
            return;
        _sqes.Unmap();
        _cq.Unmap();
        _sq.Unmap();
    }

    private void UnmapFormer()
    {
        _formerSqes.Unmap();
        _formerCq.Unmap();
        _formerSq.Unmap();
    }

    /// <summary>Whatever was mapped before a failure is in the out parameters, for the caller to undo.</summary>
    private int MapAreas(out Area sq, out Area cq, out Area sqes)
    {
        cq = sqes = sq = default;
        if (!TrySize(out ulong sqLength, out ulong cqLength, out ulong sqesLength))
            return -Errno.EPROTO;
        bool together = (_parameters.Features & RingFeatures.SingleMmap) != 0;
        int error = Map(MmapOffsets.SqRing, together ? Math.Max(sqLength, cqLength) : sqLength, out sq);
        if (error == 0 && !together)
            error = Map(MmapOffsets.CqRing, cqLength, out cq);
        return error == 0 ? Map(MmapOffsets.Sqes, sqesLength, out sqes) : error;
    }

    private int Map(ulong offset, ulong length, out Area area)
    {
        nint address = Engine.Map(Descriptor, 0, (nuint)length, Protection, MappingFlags, offset);
        area = address is < 0 and > -4096 ? default : new Area((nuint)address, (nuint)length);
        return area.Length == 0 ? (int)address : 0;
    }

    /// <summary>Lengths of the three areas in bytes; false if the engine's numbers cannot be those of a ring.</summary>
    private bool TrySize(out ulong sq, out ulong cq, out ulong sqes)
    {
        RingParams p = _parameters;
        uint sqHighest = Highest(p.SqOff.Head, p.SqOff.Tail, p.SqOff.RingMask, p.SqOff.RingEntries, p.SqOff.Flags, p.SqOff.Dropped);
        uint cqHighest = Highest(p.CqOff.Head, p.CqOff.Tail, p.CqOff.RingMask, p.CqOff.RingEntries, p.CqOff.Overflow, p.CqOff.Flags);
        bool hasArray = (p.Flags & SetupFlags.NoSqArray) == 0;
        ulong array = hasArray ? p.SqOff.Array + (ulong)p.SqEntries * sizeof(uint) : 0;
        ulong cqeBytes = (p.Flags & SetupFlags.Cqe32) != 0 ? 32u : 16u;
        ulong sqeBytes = (p.Flags & SetupFlags.Sqe128) != 0 ? 128u : 64u;
        sq = Math.Max(sqHighest + sizeof(uint), array);
        cq = Math.Max(cqHighest + sizeof(uint), p.CqOff.Cqes + p.CqEntries * cqeBytes);
        sqes = p.SqEntries * sqeBytes;
        // Offsets are believed only if they are aligned and within an area, whatever engine reported them.
        return IsRingSize(p.SqEntries, RingLimits.MaxEntries) && IsRingSize(p.CqEntries, RingLimits.MaxCqEntries)
            && (sqHighest | cqHighest | p.SqOff.Array | p.CqOff.Cqes) < MmapOffsets.CqRing
            && ((sqHighest | cqHighest | p.SqOff.Array | p.CqOff.Cqes) & 3) == 0;
    }

    private static bool IsRingSize(uint entries, uint most) => entries != 0 && entries <= most && (entries & (entries - 1)) == 0;

    /// <summary>One that is not aligned counts as beyond any area.</summary>
    private static uint Highest(params ReadOnlySpan<uint> offsets)
    {
        uint highest = 0;
        foreach (uint offset in offsets)
            highest = Math.Max(highest, (offset & 3) == 0 ? offset : uint.MaxValue);
        return highest;
    }

    /// <summary>One mapped range, or nothing.</summary>
    private struct Area(nuint address, nuint length)
    {
        internal nuint Address { get; private set; } = address;

        internal nuint Length { get; private set; } = length;

        internal void Unmap()
        {
            if (Length != 0)
                Libc.Munmap(Address, Length);
            this = default;
        }

        internal readonly int Blank()
        {
            if (Length == 0)
                return 0;
            const int Flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE | Libc.MAP_FIXED;
            nint at = Libc.Mmap(Address, Length, Protection, Flags, -1, 0);
            return at is < 0 and > -4096 ? (int)at : 0;
        }
    }
}
