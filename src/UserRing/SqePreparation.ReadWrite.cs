using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>READ: completes with the bytes read, 0 at the end. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="address">Where to put the bytes.</param>
    /// <param name="length">How many bytes at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own, which the read moves.</param>
    public static ref Sqe PrepareRead(this ref Sqe sqe, int fd, nuint address, uint length, ulong offset) =>
        ref Prepare(ref sqe, Opcode.Read, fd, address, length, offset);

    /// <summary>WRITE: completes with the bytes written. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="address">The bytes.</param>
    /// <param name="length">How many.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own, which the write moves.</param>
    public static ref Sqe PrepareWrite(this ref Sqe sqe, int fd, nuint address, uint length, ulong offset) =>
        ref Prepare(ref sqe, Opcode.Write, fd, address, length, offset);

    /// <summary>READV, as preadv2(2): completes with the bytes read. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="iovecs">Address of <see cref="IoVec"/>s; the array may go once it is submitted (SUBMIT_STABLE, Linux 5.5).</param>
    /// <param name="count">How many, 1024 at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="rwFlags">RWF_ bits.</param>
    public static ref Sqe PrepareReadv(this ref Sqe sqe, int fd, nuint iovecs, uint count, ulong offset, int rwFlags = 0)
    {
        Prepare(ref sqe, Opcode.Readv, fd, iovecs, count, offset).RwFlags = (uint)rwFlags;
        return ref sqe;
    }

    /// <summary>WRITEV, as pwritev2(2): completes with the bytes written. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="iovecs">Address of <see cref="IoVec"/>s; see <see cref="PrepareReadv"/>.</param>
    /// <param name="count">How many, 1024 at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="rwFlags">RWF_ bits.</param>
    public static ref Sqe PrepareWritev(this ref Sqe sqe, int fd, nuint iovecs, uint count, ulong offset, int rwFlags = 0)
    {
        Prepare(ref sqe, Opcode.Writev, fd, iovecs, count, offset).RwFlags = (uint)rwFlags;
        return ref sqe;
    }

    /// <summary>READ_FIXED: a read into a registered buffer. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="address">Where to put the bytes, within that buffer.</param>
    /// <param name="length">How many bytes at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="bufIndex">Index of the registered buffer.</param>
    public static ref Sqe PrepareReadFixed(this ref Sqe sqe, int fd, nuint address, uint length, ulong offset, ushort bufIndex)
    {
        Prepare(ref sqe, Opcode.ReadFixed, fd, address, length, offset).BufIndex = bufIndex;
        return ref sqe;
    }

    /// <summary>WRITE_FIXED: a write out of a registered buffer. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="address">The bytes, within that buffer.</param>
    /// <param name="length">How many.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="bufIndex">Index of the registered buffer.</param>
    public static ref Sqe PrepareWriteFixed(this ref Sqe sqe, int fd, nuint address, uint length, ulong offset, ushort bufIndex)
    {
        Prepare(ref sqe, Opcode.WriteFixed, fd, address, length, offset).BufIndex = bufIndex;
        return ref sqe;
    }

    /// <summary>READV_FIXED: a vectored read whose parts all lie in one registered buffer. Linux 6.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="iovecs">Address of <see cref="IoVec"/>s; see <see cref="PrepareReadv"/>.</param>
    /// <param name="count">How many, 1024 at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="rwFlags">RWF_ bits.</param>
    /// <param name="bufIndex">Index of the registered buffer.</param>
    public static ref Sqe PrepareReadvFixed(
        this ref Sqe sqe, int fd, nuint iovecs, uint count, ulong offset, int rwFlags, ushort bufIndex)
    {
        Prepare(ref sqe, Opcode.ReadvFixed, fd, iovecs, count, offset).RwFlags = (uint)rwFlags;
        sqe.BufIndex = bufIndex;
        return ref sqe;
    }

    /// <summary>WRITEV_FIXED: a vectored write whose parts all lie in one registered buffer. Linux 6.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="iovecs">Address of <see cref="IoVec"/>s; see <see cref="PrepareReadv"/>.</param>
    /// <param name="count">How many, 1024 at most.</param>
    /// <param name="offset">Position in bytes; <see cref="ulong.MaxValue"/> is the file's own.</param>
    /// <param name="rwFlags">RWF_ bits.</param>
    /// <param name="bufIndex">Index of the registered buffer.</param>
    public static ref Sqe PrepareWritevFixed(
        this ref Sqe sqe, int fd, nuint iovecs, uint count, ulong offset, int rwFlags, ushort bufIndex)
    {
        Prepare(ref sqe, Opcode.WritevFixed, fd, iovecs, count, offset).RwFlags = (uint)rwFlags;
        sqe.BufIndex = bufIndex;
        return ref sqe;
    }
}
