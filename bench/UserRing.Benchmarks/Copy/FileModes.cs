namespace UserRing.Benchmarks.Copy;

/// <summary>What new files do not get.</summary>
internal static class FileModes
{
    /// <summary>Bits that an open leaves out or a change of content drops.</summary>
    public const UnixFileMode Special = UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.StickyBit;

    /// <summary>The process's umask, without changing it as umask(2) would.</summary>
    public static UnixFileMode Umask()
    {
        const string Name = "Umask:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return (UnixFileMode)Convert.ToInt32(line[Name.Length..].Trim(), 8);
    }
}
