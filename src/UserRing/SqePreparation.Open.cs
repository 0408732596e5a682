using System.Runtime.CompilerServices;
using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary><c>AT_FDCWD</c>: in place of a directory, relative paths begin in the current one.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>
    /// OPENAT, as openat(2): completes with the new descriptor. For a slot it completes with 0, for <see cref="FileSlots.Alloc"/> with the
    /// slot that was found. A FIFO opened for reading does not wait for a writer, and one opened for writing is refused (-ENXIO) without a
    /// reader, unless the request goes to a worker at once (<see cref="SqeFlags.Async"/>, O_CREAT, O_TRUNC). Linux 5.6, slots 5.15.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="directory">
    /// Where a relative path begins; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="flags">O_ bits of open(2); O_CLOEXEC not together with a slot.</param>
    /// <param name="mode">Permissions of a file that is created.</param>
    /// <param name="fileIndex">
    /// 0 for a descriptor; else a slot of the registered files plus one, whose content is replaced, or <see cref="FileSlots.Alloc"/>.
    /// </param>
    public static ref Sqe PrepareOpenat(
        this ref Sqe sqe, int directory, nuint path, int flags, uint mode = 0, uint fileIndex = 0)
    {
        Prepare(ref sqe, Opcode.Openat, directory, path, mode, 0).OpenFlags = (uint)flags;
        sqe.FileIndex = fileIndex;
        return ref sqe;
    }

    /// <summary>OPENAT2, as openat2(2): as <see cref="PrepareOpenat"/>, with control over how the path is resolved. Linux 5.6.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="directory">
    /// Where a relative path begins; must stay open until the completion. Or <see cref="CurrentDirectory"/>.
    /// </param>
    /// <param name="path">Address of a path that ends with a 0 byte; may go once it is submitted.</param>
    /// <param name="how">Address of an <see cref="OpenHow"/>, which may go once it is submitted.</param>
    /// <param name="fileIndex">0, a slot plus one, or <see cref="FileSlots.Alloc"/>.</param>
    public static ref Sqe PrepareOpenat2(this ref Sqe sqe, int directory, nuint path, nuint how, uint fileIndex = 0)
    {
        Prepare(ref sqe, Opcode.Openat2, directory, path, (uint)Unsafe.SizeOf<OpenHow>(), how).FileIndex = fileIndex;
        return ref sqe;
    }

    /// <summary>
    /// CLOSE of a descriptor: completes with 0. Requests that use it go on; a ring's own descriptor is refused (-EBADF). Linux 5.6.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="fd">The descriptor.</param>
    public static ref Sqe PrepareClose(this ref Sqe sqe, int fd) => ref Prepare(ref sqe, Opcode.Close, fd);

    /// <summary>CLOSE of a slot of the registered files: completes with 0, or -EBADF if it is empty. Linux 5.15.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="slot">The slot; the file itself is closed when the last request that uses it is done.</param>
    public static ref Sqe PrepareCloseSlot(this ref Sqe sqe, uint slot)
    {
        Prepare(ref sqe, Opcode.Close, 0).FileIndex = slot + 1;
        return ref sqe;
    }
}
