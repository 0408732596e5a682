using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// Buffers offered through a ring in shared memory. The program writes entries and moves the tail at any time; the head is the engine's
/// own. The memory is the engine's, mapped by the program, or the program's. The latter cannot be kept from being unmapped, so it is
/// never dereferenced but copied, tail first, as many entries at a time as there are: what lies before the tail was handed over and does
/// not change. Each entry is read once.
/// </summary>
internal sealed class BufferRing : BufferGroup
{
    /// <summary>Entries copied at a time, and the most that one request takes (io_uring/kbuf.c, PEEK_MAX_IMPORT).</summary>
    internal const int MostAtATime = 256;

    /// <summary>The tail lies in the reserved word of the first entry.</summary>
    private const int TailOffset = 14;

    private const int EntryBytes = 16;

    private readonly SharedRegion? _region;
    private readonly Caller _caller;
    private readonly nuint _address;
    private readonly uint _mask;
    private readonly bool _incremental;
    private readonly uint _leastLeft;
    private MemoryArea _area;

    // Entries copied from the program's memory, by position: from the head up to here, which may be before the tail that was seen.
    private readonly Buf[] _known;
    private ushort _head, _knownEnd, _tail;

    /// <param name="registration">What the program asked for, checked.</param>
    /// <param name="caller">Whose memory it is, if it is not ours.</param>
    /// <param name="area">Its memory, which it takes over.</param>
    internal BufferRing(in BufReg registration, Caller caller, in MemoryArea area)
    {
        (_caller, _area, _region, _address) = (caller, area, area.Region, area.Address);
        _mask = registration.RingEntries - 1;
        _incremental = (registration.Flags & PbufRingFlags.Inc) != 0;
        _leastLeft = Math.Max(registration.MinLeft, 1);
        _known = _region is null ? new Buf[Math.Min(registration.RingEntries, MostAtATime)] : [];
    }

    internal ushort Head => _head;

    /// <summary>The engine's memory of it, for the program to map; null if it brought its own.</summary>
    internal SharedRegion? Region => _region;

    /// <summary>The buffer at the head, not taken yet; <paramref name="last"/>: there is no other behind it.</summary>
    internal bool TryPeek(out Buf buffer, out bool last)
    {
        (buffer, last) = (default, false);
        if (LookFor(2) == 0)
            return false;
        buffer = EntryAt(_head);
        last = (ushort)(_tail - _head) == 1;
        return true;
    }

    /// <summary>
    /// Buffers from the head on for up to <paramref name="most"/> bytes (0: any number), not taken yet: how many, or -ENOBUFS. Unless
    /// the ring is incremental, the last is cut to what was asked for: only the first in the ring itself, any other by leaving it out.
    /// </summary>
    internal int Peek(uint most, Span<IoVec> vectors, ref BufferSelection selection)
    {
        int available = Math.Min(LookFor(MostAtATime), RingLimits.MaxIovecs);
        if (available == 0)
            return -Errno.ENOBUFS;
        Buf entry = EntryAt(_head);
        if (most != 0)
        {
            if (entry.Len == 0)
                return -Errno.ENOBUFS;
            ulong needed = ((ulong)most + entry.Len - 1) / entry.Len;
            available = (int)Math.Min((ulong)available, Math.Min(needed, MostAtATime));
        }

        selection.Id = entry.Bid;
        uint left = most == 0 ? int.MaxValue : most;
        int count = 0, room = Math.Min(available, vectors.Length);
        while (true)
        {
            uint length = Math.Min(entry.Len, left);
            if (length < entry.Len && !_incremental)
            {
                selection.IsCut = true;
                if (count > 0)
                    break;
                Write(_head, entry.Addr, length);
            }

            vectors[count++] = new IoVec { Base = (nuint)entry.Addr, Len = length };
            left -= length;
            if (left == 0)
                break;
            if (count == room)
            {
                selection.EmptiedGroup = (ushort)(_head + count) == _tail;
                break;
            }

            entry = EntryAt((ushort)(_head + count));
        }

        return count;
    }

    /// <summary>
    /// Moves the head past <paramref name="buffers"/> buffers. Of an incremental ring past those that <paramref name="bytes"/> bytes
    /// use up; what is left of the next stays for others. False if the (last) buffer is not used up.
    /// </summary>
    internal bool Commit(int bytes, int buffers)
    {
        if (bytes < 0)
            return true;
        if (!_incremental)
        {
            _head += (ushort)buffers;
            return true;
        }

        if (bytes == 0)
            return false;
        for (uint left = (uint)bytes; left > 0;)
        {
            Buf entry = EntryAt(_head);
            uint part = Math.Min(left, entry.Len), rest = entry.Len - part;
            if (rest >= _leastLeft || part == 0) // one of length 0 makes no sense, and would be passed over for ever
            {
                Write(_head, entry.Addr + part, rest);
                return false;
            }

            Write(_head, entry.Addr, 0);
            _head++;
            left -= part;
        }

        return true;
    }

    internal override void Free() => _area.Free();

    /// <summary>How many buffers can be looked at. Those of the program's memory are copied if fewer are known than wanted.</summary>
    private int LookFor(int wanted)
    {
        if (_region is not null)
        {
            // Acquire: the entries before it are the program's finished stores.
            _tail = Volatile.Read(ref _region.At<ushort>(TailOffset));
            return (ushort)(_tail - _head);
        }

        int known = (ushort)(_knownEnd - _head);
        if (known < Math.Min(wanted, _known.Length))
            CopyMore();
        return (ushort)(_knownEnd - _head);
    }

    private void CopyMore()
    {
        ushort tail = 0;
        if (_caller.CopyIn(_address + TailOffset, MemoryMarshal.AsBytes(new Span<ushort>(ref tail))) < 0)
            return; // unmapped: nothing more will come
        _tail = tail;
        Interlocked.MemoryBarrier(); // the entries are read after the tail
        int known = (ushort)(_knownEnd - _head), all = Math.Min((ushort)(tail - _head), _known.Length);
        while (known < all)
        {
            uint from = _knownEnd & _mask;
            int to = _knownEnd & (_known.Length - 1);
            int count = (int)Math.Min(Math.Min(_mask + 1 - from, (uint)(all - known)), (uint)(_known.Length - to));
            if (_caller.CopyIn(_address + from * EntryBytes, MemoryMarshal.AsBytes(_known.AsSpan(to, count))) < 0)
                return;
            known += count;
            _knownEnd += (ushort)count;
        }
    }

    private Buf EntryAt(ushort position)
    {
        if (_region is null)
            return _known[position & (_known.Length - 1)];
        uint offset = (position & _mask) * EntryBytes;
        return new Buf
        {
            Addr = Volatile.Read(ref _region.At<ulong>(offset)),
            Len = Volatile.Read(ref _region.At<uint>(offset + 8)),
            Bid = Volatile.Read(ref _region.At<ushort>(offset + 12)),
        };
    }

    /// <summary>
    /// Changes an entry in place, as the program may look at what is left. Its id, and the tail behind it, stay untouched.
    /// </summary>
    private void Write(ushort position, ulong address, uint length)
    {
        uint offset = (position & _mask) * EntryBytes;
        if (_region is not null)
        {
            Volatile.Write(ref _region.At<ulong>(offset), address);
            Volatile.Write(ref _region.At<uint>(offset + 8), length);
            return;
        }

        ref Buf entry = ref _known[position & (_known.Length - 1)];
        (entry.Addr, entry.Len) = (address, length);
        _ = _caller.CopyOut(_address + offset, MemoryMarshal.AsBytes(new ReadOnlySpan<Buf>(in entry))[..12]);
    }
}
