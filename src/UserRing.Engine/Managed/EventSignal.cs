using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>The eventfd a program registered: signalled once per posted batch, unless the program disabled it in the CQ's flags.</summary>
internal sealed class EventSignal(RingContext ring)
{
    private readonly Lock _gate = new();
    private int _descriptor = -1;
    private bool _asyncOnly;

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

    internal void Signal(bool inline, bool ringChanged)
    {
        if (Volatile.Read(ref _descriptor) < 0)
            return;
        if (inline && (_asyncOnly || !ringChanged) || (ring.Memory.ReadCqFlags() & CqRingFlags.EventFdDisabled) != 0)
            return;
        lock (_gate) // not closed under the write
        {
            // A counter at its maximum would block a blocking eventfd's writer, which may be a thread that serves other rings.
            if (_descriptor >= 0 && Libc.Poll(_descriptor, Libc.POLLOUT, 0, out _) > 0)
                Libc.SignalEventfd(_descriptor);
        }
    }

    internal void Free() => Unregister();
}
