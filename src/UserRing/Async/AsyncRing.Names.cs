namespace UserRing.Async;

public sealed partial class AsyncRing
{
    private const uint DirectoryMode = 0x1FF, RemoveDirectory = 0x200, DoNotReplace = 1;

    /// <summary>Renames a file or directory, as rename(2). Linux 5.11.</summary>
    /// <param name="path">What.</param>
    /// <param name="newPath">Its new name, on the same file system.</param>
    /// <param name="overwrite">Whether a file that has the name already is replaced; else that is an <see cref="IOException"/>.</param>
    /// <param name="cancellationToken">Cancels the operation if it has not begun.</param>
    public ValueTask RenameAsync(string path, string newPath, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ThrowIfNoPath(newPath);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        OperationSlot slot = Rent(path, newPath);
        slot.Sqe.PrepareRenameat(
            SqePreparation.CurrentDirectory, slot.Address, SqePreparation.CurrentDirectory, slot.SecondAddress,
            overwrite ? 0 : DoNotReplace);
        return slot.StartVoid(cancellationToken);
    }

    /// <summary>Deletes a name, as unlink(2): the file goes with its last name and user. Linux 5.11.</summary>
    /// <param name="path">The file; not a directory.</param>
    /// <param name="cancellationToken">Cancels the operation if it has not begun.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken = default) => Unlink(path, 0, cancellationToken);

    /// <summary>Deletes an empty directory, as rmdir(2). Linux 5.11.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Cancels the operation if it has not begun.</param>
    public ValueTask DeleteDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        Unlink(path, RemoveDirectory, cancellationToken);

    /// <summary>Makes a directory, as mkdir(2): its parent must exist, and it must not. Linux 5.15.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Cancels the operation if it has not begun.</param>
    public ValueTask CreateDirectoryAsync(string path, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        OperationSlot slot = Rent(path);
        slot.Sqe.PrepareMkdirat(SqePreparation.CurrentDirectory, slot.Address, DirectoryMode);
        return slot.StartVoid(cancellationToken);
    }

    private ValueTask Unlink(string path, uint flags, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        OperationSlot slot = Rent(path);
        slot.Sqe.PrepareUnlinkat(SqePreparation.CurrentDirectory, slot.Address, flags);
        return slot.StartVoid(cancellationToken);
    }

    /// <summary>A slot that holds copies of the paths.</summary>
    private OperationSlot Rent(string path, string? second = null)
    {
        ThrowIfNoPath(path);
        OperationSlot slot = _reactor.Rent();
        slot.Name(path, second);
        return slot;
    }

    private static void ThrowIfNoPath(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0'))
            throw new ArgumentException("A path has no null characters.", nameof(path));
    }
}
