using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// What tells a program of completions besides the ring: the eventfd it registered, signalled once per posted batch unless the program
/// disabled it in the CQ's flags, and a signal if it asked for one.
/// </summary>
internal sealed class EventSignal(RingContext ring)
{
    private readonly Lock _gate = new();
    private int _descriptor = -1;
    private bool _asyncOnly;
    private long _signalAndTask;

    internal bool IsRegistered => Volatile.Read(ref _descriptor) >= 0;

    /// <summary>Submit lock held. Takes a duplicate: 0, -EBUSY, or -EBADF / -EINVAL for what is no eventfd.</summary>
    internal int Register(Caller caller, int descriptor, bool asyncOnly)
    {
        if (_descriptor >= 0)
            return -Errno.EBUSY;
        int duplicate = caller.Duplicate(descriptor);
        if (duplicate < 0)
            return duplicate;
        if (new FileInfo($"/proc/self/fd/{duplicate}").LinkTarget is { } kind && kind != "anon_inode:[eventfd]")
        {
            Libc.Close(duplicate);
            return -Errno.EINVAL;
        }

        _asyncOnly = asyncOnly;
        Volatile.Write(ref _descriptor, duplicate);
        return 0;
    }

    internal int Unregister()
    {
        lock (_gate)
        {
            int descriptor = _descriptor;
            if (descriptor < 0)
                return -Errno.ENXIO;
            _descriptor = -1;
            Libc.Close(descriptor);
            return 0;
        }
    }

    /// <summary>From now on a signal goes with each publication; 0 ends it.</summary>
    internal void SendSignal(int signal, int task) => Volatile.Write(ref _signalAndTask, ((long)signal << 32) | (uint)task);

    internal void Signal(bool inline, bool ringChanged)
    {
        long signal = Volatile.Read(ref _signalAndTask);
        if (signal >> 32 != 0 && ringChanged)
            Libc.Tgkill(Environment.ProcessId, (int)signal, (int)(signal >> 32)); // a thread that is gone gets none
        if (Volatile.Read(ref _descriptor) < 0)
            return;
        if (inline && (_asyncOnly || !ringChanged) || IsHeldStill())
            return;
        lock (_gate) // not closed under the write
        {
            // A counter at its maximum would block a blocking eventfd's writer, which may be a thread that serves other rings.
            if (_descriptor >= 0 && Libc.Poll(_descriptor, Libc.POLLOUT, 0, out _) > 0)
                Libc.SignalEventfd(_descriptor);
        }
    }

    internal void Free() => Unregister();

    private bool IsHeldStill()
    {
        lock (ring.Completions.Lock) // the ring's owner may be exchanging its memory for a larger one
            return (ring.Memory.ReadCqFlags() & CqRingFlags.EventFdDisabled) != 0;
    }
}
