using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// FILES_UPDATE: puts descriptors into slots of the registered files; completes with how many were handled before the first error, or
    /// with that error. A slot is emptied by the descriptor that could not be put into it. Linux 5.6.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="descriptors">
    /// Address of ints: descriptors, -1 to empty a slot, <see cref="FileSlots.Skip"/> to leave it as it is. It must not move until the
    /// completion.
    /// </param>
    /// <param name="count">How many.</param>
    /// <param name="firstSlot">
    /// Slot of the first. Or <see cref="FileSlots.Alloc"/> (Linux 5.19): each goes to a free slot, whose number is written in its place.
    /// </param>
    public static ref Sqe PrepareFilesUpdate(this ref Sqe sqe, nuint descriptors, uint count, uint firstSlot) =>
        ref Prepare(ref sqe, Opcode.FilesUpdate, -1, descriptors, count, firstSlot);

    /// <summary>
    /// FIXED_FD_INSTALL: makes a descriptor for a registered file; completes with its number. Close-on-exec unless refused. Linux 6.8.
    /// </summary>
    /// <param name="sqe">The entry to fill in; its flags must keep <see cref="SqeFlags.FixedFile"/>.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="flags">Whether without close-on-exec.</param>
    public static ref Sqe PrepareFixedFdInstall(this ref Sqe sqe, int slot, InstallFdFlags flags = InstallFdFlags.None)
    {
        Prepare(ref sqe, Opcode.FixedFdInstall, slot).InstallFdFlags = flags;
        sqe.Flags = SqeFlags.FixedFile;
        return ref sqe;
    }
}
