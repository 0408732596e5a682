using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// SPLICE, as splice(2): moves bytes between a pipe and another file; completes with how many. It waits on a worker; a descriptor
    /// that is non-blocking, or SPLICE_F_NONBLOCK, makes it answer -EAGAIN in its place. Linux 5.7.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="from">
    /// Descriptor to move from, which must stay open until the completion; with <see cref="SpliceFlags.FdInFixed"/> a slot of the
    /// registered files.
    /// </param>
    /// <param name="fromOffset">Position there in bytes, or -1 for the file's own, and for a pipe.</param>
    /// <param name="to">Descriptor to move to.</param>
    /// <param name="toOffset">Position there in bytes, or -1 for the file's own, and for a pipe.</param>
    /// <param name="length">How many bytes at most.</param>
    /// <param name="flags">SPLICE_F_ bits of splice(2), and <see cref="SpliceFlags.FdInFixed"/>.</param>
    public static ref Sqe PrepareSplice(
        this ref Sqe sqe, int from, long fromOffset, int to, long toOffset, uint length, SpliceFlags flags = SpliceFlags.None)
    {
        Prepare(ref sqe, Opcode.Splice, to, 0, length, (ulong)toOffset).SpliceOffIn = (ulong)fromOffset;
        sqe.SpliceFdIn = from;
        sqe.SpliceFlags = flags;
        return ref sqe;
    }

    /// <summary>
    /// TEE, as tee(2): duplicates bytes of one pipe into another, without taking them; completes with how many. Waits as
    /// <see cref="PrepareSplice"/> does. Linux 5.8.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="from">Descriptor or slot of the pipe to read; see <see cref="PrepareSplice"/>.</param>
    /// <param name="to">Descriptor of the pipe to write.</param>
    /// <param name="length">How many bytes at most.</param>
    /// <param name="flags">SPLICE_F_ bits, and <see cref="SpliceFlags.FdInFixed"/>.</param>
    public static ref Sqe PrepareTee(this ref Sqe sqe, int from, int to, uint length, SpliceFlags flags = SpliceFlags.None)
    {
        Prepare(ref sqe, Opcode.Tee, to, 0, length, 0).SpliceFdIn = from;
        sqe.SpliceFlags = flags;
        return ref sqe;
    }

    /// <summary>
    /// PIPE, as pipe2(2): completes with 0 when the two descriptors, or slots, are written. Linux 6.16.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="ends">Address of two ints, read end first, to be written by the completion: it must not move until then.</param>
    /// <param name="flags">O_CLOEXEC, O_NONBLOCK, O_DIRECT; O_CLOEXEC not together with slots.</param>
    /// <param name="fileIndex">
    /// 0 for descriptors; else a slot plus one for the read end, the next being the write end's, or <see cref="FileSlots.Alloc"/> for any
    /// two.
    /// </param>
    public static ref Sqe PreparePipe(this ref Sqe sqe, nuint ends, int flags = 0, uint fileIndex = 0)
    {
        Prepare(ref sqe, Opcode.Pipe, 0, ends, 0, 0).PipeFlags = (uint)flags;
        sqe.FileIndex = fileIndex;
        return ref sqe;
    }
}
