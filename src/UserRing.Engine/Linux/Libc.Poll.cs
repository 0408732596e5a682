using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>struct pollfd</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    /// <summary>fd</summary>
    public int Fd;

    /// <summary>events</summary>
    public short Events;

    /// <summary>revents</summary>
    public short Revents;
}

/// <summary>poll.h</summary>
internal static unsafe partial class Libc
{
    public const short POLLIN = 0x001;
    public const short POLLPRI = 0x002;
    public const short POLLOUT = 0x004;
    public const short POLLERR = 0x008;
    public const short POLLHUP = 0x010;
    public const short POLLNVAL = 0x020;
    public const short POLLRDHUP = 0x2000;

    /// <summary>poll(2) of one descriptor: 1 if something is ready, 0 after the timeout (-1 ms is for ever), or -errno.</summary>
    public static int Poll(int fd, short events, int timeoutMs, out short revents)
    {
        PollFd entry = new() { Fd = fd, Events = events };
        int result = Result(poll(&entry, 1, timeoutMs));
        revents = entry.Revents;
        return result;
    }

    /// <summary>ppoll(2); <paramref name="sigmask8"/> is the address of the kernel's 8-byte mask, or 0.</summary>
    public static int Ppoll(PollFd* fds, uint n, KernelTimespec* ts, nuint sigmask8) => Result(ppoll(fds, n, ts, sigmask8));

    [LibraryImport(Name)]
    private static partial int poll(PollFd* fds, nuint n, int timeoutMs);

    [LibraryImport(Name)]
    private static partial int ppoll(PollFd* fds, nuint n, KernelTimespec* ts, nuint sigmask);
}
