using Microsoft.Win32.SafeHandles;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Async;

/// <summary>An eventfd that other threads set to end a loop's wait. Safe to set while and after it is disposed.</summary>
internal sealed unsafe class WakeEvent : IDisposable
{
    private readonly SafeFileHandle _handle;

    internal WakeEvent()
    {
        int descriptor = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (descriptor < 0)
            throw new IOException($"eventfd failed: {Errno.Name(descriptor)}.", -descriptor);
        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>For the loop, which disposes it itself.</summary>
    internal int Descriptor => (int)_handle.DangerousGetHandle();

    internal void Set()
    {
        bool isHeld = false;
        try
        {
            _handle.DangerousAddRef(ref isHeld);
            ulong one = 1;
            Libc.Write(Descriptor, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: nobody is to be woken.
        }
        finally
        {
            if (isHeld)
                _handle.DangerousRelease();
        }
    }

    internal void Clear()
    {
        ulong count;
        Libc.Read(Descriptor, &count, sizeof(ulong));
    }

    public void Dispose() => _handle.Dispose();
}
