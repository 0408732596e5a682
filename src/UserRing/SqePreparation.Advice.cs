using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>FADVISE, as posix_fadvise(2): completes with 0. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">Descriptor of the file.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length in bytes; 0: to the end. More than 32 bits since Linux 6.10.</param>
    /// <param name="advice">A POSIX_FADV_ number.</param>
    public static ref Sqe PrepareFadvise(this ref Sqe sqe, int fd, ulong offset, ulong length, uint advice)
    {
        (uint small, ulong large) = Length(length);
        Prepare(ref sqe, Opcode.Fadvise, fd, (nuint)large, small, offset).FadviseAdvice = advice;
        return ref sqe;
    }

    /// <summary>MADVISE, as madvise(2): completes with 0. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="address">Where the memory begins, on a page.</param>
    /// <param name="length">How many bytes. More than 32 bits since Linux 6.10.</param>
    /// <param name="advice">A MADV_ number.</param>
    public static ref Sqe PrepareMadvise(this ref Sqe sqe, nuint address, ulong length, uint advice)
    {
        (uint small, ulong large) = Length(length);
        Prepare(ref sqe, Opcode.Madvise, -1, address, small, large).FadviseAdvice = advice;
        return ref sqe;
    }

    /// <summary>In the 32-bit field, which every kernel looks at, where it fits.</summary>
    private static (uint Small, ulong Large) Length(ulong length) => length <= uint.MaxValue ? ((uint)length, 0) : (0, length);
}
