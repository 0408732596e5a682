using System.Numerics;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// The groups of provided buffers of a ring, and how a request takes buffers from one (io_uring/kbuf.c). Submit lock held throughout;
/// a worker or the poller takes it (<see cref="Submission.Hold"/>) around each call. An attempt goes like this:
/// <list type="number">
/// <item><see cref="Select"/> (or <see cref="SelectMany"/>), unless <see cref="BufferSelection.IsMade"/> from an earlier attempt.
/// A buffer of a ring whose file can be polled, taken under the lock, is only looked at: the lock is kept until one of the next two.
/// </item>
/// <item>It would block and the request goes to wait: <see cref="Recycle"/>. What was paid for when it was taken stays taken.</item>
/// <item>It is done: <see cref="Finish"/>, whose answer goes into the CQE's flags. Reads that failed recycle first and finish if that is
/// refused; a buffer of a list they keep. Receives recycle whatever did not give them a byte.</item>
/// </list>
/// </summary>
internal sealed class BufferGroups(RingContext ring)
{
    private readonly Dictionary<ushort, BufferGroup> _groups = [];

    /// <summary>
    /// Takes the next buffer of a group. <paramref name="length"/> becomes the smaller of itself and the buffer's (0: the buffer's). With
    /// <paramref name="mayRetry"/> a ring's buffer stays there until the attempt has ended; without, it is used up now, whatever
    /// becomes of the request: on a worker, and for a file that cannot be polled. 0, or -ENOBUFS.
    /// </summary>
    internal int Select(ushort group, bool mayRetry, ref uint length, ref BufferSelection selection)
    {
        switch (Find(group))
        {
            case BufferRing buffers when buffers.TryPeek(out Buf buffer, out selection.EmptiedGroup):
                length = length == 0 ? buffer.Len : Math.Min(length, buffer.Len);
                (selection.Address, selection.Length, selection.Id) = ((nuint)buffer.Addr, buffer.Len, buffer.Bid);
                Made(group, buffers, ref selection);
                if (!mayRetry)
                    Pay(ref selection, (int)length, 1);
                return 0;
            case BufferList buffers when buffers.TryTake(ref selection):
                length = length == 0 ? selection.Length : Math.Min(length, selection.Length);
                selection.EmptiedGroup = buffers.Count == 0;
                Made(group, null, ref selection);
                return 0;
            default:
                return -Errno.ENOBUFS;
        }
    }

    /// <summary>
    /// Several buffers of a ring for one transfer of <paramref name="most"/> bytes (0: as many as there are), one of a list. Without
    /// <paramref name="mayRetry"/> they are used up at once (sending does that always, receiving on a worker). How many, -ENOBUFS, or
    /// -ENOENT if there is no such group.
    /// </summary>
    internal int SelectMany(ushort group, bool mayRetry, uint most, Span<IoVec> vectors, ref BufferSelection selection)
    {
        switch (Find(group))
        {
            case BufferRing buffers:
                int count = buffers.Peek(most, vectors, ref selection);
                if (count < 0)
                    return count;
                Made(group, buffers, ref selection);
                if (!mayRetry)
                    Pay(ref selection, (int)TotalOf(vectors[..count]), count);
                return count;
            case BufferList:
                uint length = mayRetry ? most : 0; // a send takes all of a list's buffer (io_uring/kbuf.c, io_buffers_select)
                int error = Select(group, mayRetry, ref length, ref selection);
                if (error < 0)
                    return error;
                vectors[0] = new IoVec { Base = selection.Address, Len = length };
                return 1;
            default:
                return -Errno.ENOENT;
        }
    }

    /// <summary>
    /// The transfer is over with <paramref name="bytes"/> (or an error) and used <paramref name="buffers"/> buffers: the CQE's flags, none
    /// if none was taken.
    /// </summary>
    internal static CqeFlags Finish(ref BufferSelection selection, int bytes, int buffers = 1)
    {
        if (!selection.IsMade)
            return CqeFlags.None;
        Pay(ref selection, bytes, buffers);
        CqeFlags flags = selection.Flags(selection.HasMore);
        selection = default;
        return flags;
    }

    /// <summary>The request goes on waiting with what it has filled so far of a buffer: that one is its own from now on.</summary>
    internal static void Keep(ref BufferSelection selection, int bytes, int buffers)
    {
        Pay(ref selection, bytes, buffers);
        (selection.IsKept, selection.HasMore) = (true, false);
    }

    /// <summary>
    /// Puts back what was taken, for an attempt that moved nothing; the next one selects anew. False if it was paid for already.
    /// </summary>
    internal bool Recycle(ref BufferSelection selection)
    {
        if (!selection.IsMade)
            return true;
        if (selection.IsKept)
            return false;
        if (selection.IsFromList)
        {
            if (Find(selection.Group) is BufferList buffers) // otherwise the group went meanwhile, and the buffer with it
                buffers.PutBack(selection);
        }
        else if (selection.Uncommitted is null)
        {
            return false;
        }

        selection = default;
        return true;
    }

    /// <summary>How many buffers a transfer of <paramref name="bytes"/> used, for <see cref="Finish"/>.</summary>
    internal static int CountUsed(ReadOnlySpan<IoVec> vectors, int bytes)
    {
        int used = 0;
        for (long left = bytes; left > 0 && used < vectors.Length; used++)
            left -= (long)vectors[used].Len;
        return used;
    }

    /// <summary>PROVIDE_BUFFERS: 0 or -errno.</summary>
    internal int Provide(ushort group, nuint address, uint length, int count, ushort firstId)
    {
        BufferGroup? found = Find(group);
        if (found is null)
            _groups.Add(group, found = new BufferList());
        return found is BufferList buffers ? buffers.Add(address, length, count, firstId) : -Errno.EINVAL;
    }

    /// <summary>REMOVE_BUFFERS: how many, or -errno.</summary>
    internal int Remove(ushort group, int most) => Find(group) switch
    {
        null => -Errno.ENOENT,
        BufferList buffers => buffers.Remove(most),
        _ => -Errno.EINVAL,
    };

    internal int RegisterRing(Caller caller, in BufReg registration)
    {
        if (MemoryMarshal.AsBytes(new ReadOnlySpan<Uints5>(in registration.Resv)).ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;
        if ((registration.Flags & ~(PbufRingFlags.Mmap | PbufRingFlags.Inc)) != 0)
            return -Errno.EINVAL;
        if (!BitOperations.IsPow2(registration.RingEntries) || registration.RingEntries > RingLimits.MaxBufRingEntries)
            return -Errno.EINVAL;
        if (registration.MinLeft != 0 && (registration.Flags & PbufRingFlags.Inc) == 0)
            return -Errno.EINVAL;
        if (Find(registration.Bgid) is { } old)
        {
            if (old is not BufferList { Count: 0 })
                return -Errno.EEXIST;
            _groups.Remove(registration.Bgid);
        }

        int error = MemoryArea.TryMake(ring, caller, AreaOf(registration), out MemoryArea area);
        if (error == 0)
            _groups.Add(registration.Bgid, new BufferRing(registration, caller, area));
        return error;
    }

    internal int UnregisterRing(in BufReg registration)
    {
        if (registration.MinLeft != 0 || MemoryMarshal.AsBytes(new ReadOnlySpan<Uints5>(in registration.Resv)).ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;
        if (registration.Flags != 0)
            return -Errno.EINVAL;
        switch (Find(registration.Bgid))
        {
            case null:
                return -Errno.ENOENT;
            case BufferRing buffers:
                _groups.Remove(registration.Bgid);
                buffers.Free();
                return 0;
            default:
                return -Errno.EINVAL;
        }
    }

    /// <summary>PBUF_STATUS: fills in the head.</summary>
    internal int GetStatus(ref BufStatus status)
    {
        if (MemoryMarshal.AsBytes(new ReadOnlySpan<Uints8>(in status.Resv)).ContainsAnyExcept((byte)0))
            return -Errno.EINVAL;
        BufferGroup? found = status.BufGroup > RingLimits.MaxBufferGroup ? null : Find((ushort)status.BufGroup);
        if (found is not BufferRing buffers)
            return found is null ? -Errno.ENOENT : -Errno.EINVAL;
        status.Head = buffers.Head;
        return 0;
    }

    /// <summary>mmap of a buffer ring that is the engine's memory: address or -errno. Takes the submit lock.</summary>
    internal nint Map(ulong group, nuint length, int protection, int flags)
    {
        using (ring.Submission.Hold())
        {
            BufferGroup? found = group > RingLimits.MaxBufferGroup ? null : Find((ushort)group);
            return found is BufferRing { Region: { } region } ? region.MapForCaller(length, protection, flags) : -Errno.ENOMEM;
        }
    }

    /// <summary>With the ring.</summary>
    internal void Free()
    {
        foreach (BufferGroup group in _groups.Values)
            group.Free();
        _groups.Clear();
    }

    private static void Made(ushort group, BufferRing? uncommitted, ref BufferSelection selection)
    {
        (selection.Group, selection.Uncommitted) = (group, uncommitted);
        (selection.IsMade, selection.IsFromList, selection.HasMore) = (true, uncommitted is null, false);
    }

    private static void Pay(ref BufferSelection selection, int bytes, int buffers)
    {
        if (selection.Uncommitted is not { } ringOfBuffers)
            return;
        selection.HasMore = !ringOfBuffers.Commit(bytes, buffers);
        selection.Uncommitted = null;
    }

    private static nuint TotalOf(ReadOnlySpan<IoVec> vectors)
    {
        nuint total = 0;
        foreach (ref readonly IoVec vector in vectors)
            total += vector.Len;
        return total;
    }

    private static RegionDesc AreaOf(in BufReg registration)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        var area = new RegionDesc { Size = (registration.RingEntries * 16ul + page - 1) & ~((ulong)page - 1) };
        if ((registration.Flags & PbufRingFlags.Mmap) == 0)
            (area.UserAddr, area.Flags) = (registration.RingAddr, RegionDescFlags.TypeUser);
        return area;
    }

    private BufferGroup? Find(ushort group) => _groups.GetValueOrDefault(group);
}
