using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>STATX, as statx(2): completes with 0 when the attributes are written. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="directory">
    /// Where a relative path begins, or with AT_EMPTY_PATH and an empty path the file itself; must stay open until the completion. Or
    /// <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of a path that ends with a 0 byte, never 0; may go once it is submitted.</param>
    /// <param name="flags">AT_ bits of statx(2).</param>
    /// <param name="mask">STATX_ bits of what is asked for.</param>
    /// <param name="statx">Address of a <see cref="Statx"/>, to be written by the completion: it must not move until then.</param>
    public static ref Sqe PrepareStatx(this ref Sqe sqe, int directory, nuint path, int flags, uint mask, nuint statx)
    {
        Prepare(ref sqe, Opcode.Statx, directory, path, mask, statx).StatxFlags = (uint)flags;
        return ref sqe;
    }
}
