namespace UserRing.Benchmarks.Copy;

/// <summary>
/// A tree to copy, the same for each seed: nested folders, empty ones among them; files from nothing to some megabytes, most of them
/// small; all kinds of permissions and names; symbolic links to files, to folders and to nothing.
/// </summary>
internal static class SampleTree
{
    private const int FilesPerFolder = 20, MostBytes = 3 << 20, Depth = 5;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly UnixFileMode[] FileModes = [.. Modes("644", "600", "444", "755", "666", "4755")];
    private static readonly UnixFileMode[] FolderModes = [.. Modes("755", "700", "555", "1777")];
    private static readonly string[] Names = ["file", "with space", "ünïcödé", ".hidden", "-dash", "new\nline"];

    public static void Create(string root, int files, int seed, CancellationToken stop)
    {
        Random random = new(seed);
        Directory.CreateDirectory(root);
        List<string> folders = [root];
        byte[] content = new byte[MostBytes];
        random.NextBytes(content);
        for (int i = 0; i < files; i++)
        {
            stop.ThrowIfCancellationRequested();
            if (i % FilesPerFolder == 0)
                folders.Add(NewFolder(folders, random, root, i));
            string path = Path.Combine(folders[^1], $"{Names[i % Names.Length]} {i}");
            int length = SizeOf(i, random);
            File.WriteAllBytes(path, content.AsSpan(random.Next(MostBytes - length + 1), length));
            File.SetUnixFileMode(path, FileModes[i % FileModes.Length]);
            if (i % FilesPerFolder == 1)
                File.CreateSymbolicLink($"{path} link", i % 3 == 0 ? "nowhere/to be found" : path);
        }

        Directory.CreateDirectory(Path.Combine(folders[^1], "empty"));
        Directory.CreateSymbolicLink(Path.Combine(root, "link to a folder"), folders[1]);
        for (int i = 1; i < folders.Count; i++)
            File.SetUnixFileMode(folders[i], FolderModes[i % FolderModes.Length]);
    }

    /// <summary>Removes a tree, into whose folders one may not be allowed to write.</summary>
    public static void Remove(string root)
    {
        if (!Directory.Exists(root))
            return;
        foreach (TreeEntry entry in TreeEntry.List(root))
        {
            if (entry.IsFolder)
                File.SetUnixFileMode(Path.Combine(root, entry.Path), Readable | UnixFileMode.UserExecute);
        }

        Directory.Delete(root, recursive: true);
    }

    private static string NewFolder(List<string> folders, Random random, string root, int number)
    {
        string parent = folders[random.Next(folders.Count)];
        if (Path.GetRelativePath(root, parent).Count(character => character == '/') >= Depth)
            parent = root;
        string path = Path.Combine(parent, $"folder {number}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Around the copy's buffer, too, and a few that need many of them.</summary>
    private static int SizeOf(int number, Random random) => (number % 50) switch
    {
        0 => 0,
        1 => 128 << 10,
        2 => (128 << 10) + 1,
        3 => (128 << 10) - 1,
        4 when number % 100 == 4 => random.Next(MostBytes),
        _ => (int)Math.Exp(random.NextDouble() * Math.Log(32 << 10)),
    };

    private static IEnumerable<UnixFileMode> Modes(params string[] octal) => octal.Select(mode => (UnixFileMode)Convert.ToInt32(mode, 8));
}
