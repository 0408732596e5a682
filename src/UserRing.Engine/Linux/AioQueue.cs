using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>
/// A context of the kernel's older asynchronous I/O: the one way from user space to start direct I/O without waiting for the device.
/// Requests are collected and submitted with one call; results are read from the ring that the kernel maps into the process, without
/// a call. Collecting and submitting is one thread's business at a time, taking results another's.
/// </summary>
internal sealed unsafe class AioQueue
{
    // struct aio_ring (fs/aio.c): the layout is fixed by its magic number and header length.
    private const uint Magic = 0xa10a10a1;
    private const int CountAt = 1, HeadAt = 2, TailAt = 3, MagicAt = 4, IncompatAt = 6, HeaderLengthAt = 7;

    private readonly nuint _context;
    private readonly uint* _ring;
    private readonly IoEvent* _events;
    private readonly uint _ringEntries;
    private readonly Iocb* _iocbs;
    private readonly Iocb** _pointers;
    private readonly int _eventFd;
    private int _queued;

    private AioQueue(nuint context, int eventFd, int capacity)
    {
        (_context, _eventFd, Capacity) = (context, eventFd, capacity);
        _ring = (uint*)context;
        _ringEntries = _ring[CountAt];
        _events = (IoEvent*)((byte*)context + _ring[HeaderLengthAt]);
        _iocbs = (Iocb*)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(Iocb));
        _pointers = (Iocb**)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(Iocb*));
        for (int i = 0; i < capacity; i++)
            _pointers[i] = _iocbs + i;
    }

    /// <summary>The most that may be in flight.</summary>
    internal int Capacity { get; }

    internal int Queued => _queued;

    /// <summary>Makes a context that adds to <paramref name="eventFd"/> at each completion; null where the calls are refused.</summary>
    internal static AioQueue? TryCreate(int capacity, int eventFd)
    {
        if (Libc.IoSetup((uint)capacity, out nuint context) < 0)
            return null;
        uint* ring = (uint*)context;
        if (ring[MagicAt] == Magic && ring[IncompatAt] == 0)
            return new AioQueue(context, eventFd, capacity);
        Libc.IoDestroy(context); // another layout: results would need a call each
        return null;
    }

    /// <summary>
    /// Adds a transfer to what the next <see cref="Submit"/> starts. Of several buffers <paramref name="buffer"/> is the array of iovecs
    /// and their number.
    /// </summary>
    internal void Queue(bool write, bool vector, int descriptor, IoVec buffer, long offset, int rwFlags, ulong data)
    {
        _iocbs[_queued++] = new Iocb
        {
            Data = data,
            RwFlags = rwFlags,
            Opcode = (write, vector) switch
            {
                (false, false) => Libc.IOCB_CMD_PREAD,
                (true, false) => Libc.IOCB_CMD_PWRITE,
                (false, true) => Libc.IOCB_CMD_PREADV,
                (true, true) => Libc.IOCB_CMD_PWRITEV,
            },
            Fd = descriptor,
            Buffer = buffer.Base,
            Bytes = buffer.Len,
            Offset = offset,
            Flags = Libc.IOCB_FLAG_RESFD,
            ResFd = _eventFd,
        };
    }

    /// <summary>
    /// Starts what was queued. How many could be started; the data words of the rest are in <paramref name="refused"/>, in
    /// whatever state: the caller finds out why by another way.
    /// </summary>
    internal int Submit(Span<ulong> refused)
    {
        int started = 0, next = 0, refusedCount = 0;
        while (next < _queued)
        {
            int taken = Libc.IoSubmit(_context, _queued - next, (nuint)(_pointers + next));
            if (taken > 0)
            {
                started += taken;
                next += taken;
                continue;
            }

            refused[refusedCount++] = _pointers[next++]->Data; // the call stops at the first that it does not take
        }

        _queued = 0;
        return started;
    }

    /// <summary>Takes one result from the mapped ring. One thread at a time.</summary>
    internal bool TryTake(out ulong data, out long result)
    {
        uint head = _ring[HeadAt];
        uint tail = Volatile.Read(ref _ring[TailAt]); // acquire: the event before it is complete (pair: aio_complete's write barrier)
        if (head == tail)
        {
            (data, result) = (0, 0);
            return false;
        }

        IoEvent taken = _events[head % _ringEntries];
        Volatile.Write(ref _ring[HeadAt], (head + 1) % _ringEntries); // release: the slot is the kernel's again
        (data, result) = (taken.Data, taken.Result);
        return true;
    }

    /// <summary>Whether a result is there; for asking without the right to take.</summary>
    internal bool HasResult => Volatile.Read(ref _ring[HeadAt]) != Volatile.Read(ref _ring[TailAt]);

    /// <summary>Nothing may be in flight.</summary>
    internal void Free()
    {
        Libc.IoDestroy(_context);
        NativeMemory.Free(_iocbs);
        NativeMemory.Free(_pointers);
    }
}
