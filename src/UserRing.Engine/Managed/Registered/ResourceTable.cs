using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// The rules that the file table and the buffer table share: registering all or nothing, updating a range, tags, unregistering. Guarded by
/// the ring's submit lock. <typeparamref name="TSource"/> is the program's form of an entry (descriptor, iovec).
/// </summary>
internal abstract class ResourceTable<TSource, TResource>(RingContext ring)
    where TSource : unmanaged
    where TResource : RegisteredResource
{
    // Copied from the caller's memory so many at a time.
    private const int Chunk = 512;

    private TResource?[]? _entries;

    protected RingContext Ring { get; } = ring;

    /// <summary>The table, or null where none is registered.</summary>
    protected TResource?[]? Entries => _entries;

    /// <summary>Submit lock held; null for an empty slot, a slot out of range or no table.</summary>
    internal TResource? Find(int index)
    {
        TResource?[]? entries = _entries;
        return entries is not null && (uint)index < (uint)entries.Length ? entries[index] : null;
    }

    /// <summary>
    /// REGISTER_*: a new table of <paramref name="count"/> slots; <paramref name="data"/> 0 leaves them empty. 0 or -errno.
    /// </summary>
    internal int Register(Caller caller, nuint data, nuint tags, uint count, IssueBatch batch)
    {
        if (_entries is not null)
            return -Errno.EBUSY;
        if (count == 0)
            return -Errno.EINVAL;
        int error = CheckSize(caller, count);
        if (error < 0)
            return error;
        var made = new TResource?[count];
        int done = data == 0 ? 0 : Fill(caller, made, 0, count, data, tags, batch, update: false);
        if (done < 0)
        {
            foreach (TResource? entry in made)
                entry?.Release(null);
            return done;
        }

        _entries = made;
        WhenResized(made.Length);
        return 0;
    }

    /// <summary>*_UPDATE: replaces slots; how many were done before the first error, or that error if there were none.</summary>
    internal int Update(Caller caller, uint offset, nuint data, nuint tags, uint count, IssueBatch batch)
    {
        if (offset + (ulong)count > uint.MaxValue)
            return -Errno.EOVERFLOW;
        if (_entries is null)
            return -Errno.ENXIO;
        return offset + count > (uint)_entries.Length
            ? -Errno.EINVAL
            : Fill(caller, _entries, offset, count, data, tags, batch, update: true);
    }

    /// <summary>Puts another table in the place of this one; what becomes of the resources is the caller's business.</summary>
    protected void Exchange(TResource?[] entries) => _entries = entries;

    internal int Unregister(IssueBatch batch)
    {
        if (_entries is not { } entries)
            return -Errno.ENXIO;
        _entries = null;
        WhenResized(0);
        foreach (TResource? entry in entries)
            entry?.Release(batch);
        return 0;
    }

    /// <summary>With the ring: nothing is posted any more.</summary>
    internal void Free()
    {
        foreach (TResource? entry in _entries ?? [])
            entry?.Release(null);
        _entries = null;
    }

    protected abstract int CheckSize(Caller caller, uint count);

    /// <summary>A table of <paramref name="count"/> slots was registered; 0: it was taken back.</summary>
    protected virtual void WhenResized(int count)
    {
    }

    /// <summary>A slot of a table that stands got another content.</summary>
    protected virtual void WhenReplaced(int index, TResource? old, TResource? made)
    {
    }

    protected abstract bool IsEmpty(TSource source);

    /// <summary>A value that leaves the slot as it is (in an update only).</summary>
    protected abstract bool IsSkip(TSource source);

    protected abstract int Open(Caller caller, TSource source, ulong tag, out TResource? resource);

    private int Fill(
        Caller caller, TResource?[] entries, uint offset, uint count, nuint data, nuint tags, IssueBatch batch, bool update)
    {
        Span<TSource> sources = new TSource[Math.Min(count, Chunk)];
        Span<ulong> tagValues = new ulong[tags == 0 ? 0 : sources.Length];
        for (uint done = 0; done < count;)
        {
            // Read entry by entry where a chunk cannot be read whole, so that what lies before the bad address still counts.
            int size = (int)Math.Min(count - done, (uint)sources.Length);
            int error = CopyIn(caller, data, done, sources[..size]);
            if (error < 0 && size > 1)
                error = CopyIn(caller, data, done, sources[..(size = 1)]);
            if (error == 0 && tags != 0)
                error = CopyIn(caller, tags, done, tagValues[..size]);
            for (int i = 0; i < size && error == 0; i++)
            {
                error = Replace(caller, entries, (int)(offset + done), sources[i], tags == 0 ? 0 : tagValues[i], batch, update);
                if (error == 0)
                    done++;
            }

            if (error < 0)
                return update && done > 0 ? (int)done : error;
        }

        return (int)count;
    }

    private int Replace(Caller caller, TResource?[] entries, int index, TSource source, ulong tag, IssueBatch batch, bool update)
    {
        bool skip = update && IsSkip(source), empty = IsEmpty(source);
        if (tag != 0 && (skip || empty))
            return -Errno.EINVAL;
        if (skip)
            return 0;
        // The new one is opened first where that may fail for the source's sake; a failed file update still empties its slot.
        TResource? made = null;
        int error = empty ? 0 : Open(caller, source, tag, out made);
        if (error == 0 || EmptiesSlotOnFailure)
        {
            TResource? old = entries[index];
            entries[index] = made;
            if (update)
                WhenReplaced(index, old, made);
            old?.Release(batch);
        }

        return error;
    }

    /// <summary>Whether a failed update removes what the slot held (Linux: files do, buffers do not).</summary>
    protected abstract bool EmptiesSlotOnFailure { get; }

    private static int CopyIn<T>(Caller caller, nuint array, uint index, Span<T> destination)
        where T : unmanaged =>
        caller.CopyIn(array + (nuint)index * (nuint)Unsafe.SizeOf<T>(), MemoryMarshal.AsBytes(destination));
}
