using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>RENAMEAT, as renameat2(2): completes with 0. Linux 5.11.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="oldDirectory">
    /// Where the old path begins if it is relative; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="oldPath">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="newDirectory">As <paramref name="oldDirectory"/>, for the new path.</param>
    /// <param name="newPath">As <paramref name="oldPath"/>; what it names is replaced.</param>
    /// <param name="flags">RENAME_ bits.</param>
    public static ref Sqe PrepareRenameat(
        this ref Sqe sqe, int oldDirectory, nuint oldPath, int newDirectory, nuint newPath, uint flags = 0)
    {
        Prepare(ref sqe, Opcode.Renameat, oldDirectory, oldPath, (uint)newDirectory, newPath).RenameFlags = flags;
        return ref sqe;
    }

    /// <summary>UNLINKAT, as unlinkat(2): completes with 0. Linux 5.11.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="directory">
    /// Where a relative path begins; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="flags">AT_REMOVEDIR for an empty directory, 0 for anything else.</param>
    public static ref Sqe PrepareUnlinkat(this ref Sqe sqe, int directory, nuint path, uint flags = 0)
    {
        Prepare(ref sqe, Opcode.Unlinkat, directory, path, 0, 0).UnlinkFlags = flags;
        return ref sqe;
    }

    /// <summary>MKDIRAT, as mkdirat(2): completes with 0. Linux 5.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="directory">
    /// Where a relative path begins; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="mode">Permissions, from which the umask is taken.</param>
    public static ref Sqe PrepareMkdirat(this ref Sqe sqe, int directory, nuint path, uint mode) =>
        ref Prepare(ref sqe, Opcode.Mkdirat, directory, path, mode, 0);

    /// <summary>SYMLINKAT, as symlinkat(2): completes with 0. Linux 5.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="target">Address of what the link says, ending with a 0 byte; may go once it is submitted.</param>
    /// <param name="directory">
    /// Where the path begins if it is relative; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of the path of the link, ending with a 0 byte; may go once it is submitted.</param>
    public static ref Sqe PrepareSymlinkat(this ref Sqe sqe, nuint target, int directory, nuint path) =>
        ref Prepare(ref sqe, Opcode.Symlinkat, directory, target, 0, path);

    /// <summary>LINKAT, as linkat(2): completes with 0. Linux 5.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="oldDirectory">
    /// Where the old path begins if it is relative; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="oldPath">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="newDirectory">As <paramref name="oldDirectory"/>, for the new path.</param>
    /// <param name="newPath">As <paramref name="oldPath"/>; must not exist.</param>
    /// <param name="flags">AT_SYMLINK_FOLLOW, AT_EMPTY_PATH.</param>
    public static ref Sqe PrepareLinkat(
        this ref Sqe sqe, int oldDirectory, nuint oldPath, int newDirectory, nuint newPath, uint flags = 0)
    {
        Prepare(ref sqe, Opcode.Linkat, oldDirectory, oldPath, (uint)newDirectory, newPath).HardlinkFlags = flags;
        return ref sqe;
    }
}
