using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>FSYNC of the whole file: completes with 0. Does not wait for writes that are still in flight. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="flags">Whether as fsync(2) or fdatasync(2).</param>
    public static ref Sqe PrepareFsync(this ref Sqe sqe, int fd, FsyncFlags flags = FsyncFlags.None)
    {
        Prepare(ref sqe, Opcode.Fsync, fd).FsyncFlags = flags;
        return ref sqe;
    }

    /// <summary>SYNC_FILE_RANGE, as sync_file_range(2), which is no fsync: completes with 0. Linux 5.2.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length in bytes; 0: to the end.</param>
    /// <param name="flags">SYNC_FILE_RANGE_ bits: what to wait for, and whether to write.</param>
    public static ref Sqe PrepareSyncFileRange(this ref Sqe sqe, int fd, ulong offset, uint length, uint flags)
    {
        Prepare(ref sqe, Opcode.SyncFileRange, fd, 0, length, offset).SyncRangeFlags = flags;
        return ref sqe;
    }
}
