using System.Runtime.InteropServices;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>What has a name.</summary>
internal sealed partial class Case
{
    public const int AT_FDCWD = -100;

    /// <summary>The path of a file of 100 bytes, alone in its directory.</summary>
    public string NamedFile()
    {
        string path = Path.Combine(Folder(), "file");
        System.IO.File.WriteAllBytes(path, new byte[100]);
        return path;
    }

    /// <summary>A path at which there is nothing, in a directory of its own.</summary>
    public string Nothing() => Path.Combine(Folder(), "nothing");

    /// <summary>The path of a pipe with a name, which nobody has open.</summary>
    public string Fifo()
    {
        const int OwnerOnly = 0x180;
        string path = Path.Combine(Folder(), "fifo");
        Assert.Equal(0, mkfifo(path, OwnerOnly));
        return path;
    }

    /// <summary>A directory, open.</summary>
    public TestDescriptor OpenFolder() => OpenFolder(Folder());

    public TestDescriptor OpenFolder(string path) => Own(TestDescriptor.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, int mode);
}
