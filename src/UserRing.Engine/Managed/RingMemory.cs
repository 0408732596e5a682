using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// The shared memory of one ring: a sealed, sparse memfd laid out at the ABI's own mmap offsets, and the engine's own view of it.
/// The engine's view is a mapping apart from the program's, so that a program which unmaps its areas harms nobody else.
/// Every accessor touches shared memory exactly once and names its ordering; what a program owns (SQ tail, CQ head, the index
/// array, the SQEs) may hold anything at any time and is believed only within the ring's size.
/// </summary>
internal sealed unsafe class RingMemory
{
    private const int SealAll = Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW;
    private const int SharedReadWrite = Libc.PROT_READ | Libc.PROT_WRITE;

    private readonly RingLayout _layout;
    private readonly byte* _rings;
    private readonly byte* _sqes;
    private readonly uint _sqMask, _cqMask;
    private readonly Lock _descriptorLock = new();
    private int _descriptor;

    private RingMemory(int descriptor, in RingLayout layout, nint rings, nint sqes)
    {
        _descriptor = descriptor;
        _layout = layout;
        _rings = (byte*)rings;
        _sqes = (byte*)sqes;
        (_sqMask, _cqMask) = (layout.SqEntries - 1, layout.CqEntries - 1);
        *(uint*)(_rings + RingLayout.SqMask) = _sqMask;
        *(uint*)(_rings + RingLayout.SqCount) = layout.SqEntries;
        *(uint*)(_rings + RingLayout.CqMask) = _cqMask;
        *(uint*)(_rings + RingLayout.CqCount) = layout.CqEntries;
    }

    internal int Descriptor => _descriptor;

    /// <summary>Makes and maps the memory, or undoes what it had done: 0 or -errno. Paired with <see cref="Free"/>.</summary>
    internal static int TryAllocate(in RingLayout layout, out RingMemory? memory)
    {
        memory = null;
        long bytes = (long)MmapOffsets.Sqes + layout.SqesBytes;
        // A memfd is a file: beyond RLIMIT_FSIZE the kernel would not refuse but kill us with SIGXFSZ.
        if (Libc.Getrlimit(Libc.RLIMIT_FSIZE, out ulong largestFile, out _) < 0 || largestFile < (ulong)bytes)
            return -Errno.ENOMEM;
        int descriptor = Libc.MemfdCreate("[io_uring]", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        if (descriptor < 0)
            return descriptor;

        nint rings = 0;
        int error = Libc.Ftruncate(descriptor, bytes);
        if (error == 0)
            error = Libc.Fcntl(descriptor, Libc.F_ADD_SEALS, SealAll);
        if (error >= 0)
        {
            rings = Libc.Mmap(0, layout.RingBytes, SharedReadWrite, Libc.MAP_SHARED, descriptor, (long)MmapOffsets.SqRing);
            error = rings < 0 ? (int)rings : 0;
        }

        if (error >= 0)
        {
            nint sqes = Libc.Mmap(0, layout.SqesBytes, SharedReadWrite, Libc.MAP_SHARED, descriptor, (long)MmapOffsets.Sqes);
            if (sqes >= 0)
            {
                memory = new RingMemory(descriptor, layout, rings, sqes);
                return 0;
            }

            error = (int)sqes;
            Libc.Munmap((nuint)rings, layout.RingBytes);
        }

        Libc.Close(descriptor);
        return error;
    }

    /// <summary>Gives the descriptor back; the memory stays until <see cref="Free"/>, for those still inside a call.</summary>
    internal void CloseDescriptor()
    {
        lock (_descriptorLock)
        {
            if (_descriptor >= 0)
                Libc.Close(_descriptor);
            _descriptor = -1;
        }
    }

    internal void Free()
    {
        CloseDescriptor();
        Libc.Munmap((nuint)_rings, _layout.RingBytes);
        Libc.Munmap((nuint)_sqes, _layout.SqesBytes);
    }

    /// <summary>Maps an area for the program, with the refusals that a kernel ring's mmap gives: address or -errno.</summary>
    internal nint MapForCaller(nuint address, nuint length, int protection, int flags, ulong offset)
    {
        ulong region = offset & MmapOffsets.Mask;
        bool rings = region is MmapOffsets.SqRing or MmapOffsets.CqRing;
        if (!rings && region != MmapOffsets.Sqes)
            return -Errno.ENOMEM;
        if (address != 0 || length == 0)
            return -Errno.EINVAL;
        // A prefix of the rings is fine; the SQE area must fit, in whole pages (as Linux 6.18 answers).
        if (!rings && RoundUpToPage(length) < RoundUpToPage(_layout.SqesBytes))
            return -Errno.EFAULT;
        lock (_descriptorLock) // released meanwhile, the number would be some other file's
            return Libc.Mmap(0, length, protection, flags, _descriptor, (long)(rings ? MmapOffsets.SqRing : MmapOffsets.Sqes));
    }

    /// <summary>Pages that the areas take, which is what RLIMIT_MEMLOCK counts.</summary>
    internal static long PagesOf(in RingLayout layout) =>
        (long)((RoundUpToPage(layout.RingBytes) + RoundUpToPage(layout.SqesBytes)) / (nuint)Environment.SystemPageSize);

    private static nuint RoundUpToPage(nuint bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return (bytes + page - 1) & ~(page - 1);
    }

    /// <summary>SQ tail, acquire: the SQEs and indices before it are the program's finished stores (pair: the client's publish).</summary>
    internal uint ReadSqTail() => Volatile.Read(ref Word(RingLayout.SqTail));

    /// <summary>SQ head, release: every SQE before it has been read and its slot is the program's again.</summary>
    internal void PublishSqHead(uint head) => Volatile.Write(ref Word(RingLayout.SqHead), head);

    /// <summary>CQ head, acquire: entries before it were copied out by the program and may be overwritten.</summary>
    internal uint ReadCqHead() => Volatile.Read(ref Word(RingLayout.CqHead));

    /// <summary>CQ tail, release: entries before it are complete.</summary>
    internal void PublishCqTail(uint tail) => Volatile.Write(ref Word(RingLayout.CqTail), tail);

    /// <summary>Flags the program may have set in the CQ ring; a plain hint, no ordering.</summary>
    internal CqRingFlags ReadCqFlags() => (CqRingFlags)Volatile.Read(ref Word(RingLayout.CqFlags));

    /// <summary>Sets SQ flags with a full fence: three parties (poller, completions, deferred work) share the word.</summary>
    internal void SetSqFlags(SqRingFlags flags) => Interlocked.Or(ref Word(RingLayout.SqFlags), (uint)flags);

    internal void ClearSqFlags(SqRingFlags flags) => Interlocked.And(ref Word(RingLayout.SqFlags), ~(uint)flags);

    internal void CountDropped() => Interlocked.Increment(ref Word(RingLayout.SqDropped));

    internal void CountLostCompletion() => Interlocked.Increment(ref Word(RingLayout.CqOverflow));

    /// <summary>The SQE index in slot <paramref name="position"/> of the SQ, as read; may be out of range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint ReadSqIndex(uint position) => _layout.HasSqArray
        ? Volatile.Read(ref Unsafe.AsRef<uint>(_rings + _layout.SqArray + (position & _sqMask) * sizeof(uint)))
        : position & _sqMask;

    /// <summary>Copies one SQE, of a big one its first half; <paramref name="index"/> must be below the SQ size. The copy is what is checked and what is used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CopySqe(uint index, out Sqe sqe) => sqe = *(Sqe*)(_sqes + ((nuint)index << _layout.SqeShift));

    /// <summary>Fills CQEs of 16 bytes from <paramref name="position"/> on, no more than the ring holds.</summary>
    internal void WriteCqes(uint position, ReadOnlySpan<Cqe> cqes)
    {
        uint first = position & _cqMask;
        int untilWrap = (int)Math.Min(_layout.CqEntries - first, (uint)cqes.Length);
        var entries = new Span<Cqe>(_rings + RingLayout.Cqes, (int)_layout.CqEntries);
        cqes[..untilWrap].CopyTo(entries[(int)first..]);
        cqes[untilWrap..].CopyTo(entries);
    }

    /// <summary>Fills the CQE at <paramref name="position"/>; visible once a tail beyond it is published.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WriteCqe(uint position, in Cqe cqe) => *(Cqe*)CqeAt(position) = cqe;

    /// <summary>Fills the second half of the big CQE at <paramref name="position"/>, which does not lie across the ring's end.</summary>
    internal void WriteCqeExtra(uint position, in CqeExtra extra) => *(CqeExtra*)(CqeAt(position) + Cqe.BigCqeOffset) = extra;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* CqeAt(uint position) => _rings + RingLayout.Cqes + ((nuint)(position & _cqMask) << _layout.CqeShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref uint Word(uint offset) => ref Unsafe.AsRef<uint>(_rings + offset);
}
