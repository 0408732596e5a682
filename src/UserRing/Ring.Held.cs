using System.Buffers;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing;

public sealed partial class Ring
{
    private HeldRequests? _held;

    /// <summary>
    /// Queues a read. The ring pins <paramref name="buffer"/> and keeps <paramref name="file"/> open until the completion was reaped, so
    /// the caller may forget both.
    /// </summary>
    /// <param name="file">What to read from.</param>
    /// <param name="buffer">Where to put it; its content is undefined until the completion.</param>
    /// <param name="offset">Position in bytes, or -1 for the file's own, as with a pipe.</param>
    /// <returns>
    /// The token: the completion's user_data. Its top bit is set, so requests that are given a user_data by hand should leave that bit
    /// clear in a ring that also has held requests.
    /// </returns>
    /// <exception cref="InvalidOperationException">The submission queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The ring or the handle is closed.</exception>
    public ulong Read(SafeHandle file, Memory<byte> buffer, long offset)
    {
        Checked(file, offset);
        int descriptor = Hold(file, buffer, out nuint address, out ulong token);
        NextSqe().PrepareRead(descriptor, address, (uint)buffer.Length, (ulong)offset).UserData = token;
        EndCall();
        return token;
    }

    /// <summary>Queues a write; see <see cref="Read"/>.</summary>
    /// <param name="file">What to write to.</param>
    /// <param name="buffer">What to write; not to be changed until the completion.</param>
    /// <param name="offset">Position in bytes, or -1 for the file's own, as with a pipe.</param>
    /// <returns>The token: the completion's user_data.</returns>
    /// <exception cref="InvalidOperationException">The submission queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The ring or the handle is closed.</exception>
    public ulong Write(SafeHandle file, ReadOnlyMemory<byte> buffer, long offset)
    {
        Checked(file, offset);
        int descriptor = Hold(file, buffer, out nuint address, out ulong token);
        NextSqe().PrepareWrite(descriptor, address, (uint)buffer.Length, (ulong)offset).UserData = token;
        EndCall();
        return token;
    }

    /// <summary>Queues an fsync; the handle is kept open until the completion was reaped, see <see cref="Read"/>.</summary>
    /// <param name="file">What to bring to the device. Only writes that have completed are sure to be covered.</param>
    /// <param name="flags">Whether metadata that reading does not need may stay behind.</param>
    /// <returns>The token: the completion's user_data.</returns>
    /// <exception cref="InvalidOperationException">The submission queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The ring or the handle is closed.</exception>
    public ulong Fsync(SafeHandle file, FsyncFlags flags = FsyncFlags.None)
    {
        Checked(file, offset: 0);
        int descriptor = Hold(file, default, out _, out ulong token);
        NextSqe().PrepareFsync(descriptor, flags).UserData = token;
        EndCall();
        return token;
    }

    private void Checked(SafeHandle file, long offset)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, -1);
        if (!HasSqRoom())
            ThrowSqFull();
    }

    /// <summary>
    /// Begins a tracked call, which the caller ends: the table of held requests belongs to Dispose's thread as soon as nobody is in one.
    /// Nothing may throw between the two, not even because the ring is disposed meanwhile.
    /// </summary>
    private int Hold(SafeHandle file, ReadOnlyMemory<byte> buffer, out nuint address, out ulong token)
    {
        BeginCall(0);
        bool referenced = false, done = false;
        try
        {
            HeldRequests held = _held ??= new HeldRequests();
            held.Reserve();
            file.DangerousAddRef(ref referenced);
            MemoryHandle pin = buffer.Pin();
            address = AddressOf.Pinned(pin);
            token = held.Add(file, pin);
            done = true;
            return (int)file.DangerousGetHandle();
        }
        finally
        {
            if (!done)
            {
                if (referenced)
                    file.DangerousRelease();
                EndCall();
            }
        }
    }
}
