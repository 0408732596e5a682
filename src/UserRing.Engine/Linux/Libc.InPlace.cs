using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>Calls whose arguments live on the caller's stack, so that callers outside Linux/ need no pointers.</summary>
internal static unsafe partial class Libc
{
    public const int RLIMIT_FSIZE = 1;

    private const int SignalSetBytes = 128;

    /// <summary>preadv2 of one buffer: bytes, or exactly -1 (see <see cref="PreadvTry(int, nuint, int, long, int)"/>).</summary>
    public static nint PreadvTry(int fd, IoVec buffer, long off, int flags) => PreadvTry(fd, (nuint)(&buffer), 1, off, flags);

    /// <summary>pwritev2 of one buffer: bytes, or exactly -1.</summary>
    public static nint PwritevTry(int fd, IoVec buffer, long off, int flags) => PwritevTry(fd, (nuint)(&buffer), 1, off, flags);

    /// <summary>preadv2 of one buffer: bytes or -errno.</summary>
    public static nint Preadv2(int fd, IoVec buffer, long off, int flags) => Preadv2(fd, (nuint)(&buffer), 1, off, flags);

    /// <summary>pwritev2 of one buffer: bytes or -errno.</summary>
    public static nint Pwritev2(int fd, IoVec buffer, long off, int flags) => Pwritev2(fd, (nuint)(&buffer), 1, off, flags);

    /// <summary>Adds 1 to an eventfd: 0 or -errno (-EAGAIN if it is full and non-blocking).</summary>
    public static int SignalEventfd(int fd)
    {
        ulong one = 1;
        nint written = Write(fd, &one, sizeof(ulong));
        return written < 0 ? (int)written : 0;
    }

    /// <summary>Takes what an eventfd or timerfd holds; without waiting if it is non-blocking.</summary>
    public static void DrainEventfd(int fd)
    {
        ulong taken;
        _ = Read(fd, &taken, sizeof(ulong));
    }

    /// <summary>Waits for an eventfd under a signal mask, atomically, and drains it: 0 (ready or time is up) or -errno.</summary>
    public static int WaitEventfd(int fd, bool timed, KernelTimespec relative, ulong signalMask)
    {
        // The system call reads 8 bytes; libc's type has 128.
        byte* set = stackalloc byte[SignalSetBytes];
        new Span<byte>(set, SignalSetBytes).Clear();
        *(ulong*)set = signalMask;
        var wait = new PollFd { Fd = fd, Events = POLLIN };
        int ready = Ppoll(&wait, 1, timed ? &relative : null, (nuint)set);
        if (ready > 0)
            DrainEventfd(fd);
        return ready < 0 ? ready : 0;
    }

    /// <summary>Native memory for <paramref name="count"/> iovecs, to be given back with <see cref="FreeVector"/>.</summary>
    public static nuint AllocateVector(int count) => (nuint)NativeMemory.Alloc((nuint)count, (nuint)sizeof(IoVec));

    public static void FreeVector(nuint vector) => NativeMemory.Free((void*)vector);

    /// <summary>pipe2(2): two descriptors, or -errno.</summary>
    public static int Pipe2(out int readEnd, out int writeEnd, int flags)
    {
        int* ends = stackalloc int[2] { -1, -1 };
        int result = Pipe2(ends, flags);
        (readEnd, writeEnd) = (ends[0], ends[1]);
        return result;
    }

    /// <summary>pipe2(2) that writes its descriptors to the program's memory, which may be bad.</summary>
    public static int Pipe2(nuint fds, int flags) => Pipe2((int*)fds, flags);

    /// <summary>Native memory, to be given back with <see cref="Free"/>.</summary>
    public static nuint Allocate(int bytes) => (nuint)NativeMemory.Alloc((nuint)bytes);

    public static void Free(nuint memory) => NativeMemory.Free((void*)memory);

    /// <summary>The bytes of <see cref="Allocate"/>.</summary>
    public static Span<byte> BytesAt(nuint memory, int count) => new((void*)memory, count);

    /// <summary>The iovecs of <see cref="AllocateVector"/>.</summary>
    public static Span<IoVec> VectorAt(nuint vector, int count) => new((void*)vector, count);
}
