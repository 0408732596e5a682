using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/epoll.h. epoll_event is packed (12 bytes) on x86-64 and aligned (16 bytes) elsewhere; only this file knows.</summary>
internal static unsafe partial class Libc
{
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;

    public const uint EPOLLIN = 0x001;
    public const uint EPOLLPRI = 0x002;
    public const uint EPOLLOUT = 0x004;
    public const uint EPOLLERR = 0x008;
    public const uint EPOLLHUP = 0x010;
    public const uint EPOLLRDHUP = 0x2000;
    public const uint EPOLLEXCLUSIVE = 1u << 28;
    public const uint EPOLLONESHOT = 1u << 30;
    public const uint EPOLLET = 1u << 31;

    /// <summary>epoll_create1(2)</summary>
    public static int EpollCreate1(int flags) => Result(epoll_create1(flags));

    /// <summary>epoll_ctl(2); <paramref name="events"/> and <paramref name="data"/> are ignored by DEL.</summary>
    public static int EpollCtl(int ep, int op, int fd, uint events, ulong data)
    {
        byte* @event = stackalloc byte[16];
        *(uint*)@event = events;
        *(ulong*)(@event + EpollEvents.DataOffset) = data;
        return Result(epoll_ctl(ep, op, fd, @event));
    }

    /// <summary>epoll_ctl(2) with an event somewhere in memory.</summary>
    public static int EpollCtl(int ep, int op, int fd, nuint @event) => Result(epoll_ctl(ep, op, fd, (byte*)@event));

    /// <summary>epoll_ctl(2) with a local copy of an event.</summary>
    public static int EpollCtl(int ep, int op, int fd, ReadOnlySpan<byte> @event)
    {
        fixed (byte* local = @event)
            return EpollCtl(ep, op, fd, (nuint)local);
    }

    /// <summary>epoll_wait(2) that does not wait, into memory somewhere: number of events or -errno.</summary>
    public static int EpollTake(int ep, nuint events, int most) => Result(epoll_wait(ep, (byte*)events, most, 0));

    /// <summary>The same into local memory.</summary>
    public static int EpollTake(int ep, Span<byte> events, int most)
    {
        fixed (byte* local = events)
            return EpollTake(ep, (nuint)local, most);
    }

    /// <summary>epoll_wait(2): number of events stored, or -errno. At most what <paramref name="events"/> holds.</summary>
    public static int EpollWait(int ep, EpollEvents events, int timeoutMs) =>
        Result(epoll_wait(ep, events.Address, events.Capacity, timeoutMs));

    /// <summary>What up to two watched descriptors of an epoll have to report together, without waiting; 0 if nothing.</summary>
    public static uint TakeEpollEvents(int ep)
    {
        byte* events = stackalloc byte[32];
        uint all = 0;
        int count = epoll_wait(ep, events, 2, 0);
        for (int i = 0; i < count; i++)
            all |= *(uint*)(events + i * EpollEvents.Stride);
        return all;
    }

    [LibraryImport(Name)]
    private static partial int epoll_create1(int flags);

    [LibraryImport(Name)]
    private static partial int epoll_ctl(int ep, int op, int fd, byte* @event);

    [LibraryImport(Name)]
    private static partial int epoll_wait(int ep, byte* events, int max, int timeoutMs);
}

/// <summary>Room for the answers of one epoll_wait, on the pinned heap so that the kernel may write to it; one thread at a time.</summary>
internal sealed unsafe class EpollEvents
{
    internal static readonly int Stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly byte[] _storage;

    public EpollEvents(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        _storage = GC.AllocateArray<byte>(capacity * Stride, pinned: true);
    }

    /// <summary>How many events fit.</summary>
    public int Capacity { get; }

    /// <summary>sizeof(struct epoll_event)</summary>
    internal static int Bytes => Stride;

    /// <summary>Where <c>data</c> lies in an epoll_event.</summary>
    internal static int DataOffset => Stride - sizeof(ulong);

    internal byte* Address => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_storage, 0);

    /// <summary>The readiness bits of event <paramref name="index"/>.</summary>
    public uint EventsAt(int index) => BitConverter.ToUInt32(_storage, index * Stride);

    /// <summary>The data word of event <paramref name="index"/>.</summary>
    public ulong DataAt(int index) => BitConverter.ToUInt64(_storage, index * Stride + DataOffset);
}
