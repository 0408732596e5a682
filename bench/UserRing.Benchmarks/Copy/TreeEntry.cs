using System.IO.Enumeration;

namespace UserRing.Benchmarks.Copy;

/// <summary>What a tree has in it besides its root.</summary>
/// <param name="Path">From the root.</param>
/// <param name="Mode">Its permissions; a symbolic link has none of its own.</param>
/// <param name="Link">Where a symbolic link leads.</param>
/// <param name="IsFolder">No file and no symbolic link.</param>
/// <param name="Level">0: a folder in the root; folders before all else, each before what is in it.</param>
internal sealed record TreeEntry(string Path, UnixFileMode Mode, string? Link, bool IsFolder, int Level)
{
    private const int AfterFolders = int.MaxValue;

    /// <summary>In an order in which they can be made. What io_uring has no operation for: the reading of directories.</summary>
    public static TreeEntry[] List(string root)
    {
        string full = System.IO.Path.GetFullPath(root);
        EnumerationOptions everything = new()
        {
            RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false,
        };
        FileSystemEnumerable<TreeEntry> entries = new(full, (ref found) => Of(ref found, full), everything)
        {
            // Symbolic links are copied, not followed.
            ShouldRecursePredicate = static (ref found) => (found.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        return [.. entries.OrderBy(entry => entry.Level).ThenBy(entry => entry.Path, StringComparer.Ordinal)];
    }

    private static TreeEntry Of(ref FileSystemEntry found, string root)
    {
        string path = System.IO.Path.GetRelativePath(root, found.ToFullPath());
        bool isLink = (found.Attributes & FileAttributes.ReparsePoint) != 0;
        bool isFolder = found.IsDirectory && !isLink;
        FileSystemInfo info = found.ToFileSystemInfo();
        return new TreeEntry(
            path, isLink ? UnixFileMode.None : info.UnixFileMode, isLink ? info.LinkTarget : null, isFolder,
            isFolder ? path.Count(character => character == '/') : AfterFolders);
    }
}
