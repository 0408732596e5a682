using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>FALLOCATE, as fallocate(2): completes with 0. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file, open for writing.</param>
    /// <param name="mode">FALLOC_ bits; 0 makes room, and the file longer if need be.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length in bytes.</param>
    public static ref Sqe PrepareFallocate(this ref Sqe sqe, int fd, int mode, ulong offset, ulong length) =>
        ref Prepare(ref sqe, Opcode.Fallocate, fd, (nuint)length, (uint)mode, offset);

    /// <summary>FTRUNCATE, as ftruncate(2): completes with 0. Linux 6.9.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file, open for writing.</param>
    /// <param name="length">Bytes that it has afterwards.</param>
    public static ref Sqe PrepareFtruncate(this ref Sqe sqe, int fd, ulong length) =>
        ref Prepare(ref sqe, Opcode.Ftruncate, fd, 0, 0, length);
}
