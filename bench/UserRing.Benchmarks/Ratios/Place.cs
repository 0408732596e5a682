using System.ComponentModel;
using System.Diagnostics;
using UserRing.Engine.Linux;
using UserRing.Tool.Bench;

namespace UserRing.Benchmarks.Ratios;

/// <summary>A directory on some file system with a file to read; removed, and unmounted, when disposed.</summary>
internal sealed class Place : IDisposable
{
    private readonly BenchFile _file;
    private readonly DirectoryInfo? _overlay;

    private Place(string name, BenchFile file, DirectoryInfo? overlay = null) => (Name, _file, _overlay) = (name, file, overlay);

    public string Name { get; }

    /// <summary>Whether this is the file system that the goals were set for.</summary>
    public bool IsReference => Name == "ext4";

    public string File => _file.Path;

    /// <summary>Where the program was started, /dev/shm, and an overlay mount where we may make one.</summary>
    public static IEnumerable<Place> All(CancellationToken stop)
    {
        yield return Here(Environment.CurrentDirectory, stop);
        if (Directory.Exists("/dev/shm"))
        {
            yield return Here("/dev/shm", stop);
        }
        if (Overlay(stop) is { } overlay)
        {
            yield return overlay;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_overlay is not null)
        {
            Run("umount", Path.Combine(_overlay.FullName, "merged"));
            _overlay.Delete(recursive: true);
        }
    }

    private static Place Here(string directory, CancellationToken stop)
    {
        BenchFile file = BenchFile.Create(directory, stop);
        return new Place(TypeOf(file.Path), file);
    }

    /// <summary>The file lies in the upper layer of a fresh mount; reads of both layers take the same way.</summary>
    private static Place? Overlay(CancellationToken stop)
    {
        string name = $".uring-overlay-{Environment.ProcessId}";
        DirectoryInfo root = Directory.CreateDirectory(Path.Combine(Environment.CurrentDirectory, name));
        string lower = root.CreateSubdirectory("lower").FullName;
        string upper = root.CreateSubdirectory("upper").FullName;
        string work = root.CreateSubdirectory("work").FullName;
        string merged = root.CreateSubdirectory("merged").FullName;
        if (!Run("mount", "-t", "overlay", "overlay", "-o", $"lowerdir={lower},upperdir={upper},workdir={work}", merged))
        {
            root.Delete(recursive: true);
            return null;
        }
        return new Place("overlayfs", BenchFile.Create(merged, stop), root);
    }

    private static string TypeOf(string path)
    {
        using TargetFile file = TargetFile.Open(path, direct: false);
        return Libc.StatfsType(file.Descriptor) switch
        {
            Libc.EXT4_SUPER_MAGIC => "ext4",
            Libc.TMPFS_MAGIC => "tmpfs",
            Libc.OVERLAYFS_SUPER_MAGIC => "overlayfs",
            long type => $"file system {type:x}",
        };
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
