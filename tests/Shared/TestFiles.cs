using System.Runtime.InteropServices;
using System.Text;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>A descriptor of the test's own, closed with the test.</summary>
internal class TestDescriptor(int number) : IDisposable
{
    private int _number = Checked(number);

    public int Number => _number;

    public static implicit operator int(TestDescriptor descriptor) => descriptor._number;

    public static TestDescriptor Open(string path, int flags = Libc.O_RDONLY) => new(Libc.Open(path, flags | Libc.O_CLOEXEC, 0x180));

    public static TestDescriptor EventFd(uint count = 0, int flags = 0) => new(Libc.Eventfd(count, flags | Libc.EFD_CLOEXEC));

    /// <summary>A number that is not open: high, so that no other test's open is given it.</summary>
    public const int Closed = 19_876;

    public void Close()
    {
        int number = Interlocked.Exchange(ref _number, -1);
        if (number >= 0)
            _ = Libc.Close(number);
    }

    /// <summary>Gives the number up without closing it.</summary>
    public int Detach() => Interlocked.Exchange(ref _number, -1);

    public virtual void Dispose() => Close();

    private static int Checked(int number)
    {
        Assert.InRange(number, 0, int.MaxValue);
        return number;
    }
}

/// <summary>
/// A file with known content on the disk the tests were built on (/tmp may be memory), removed at once: only its descriptor keeps it.
/// </summary>
internal sealed class TestFile : TestDescriptor
{
    private static int _count;

    private TestFile(int number, string path)
        : base(number) => Path = path;

    /// <summary>By which it can be opened again, though it has no name any more.</summary>
    public string Path { get; }

    public static TestFile Create(ReadOnlySpan<byte> content, int flags = Libc.O_RDWR, string folder = "")
    {
        if (folder.Length == 0)
            folder = AppContext.BaseDirectory;
        string path = System.IO.Path.Combine(folder, $"test-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}.tmp");
        File.WriteAllBytes(path, content);
        int number = Libc.Open(path, flags | Libc.O_CLOEXEC, 0);
        if (number < 0)
            File.Delete(path);
        var file = new TestFile(number, $"/proc/self/fd/{number}");
        File.Delete(path);
        return file;
    }

    public static TestFile Create(string content, string folder = "") => Create(Encoding.ASCII.GetBytes(content), folder: folder);

    /// <summary>Content in which every eight bytes tell where they are.</summary>
    public static TestFile Numbered(int bytes, int flags = Libc.O_RDWR, string folder = "")
    {
        byte[] content = new byte[bytes];
        for (int at = 0; at + sizeof(long) <= bytes; at += sizeof(long))
            MemoryMarshal.Write(content.AsSpan(at), (long)at);
        return Create(content, flags, folder);
    }

    /// <summary>Another descriptor of the same file.</summary>
    public TestDescriptor Again(int flags) => Open(Path, flags);

    public byte[] Content() => File.ReadAllBytes(Path);

    public long Size => Libc.StatFd(this, out FileIdentity identity) == 0 ? identity.Size : -1;

    public long Position
    {
        get => Libc.Lseek(this, 0, Libc.SEEK_CUR);
        set => Libc.Lseek(this, value, Libc.SEEK_SET);
    }
}

/// <summary>A folder on the disk the tests were built on, removed with all that is in it.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly TestDescriptor _directory;

    public TestFolder(string parent = "")
    {
        if (parent.Length == 0)
            parent = AppContext.BaseDirectory;
        Path = System.IO.Path.Combine(parent, $"test-{Guid.NewGuid():N}.dir");
        Directory.CreateDirectory(Path);
        _directory = TestDescriptor.Open(Path, Libc.O_DIRECTORY);
    }

    public string Path { get; }

    public static implicit operator int(TestFolder folder) => folder._directory;

    /// <summary>The path of an entry.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a file in it: its path.</summary>
    public string Add(string name, string content = "content")
    {
        File.WriteAllText(this[name], content);
        return this[name];
    }

    public void Dispose()
    {
        _directory.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}

/// <summary>A pipe, blocking unless asked otherwise.</summary>
internal sealed unsafe class TestPipe : IDisposable
{
    public TestPipe(int flags = 0)
    {
        int* ends = stackalloc int[2];
        Assert.Equal(0, Libc.Pipe2(ends, flags | Libc.O_CLOEXEC));
        (ReadEnd, WriteEnd) = (new TestDescriptor(ends[0]), new TestDescriptor(ends[1]));
    }

    public TestDescriptor ReadEnd { get; }

    public TestDescriptor WriteEnd { get; }

    public void Write(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        fixed (byte* at = bytes)
            Assert.Equal(bytes.Length, Libc.Write(WriteEnd, at, (nuint)bytes.Length));
    }

    /// <summary>Writes one byte without waiting: 1, or -EAGAIN if it is full, or -EPIPE if nobody can read.</summary>
    public int TryWrite()
    {
        byte one = 1;
        var part = new Abi.IoVec { Base = (nuint)(&one), Len = 1 };
        return (int)Libc.Pwritev2(WriteEnd, part, -1, Libc.RWF_NOWAIT);
    }

    /// <summary>Takes what is in it.</summary>
    public string Read(int most = 4096)
    {
        byte[] bytes = new byte[most];
        fixed (byte* at = bytes)
        {
            nint count = Libc.Read(ReadEnd, at, (nuint)most);
            Assert.InRange(count, 0, most);
            return Encoding.ASCII.GetString(bytes, 0, (int)count);
        }
    }

    /// <summary>Makes it as small as it can be and fills it; the bytes that fit.</summary>
    public int Fill()
    {
        Assert.InRange(Libc.Fcntl(WriteEnd, Libc.F_SETPIPE_SZ, 4096), 0, int.MaxValue);
        byte[] page = new byte[4096];
        fixed (byte* at = page)
            return (int)Libc.Write(WriteEnd, at, (nuint)page.Length);
    }

    public void Dispose()
    {
        ReadEnd.Dispose();
        WriteEnd.Dispose();
    }
}

/// <summary>
/// An inotify descriptor: a file that can be polled, refuses to be tried without blocking, and holds one message per happening.
/// </summary>
internal sealed class TestWatch : TestDescriptor
{
    private readonly string _path = System.IO.Path.Combine(AppContext.BaseDirectory, $"watched-{Guid.NewGuid():N}.tmp");

    public TestWatch(int flags = 0)
        : base(TestLibc.InotifyInit(flags))
    {
        File.WriteAllText(_path, "");
        Assert.InRange(TestLibc.InotifyWatchOpen(this, _path), 0, int.MaxValue);
    }

    public void Happen() => File.OpenHandle(_path).Dispose();

    public override void Dispose()
    {
        base.Dispose();
        File.Delete(_path);
    }
}
