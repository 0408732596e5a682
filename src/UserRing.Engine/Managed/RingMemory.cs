using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

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

    private readonly Lock _descriptorLock = new();
    private int _descriptor;
    private RingLayout _layout;
    private byte* _rings, _sqes, _cqes;
    private uint* _sqHead, _sqTail, _cqHead, _cqTail, _sqFlags, _sqDropped, _cqFlags, _cqOverflow, _sqArray;
    private uint _sqMask, _cqMask;

    private RingMemory(int descriptor, in RingLayout layout, nint rings, nint sqes)
    {
        _descriptor = descriptor;
        View(layout, (byte*)rings, (byte*)sqes);
        WriteSizes();
    }

    internal int Descriptor => _descriptor;

    /// <summary>
    /// Makes the memory, or undoes what it had done: 0 or -errno. Paired with <see cref="Free"/>. NO_MMAP puts it where the program has
    /// memory of its own, whose contents it takes over, all but the header. So both sides have the same pages, and what the program does
    /// to its mapping afterwards harms nobody else: pages of its own could not be kept from being unmapped.
    /// </summary>
    internal static int TryMake(Caller caller, in RingLayout layout, in RingParams parameters, out RingMemory? memory)
    {
        int error = TryAllocate(layout, out memory);
        if (error < 0 || (parameters.Flags & SetupFlags.NoMmap) == 0)
            return error;
        error = memory!.Place(caller, parameters.CqOff.UserAddr, memory._rings, layout.RingBytes, MmapOffsets.SqRing, layout.Cqes);
        if (error == 0)
            error = memory.Place(caller, parameters.SqOff.UserAddr, memory._sqes, layout.SqesBytes, MmapOffsets.Sqes, headerBytes: 0);
        if (error < 0)
            memory.Free();
        return error;
    }

    private static int TryAllocate(in RingLayout layout, out RingMemory? memory)
    {
        memory = null;
        long bytes = (long)(MmapOffsets.Sqes + RoundUpToPage(layout.SqesBytes));
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

    /// <summary>
    /// RESIZE_RINGS, both locks held: takes over what is queued and unread in <paramref name="old"/>, which this memory is to replace.
    /// False if it does not fit. As there, the SQEs are taken in the order of their slots and the index array is left zero (register.c,
    /// io_register_resize_rings).
    /// </summary>
    internal bool TryTakeOver(RingMemory old, uint sqHead, uint cqTail)
    {
        uint sqTail = old.ReadSqTail(), cqHead = old.ReadCqHead();
        uint queued = sqTail - sqHead, unread = cqTail - cqHead;
        if (queued > _layout.SqEntries || unread > _layout.CqEntries)
            return false;
        for (uint position = sqHead; position != sqTail; position++)
            Copy(old._sqes, position & old._sqMask, _sqes, position & _sqMask, _layout.SqeShift);
        for (uint position = cqHead; position != cqTail; position++)
            Copy(old._cqes, position & old._cqMask, _cqes, position & _cqMask, _layout.CqeShift);
        (*_sqHead, *_sqTail, *_cqHead, *_cqTail) = (sqHead, sqTail, cqHead, cqTail);
        (*_sqDropped, *_sqFlags) = (*old._sqDropped, *old._sqFlags);
        (*_cqFlags, *_cqOverflow) = (*old._cqFlags, *old._cqOverflow);
        return true;
    }

    /// <summary>
    /// Exchanges the memory of two; the number of the descriptor stays, and means the new memory from now on. 0 or -errno. The other, which
    /// has the old memory then, is to be freed.
    /// </summary>
    internal int Exchange(RingMemory other)
    {
        lock (_descriptorLock)
        {
            int error = _descriptor < 0 ? 0 : Libc.Dup3(other._descriptor, _descriptor, Libc.O_CLOEXEC);
            if (error < 0)
                return error;
            RingLayout layout = _layout;
            byte* rings = _rings;
            byte* sqes = _sqes;
            View(other._layout, other._rings, other._sqes);
            other.View(layout, rings, sqes);
        }

        other.CloseDescriptor();
        return 0;
    }

    private static void Copy(byte* from, uint fromIndex, byte* to, uint toIndex, int shift) =>
        Unsafe.CopyBlockUnaligned(to + ((nuint)toIndex << shift), from + ((nuint)fromIndex << shift), 1u << shift);

    private int Place(Caller caller, ulong address, byte* local, uint bytes, ulong offset, uint headerBytes)
    {
        nuint length = RoundUpToPage(bytes);
        int error = MemoryArea.Check(new RegionDesc { UserAddr = address, Size = length, Flags = RegionDescFlags.TypeUser });
        if (error == 0)
            error = caller.MakeResident((nuint)address, length);
        if (error == 0)
            error = caller.CopyIn((nuint)address, new Span<byte>(local, (int)length));
        if (error < 0)
            return error;
        new Span<byte>(local, (int)headerBytes).Clear();
        if (headerBytes > 0)
            WriteSizes();
        return caller.PlaceShared((nuint)address, length, _descriptor, (long)offset);
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
    internal uint ReadSqTail() => Volatile.Read(ref *_sqTail);

    /// <summary>SQ head, release: every SQE before it has been read and its slot is the program's again.</summary>
    internal void PublishSqHead(uint head) => Volatile.Write(ref *_sqHead, head);

    /// <summary>CQ head, acquire: entries before it were copied out by the program and may be overwritten.</summary>
    internal uint ReadCqHead() => Volatile.Read(ref *_cqHead);

    /// <summary>CQ tail, release: entries before it are complete.</summary>
    internal void PublishCqTail(uint tail) => Volatile.Write(ref *_cqTail, tail);

    /// <summary>Flags the program may have set in the CQ ring; a plain hint, no ordering.</summary>
    internal CqRingFlags ReadCqFlags() => (CqRingFlags)Volatile.Read(ref *_cqFlags);

    /// <summary>Sets SQ flags with a full fence: three parties (poller, completions, deferred work) share the word.</summary>
    internal void SetSqFlags(SqRingFlags flags) => Interlocked.Or(ref *_sqFlags, (uint)flags);

    internal void ClearSqFlags(SqRingFlags flags) => Interlocked.And(ref *_sqFlags, ~(uint)flags);

    internal void CountDropped() => Interlocked.Increment(ref *_sqDropped);

    internal void CountLostCompletion() => Interlocked.Increment(ref *_cqOverflow);

    /// <summary>The SQE index in slot <paramref name="position"/> of the SQ, as read; may be out of range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint ReadSqIndex(uint position) => _layout.HasSqArray
        ? Volatile.Read(ref _sqArray[position & _sqMask])
        : position & _sqMask;

    /// <summary>
    /// Copies one SQE, of a big one its first half; <paramref name="index"/> must be below the SQ size. The copy is what is checked and
    /// what is used.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CopySqe(uint index, out Sqe sqe) => sqe = *(Sqe*)(_sqes + ((nuint)index << _layout.SqeShift));

    /// <summary>Fills CQEs of 16 bytes from <paramref name="position"/> on, no more than the ring holds.</summary>
    internal void WriteCqes(uint position, ReadOnlySpan<Cqe> cqes)
    {
        uint first = position & _cqMask;
        int untilWrap = (int)Math.Min(_layout.CqEntries - first, (uint)cqes.Length);
        var entries = new Span<Cqe>(_cqes, (int)_layout.CqEntries);
        cqes[..untilWrap].CopyTo(entries[(int)first..]);
        cqes[untilWrap..].CopyTo(entries);
    }

    /// <summary>Fills the CQE at <paramref name="position"/>; visible once a tail beyond it is published.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WriteCqe(uint position, in Cqe cqe) => *(Cqe*)CqeAt(position) = cqe;

    /// <summary>Fills the second half of the big CQE at <paramref name="position"/>, which does not lie across the ring's end.</summary>
    internal void WriteCqeExtra(uint position, in CqeExtra extra) => *(CqeExtra*)(CqeAt(position) + Cqe.BigCqeOffset) = extra;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* CqeAt(uint position) => _cqes + ((nuint)(position & _cqMask) << _layout.CqeShift);

    private void View(in RingLayout layout, byte* rings, byte* sqes)
    {
        _layout = layout;
        (_sqMask, _cqMask) = (layout.SqEntries - 1, layout.CqEntries - 1);
        _rings = rings;
        _sqes = sqes;
        _cqes = rings + layout.Cqes;
        _sqHead = (uint*)(rings + RingLayout.SqHead);
        _sqTail = (uint*)(rings + layout.SqTail);
        _cqHead = (uint*)(rings + layout.CqHead);
        _cqTail = (uint*)(rings + layout.CqTail);
        _sqFlags = (uint*)(rings + layout.SqFlags);
        _sqDropped = (uint*)(rings + layout.SqDropped);
        _cqFlags = (uint*)(rings + layout.CqFlags);
        _cqOverflow = (uint*)(rings + layout.CqOverflow);
        _sqArray = (uint*)(rings + layout.SqArray);
    }

    private void WriteSizes()
    {
        *(uint*)(_rings + _layout.SqMask) = _sqMask;
        *(uint*)(_rings + _layout.SqCount) = _layout.SqEntries;
        *(uint*)(_rings + _layout.CqMask) = _cqMask;
        *(uint*)(_rings + _layout.CqCount) = _layout.CqEntries;
    }
}
