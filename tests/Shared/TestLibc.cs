using System.Runtime.InteropServices;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>What tests need of libc and the product does not. Values or -errno.</summary>
internal static unsafe partial class TestLibc
{
    public const int POSIX_FADV_DONTNEED = 4;
    public const int SIGXFSZ = 25;

    private const int F_SETLK = 6;
    private const int Cachestat = 451;
    private const int F_GETLK = 5;
    private const short F_WRLCK = 1, F_UNLCK = 2;

    public static int Dup2(int from, int to) => Result(dup2(from, to));

    /// <summary>Drops a file's clean pages from the page cache, as far as nobody is using them at this moment.</summary>
    public static void ForgetPages(int descriptor)
    {
        Assert.Equal(0, Libc.Fsync(descriptor));
        Assert.Equal(0, posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED));
    }

    /// <summary>As <see cref="ForgetPages"/>, until the page of an offset is gone.</summary>
    public static void ForgetPageAt(int descriptor, long offset)
    {
        ulong* range = stackalloc ulong[2] { (ulong)offset, 4096 }, pages = stackalloc ulong[5];
        bool isGone = false;
        for (long end = Environment.TickCount64 + (long)SeamRing.Patience.TotalMilliseconds; !isGone;)
        {
            Assert.True(Environment.TickCount64 < end, "the page stays in the cache");
            ForgetPages(descriptor);
            Assert.Equal(0, syscall(Cachestat, descriptor, (nint)range, (nint)pages, 0, 0));
            isGone = pages[0] == 0;
        }
    }

    /// <summary>A POSIX write lock on the whole file.</summary>
    public static int Lock(int descriptor)
    {
        var range = new Flock { Type = F_WRLCK };
        return Result(fcntl(descriptor, F_SETLK, &range));
    }

    /// <summary>Whether another process could lock the file: asks for the lock as the process itself, so run it in another one.</summary>
    public static bool IsLocked(int descriptor)
    {
        var range = new Flock { Type = F_WRLCK };
        Assert.Equal(0, Result(fcntl(descriptor, F_GETLK, &range)));
        return range.Type != F_UNLCK;
    }

    public static void Ignore(int signal) => signal_(signal, 1);

    public static int InotifyInit(int flags = 0) => Result(inotify_init1(Libc.O_CLOEXEC | flags));

    public static int InotifyWatchOpen(int descriptor, string path)
    {
        const uint InOpen = 0x20;
        return Result(inotify_add_watch(descriptor, path, InOpen));
    }

    public static int MakeFifo(string path) => Result(mkfifo(path, 0x180));

    public static int Kill(int process, int signal) => Result(kill(process, signal));

    /// <summary>
    /// Both ends of a raw terminal whose reads end with 255 bytes or 25 seconds after the last: a single one makes it readable, and yet
    /// a read then blocks. Such a read is not to be tried without blocking either.
    /// </summary>
    public static (int Master, int Terminal) OpenTerminal()
    {
        const int VTime = 5, VMin = 6, ControlCharacters = 17;
        (int master, int terminal) = OpenLineTerminal();
        byte* settings = stackalloc byte[128];
        Assert.Equal(0, tcgetattr(terminal, settings));
        cfmakeraw(settings);
        settings[ControlCharacters + VMin] = settings[ControlCharacters + VTime] = 255;
        Assert.Equal(0, tcsetattr(terminal, 0, settings));
        return (master, terminal);
    }

    /// <summary>Both ends of a terminal as they are made: it is read by lines.</summary>
    public static (int Master, int Terminal) OpenLineTerminal(int flags = 0)
    {
        const int ORdwrNoctty = 0x102;
        int master = Result(posix_openpt(ORdwrNoctty));
        Assert.True(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
        byte* name = stackalloc byte[64];
        Assert.Equal(0, ptsname_r(master, name, 64));
        return (master, Libc.Open(Marshal.PtrToStringUTF8((nint)name)!, ORdwrNoctty | Libc.O_CLOEXEC | flags, 0));
    }

    /// <summary>
    /// The root of a file system that is served through an open /dev/fuse, mounted nowhere and gone when the descriptor is closed.
    /// </summary>
    public static int MountFuse(int device)
    {
        // The same numbers on all architectures.
        const nint FsOpen = 430, FsConfig = 431, FsMount = 432;
        const nint CloseOnExec = 1, SetString = 1, Create = 6;
        using var text = new TestMemory();
        int context = Result((int)syscall(FsOpen, (nint)text.PutPath(0, "fuse"), CloseOnExec, 0, 0, 0));
        if (context < 0)
            return context;
        int result = 0;
        (string, string)[] options = [("source", "test"), ("fd", $"{device}"), ("rootmode", "40755"), ("user_id", "0"), ("group_id", "0")];
        foreach ((string name, string value) in options)
        {
            (nint key, nint set) = ((nint)text.PutPath(0, name), (nint)text.PutPath(100, value));
            result = result < 0 ? result : Result((int)syscall(FsConfig, context, SetString, key, set, 0));
        }

        result = result < 0 ? result : Result((int)syscall(FsConfig, context, Create, 0, 0, 0));
        result = result < 0 ? result : Result((int)syscall(FsMount, context, CloseOnExec, 0, 0, 0));
        Libc.Close(context);
        return result;
    }

    private static int Result(int value) => value != -1 ? value : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int fd, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, Flock* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint signal_(int signal, nint handler);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int descriptor, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int master);

    [LibraryImport("libc")]
    private static partial int unlockpt(int master);

    [LibraryImport("libc")]
    private static partial int ptsname_r(int master, byte* name, nuint size);

    [LibraryImport("libc")]
    private static partial int tcgetattr(int terminal, byte* settings);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int terminal, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);

    [StructLayout(LayoutKind.Sequential)]
    private struct Flock
    {
        public short Type, Whence;
        public long Start, Length;
        public int Process;
    }
}
