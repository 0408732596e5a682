using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>Memory, descriptors, threads and limits; all given back when the case ends.</summary>
internal sealed unsafe partial class Case
{
    private const int ArenaBytes = 1 << 16;

    private TestMemory? _arena, _buffer;
    private int _arenaUsed;
    private TestDescriptor? _null;

    /// <summary>A number that is no descriptor, whatever other cases open.</summary>
    public int NoFd => TestDescriptor.Closed;

    /// <summary>An address that no program has.</summary>
    public ulong KernelAddress => 0xffff_8000_0000_0000;

    /// <summary>64 KiB, zeroed, page aligned.</summary>
    public nuint Buffer => (_buffer ??= Memory(1 << 16)).Address;

    /// <summary>/dev/null for reading and writing: open, and no ring, pipe or regular file.</summary>
    public int Null => _null ??= Own(TestDescriptor.Open("/dev/null", Libc.O_RDWR));

    /// <summary>Whole pages with one behind them that cannot be touched.</summary>
    public TestMemory Memory(int bytes) => Own(new TestMemory(bytes));

    /// <summary>The address of a copy.</summary>
    public nuint Put<T>(T value)
        where T : unmanaged => PutAll<T>(value);

    /// <summary>The address of the first of several values, one behind the other.</summary>
    public nuint PutAll<T>(params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int bytes = Math.Max(1, values.Length) * sizeof(T);
        int at = (_arenaUsed + 63) & ~63;
        if (bytes > ArenaBytes / 2)
            return Memory(bytes).Put(0, values);
        if (_arena is null || at + bytes > ArenaBytes)
            (_arena, at) = (Memory(ArenaBytes), 0);
        _arenaUsed = at + bytes;
        return _arena.Put(at, values);
    }

    /// <summary>The address of a string that ends with NUL.</summary>
    public nuint Text(string text) => PutAll<byte>([.. Encoding.UTF8.GetBytes(text), 0]);

    public nuint Iovs(params (nuint Address, nuint Length)[] parts)
    {
        Span<IoVec> vector = stackalloc IoVec[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            vector[i] = new IoVec { Base = parts[i].Address, Len = parts[i].Length };
        return PutAll<IoVec>(vector);
    }

    /// <summary>The address of a timespec.</summary>
    public nuint Ms(int milliseconds) =>
        Put(new KernelTimespec { TvSec = milliseconds / 1000, TvNsec = milliseconds % 1000 * 1_000_000L });

    /// <summary>The address of a timespec.</summary>
    public nuint Seconds(long seconds) => Put(new KernelTimespec { TvSec = seconds });

    /// <summary>The address of the EXT_ARG argument with this time limit.</summary>
    public nuint Limit(int milliseconds) => Put(new GetEventsArg { Ts = Ms(milliseconds) });

    /// <summary>What lies at an address.</summary>
    public ref T At<T>(nuint address)
        where T : unmanaged => ref *(T*)address;

    /// <summary>A regular file with known content, on the disk the tests were built on, readable and writable.</summary>
    public TestFile File(int bytes = 100) => OpenFile(bytes, Libc.O_RDWR);

    public TestFile OpenFile(int bytes, int flags) => Own(TestFile.Numbered(bytes, flags));

    /// <summary>An open file that nothing closes: for requests that close it.</summary>
    public int Loose()
    {
        int number = Libc.Open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        Assert.InRange(number, 0, int.MaxValue);
        return number;
    }

    /// <summary>Gives back at the end a descriptor that a request made; a negative value is no descriptor. The value as it is.</summary>
    public int Fd(int number)
    {
        if (number >= 0)
            Cleanup(() => _ = Libc.Close(number));
        return number;
    }

    public TestPipe Pipe(int flags = 0) => Own(new TestPipe(flags));

    public TestPipe PipeWith(string text)
    {
        TestPipe pipe = Pipe();
        pipe.Write(text);
        return pipe;
    }

    public TestDescriptor EventFd(uint count = 0, int flags = 0) => Own(TestDescriptor.EventFd(count, flags));

    /// <summary>An epoll instance with nothing in it.</summary>
    public TestDescriptor Epoll() => Own(new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC)));

    /// <summary>An empty directory on the disk the tests were built on; goes with all that is in it.</summary>
    public string Folder()
    {
        string path = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"case-{Guid.NewGuid():N}")).FullName;
        Cleanup(() => Directory.Delete(path, recursive: true));
        return path;
    }

    /// <summary>Waits, without a call of the engine, for what happens a moment later; gives up at last, and the rows tell.</summary>
    public void Until(Func<bool> condition) => SpinWait.SpinUntil(condition, 5000);

    /// <summary>Lets time pass without a call of the engine, where nothing is to happen.</summary>
    public void Idle(int milliseconds) => Libc.Poll(EventFd(), Libc.POLLIN, milliseconds, out _);

    /// <summary>Runs it on another thread, which is another task to the engine.</summary>
    public T Elsewhere<T>(Func<T> call) => TestThread.Start(call).Answer;

    /// <summary>Runs it and tells how many milliseconds it took.</summary>
    public long Timed(Action call)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        return (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Lowers a limit of the process until the case ends; the hard limit too, for good, if asked.</summary>
    public void LimitTo(int resource, ulong most, bool hard = false)
    {
        RequireAlone();
        Assert.Equal(0, Libc.Getrlimit(resource, out ulong soft, out ulong limit));
        Assert.Equal(0, Libc.Setrlimit(resource, most, hard ? most : limit));
        if (!hard)
            Cleanup(() => _ = Libc.Setrlimit(resource, soft, limit));
    }

    /// <summary>Nothing can be opened any more. Make the control first: code that runs for the first time opens assemblies.</summary>
    public void UseUpDescriptors()
    {
        int next = Libc.Dup(Null);
        _ = Libc.Close(next);
        LimitTo(Libc.RLIMIT_NOFILE, (ulong)next);
    }

    /// <summary>The process becomes, for good, a user without rights who has nothing else running.</summary>
    public void BecomeUser()
    {
        RequireAlone();
        if (Libc.Geteuid() != 0)
            throw new NotRunException("only root can become another user");
        uint user = 20_000 + (uint)Environment.ProcessId % 40_000;
        Assert.Equal(0, setresuid(user, user, user));
    }

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);
}
