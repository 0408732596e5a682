using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// The registered files of a ring, and the range in which a free slot is looked for when an operation asks for any.
/// </summary>
internal sealed class FileTable(RingContext ring) : ResourceTable<int, RegisteredFile>(ring)
{
    private const int Empty = -1, Skip = -2;

    /// <summary>Where slots are allocated, and where the next search begins.</summary>
    private uint _allocStart, _allocEnd, _allocHint;

    /// <summary>
    /// Puts what an operation opened into the table. Takes <paramref name="descriptor"/> over: it is closed if there is no place for it.
    /// <paramref name="fileIndex"/> is the SQE's: slot + 1, or <see cref="FileSlots.Alloc"/>. From any thread: takes the submit lock.
    /// 0, the slot that was allocated, or -errno (ENXIO: no table; EINVAL: slot beyond it; ENFILE: none free).
    /// </summary>
    internal int InstallFixed(int descriptor, uint fileIndex, IssueBatch batch)
    {
        int result;
        using (Ring.Submission.Hold())
            result = Install(descriptor, fileIndex, batch);
        if (result < 0)
            Libc.Close(descriptor);
        return result;
    }

    /// <summary>
    /// As <see cref="InstallFixed"/> for a descriptor of the caller's, who keeps it; -EBADF for what cannot be registered. Submit lock
    /// held.
    /// </summary>
    internal int InstallDuplicate(Caller caller, int descriptor, uint fileIndex, IssueBatch batch)
    {
        int error = Open(caller, descriptor, tag: 0, out RegisteredFile? file);
        return error < 0 ? error : InstallFixed(file!.Descriptor, fileIndex, batch);
    }

    internal bool IsRegistered => Entries is not null;

    /// <summary>Empties a slot (CLOSE with a file_index): 0, -ENXIO, -EINVAL or -EBADF. From any thread: takes the submit lock.</summary>
    internal int RemoveFixed(uint slot, IssueBatch batch)
    {
        using (Ring.Submission.Hold())
        {
            if (Entries is not { } entries)
                return -Errno.ENXIO;
            if (slot >= (uint)entries.Length)
                return -Errno.EINVAL;
            if (entries[slot] is not { } old)
                return -Errno.EBADF;
            entries[slot] = null;
            HintAt(slot);
            old.Release(batch);
            return 0;
        }
    }

    /// <summary>REGISTER_FILE_ALLOC_RANGE: the slots that may be allocated from now on.</summary>
    internal int SetAllocRange(in FileIndexRange range)
    {
        if (range.Off + (ulong)range.Len > uint.MaxValue)
            return -Errno.EOVERFLOW;
        if (range.Resv != 0 || range.Off + range.Len > (uint)(Entries?.Length ?? 0))
            return -Errno.EINVAL;
        (_allocStart, _allocEnd, _allocHint) = (range.Off, range.Off + range.Len, range.Off);
        return 0;
    }

    protected override void WhenResized(int count) => (_allocStart, _allocEnd, _allocHint) = (0, (uint)count, 0);

    protected override void WhenReplaced(int index, RegisteredFile? old, RegisteredFile? made)
    {
        if (made is not null)
            HintAt((uint)index + 1);
        else if (old is not null)
            HintAt((uint)index);
    }

    protected override bool EmptiesSlotOnFailure => true;

    protected override int CheckSize(Caller caller, uint count) =>
        count > RingLimits.MaxFixedFiles || count > caller.Limit(Libc.RLIMIT_NOFILE) ? -Errno.EMFILE : 0;

    protected override bool IsEmpty(int source) => source == Empty;

    protected override bool IsSkip(int source) => source == Skip;

    protected override int Open(Caller caller, int source, ulong tag, out RegisteredFile? resource)
    {
        resource = null;
        // A ring in its own table would keep itself alive; the kernel refuses any ring here.
        if (source < 0 || ManagedEngine.IsRing(source))
            return -Errno.EBADF;
        int duplicate = caller.Duplicate(source);
        if (duplicate < 0)
            return duplicate;
        if ((Libc.Fcntl(duplicate, Libc.F_GETFL, 0) & Libc.O_PATH) != 0)
        {
            Libc.Close(duplicate);
            return -Errno.EBADF; // open only as a place in the tree
        }

        resource = new RegisteredFile(duplicate, tag);
        return 0;
    }

    /// <summary>
    /// The next search begins behind what was filled last, at what was emptied last, or at the start if that lies outside.
    /// </summary>
    private void HintAt(uint slot) => _allocHint = slot >= _allocStart && slot < _allocEnd ? slot : _allocStart;

    private int Install(int descriptor, uint fileIndex, IssueBatch batch)
    {
        if (ManagedEngine.IsRing(descriptor))
            return -Errno.EBADF;
        bool allocates = fileIndex == FileSlots.Alloc;
        int slot = allocates ? FindFree() : (int)(fileIndex - 1);
        if (slot < 0 && allocates)
            return slot;
        if (Entries is not { } entries)
            return -Errno.ENXIO;
        if ((uint)slot >= (uint)entries.Length)
            return -Errno.EINVAL;
        RegisteredFile? old = entries[slot];
        entries[slot] = new RegisteredFile(descriptor, tag: 0);
        if (old is null)
            HintAt((uint)slot + 1); // replacing one leaves the search where it is
        old?.Release(batch);
        return allocates ? slot : 0;
    }

    private int FindFree()
    {
        if (Entries is not { } entries)
            return -Errno.ENFILE;
        uint end = Math.Min(_allocEnd, (uint)entries.Length);
        for (uint slot = _allocHint; slot < end; slot++)
        {
            if (entries[slot] is null)
                return (int)slot;
        }

        for (uint slot = _allocStart; slot < Math.Min(_allocHint, end); slot++)
        {
            if (entries[slot] is null)
                return (int)slot;
        }

        return -Errno.ENFILE;
    }
}
