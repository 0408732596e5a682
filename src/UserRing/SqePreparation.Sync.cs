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
}
