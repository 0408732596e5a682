using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Async;

public sealed partial class AsyncRing
{
    private const uint DefaultMode = 0x1B6; // rw for all, from which the umask is taken

    /// <summary>Opens a file, as open(2); sharing is not enforced. Linux 5.6.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="mode">Whether it must, may or must not exist.</param>
    /// <param name="access">What for. <see cref="FileMode.Append"/> needs writing alone.</param>
    /// <param name="cancellationToken">Cancels the wait for it; a file that was opened all the same is returned.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to it, or it is a directory and was to be written.</exception>
    /// <exception cref="IOException">Anything else; <see cref="Exception.HResult"/> is the errno.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SafeFileHandle> OpenAsync(
        string path, FileMode mode = FileMode.Open, FileAccess access = FileAccess.Read, CancellationToken cancellationToken = default)
    {
        int flags = OpenFlagsOf(mode, access);
        cancellationToken.ThrowIfCancellationRequested();
        OperationSlot slot = Rent(path);
        slot.Sqe.PrepareOpenat(SqePreparation.CurrentDirectory, slot.Address, flags, DefaultMode);
        return new SafeFileHandle(await slot.Start(cancellationToken).ConfigureAwait(false), ownsHandle: true);
    }

    /// <summary>Reads once, as pread(2): may read less than there is room for, and 0 bytes only at the end. Linux 5.6.</summary>
    /// <param name="file">A file, pipe or socket.</param>
    /// <param name="buffer">The engine's until the operation has completed.</param>
    /// <param name="offset">Where in the file; -1 at, and moving, its position (pipes and sockets: always).</param>
    /// <param name="cancellationToken">Cancels the operation; see the remarks of <see cref="AsyncRing"/>.</param>
    public ValueTask<int> ReadAsync(SafeHandle file, Memory<byte> buffer, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, -1);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        OperationSlot slot = Rent(file, buffer);
        slot.Sqe.PrepareRead(slot.Descriptor, slot.Address, (uint)buffer.Length, (ulong)offset);
        return slot.Start(cancellationToken);
    }

    /// <summary>Writes once, as pwrite(2): completes with how much was written, which may be less. Linux 5.6.</summary>
    /// <param name="file">A file, pipe or socket.</param>
    /// <param name="buffer">The engine's until the operation has completed.</param>
    /// <param name="offset">Where in the file; -1 at, and moving, its position (pipes and sockets: always).</param>
    /// <param name="cancellationToken">Cancels the operation; see the remarks of <see cref="AsyncRing"/>.</param>
    public ValueTask<int> WriteSomeAsync(
        SafeHandle file, ReadOnlyMemory<byte> buffer, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, -1);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        OperationSlot slot = Rent(file, buffer);
        slot.Sqe.PrepareWrite(slot.Descriptor, slot.Address, (uint)buffer.Length, (ulong)offset);
        return slot.Start(cancellationToken);
    }

    /// <summary>Writes all of it, in as many writes as it takes. Linux 5.6.</summary>
    /// <param name="file">A file, pipe or socket.</param>
    /// <param name="buffer">The engine's until the operation has completed.</param>
    /// <param name="offset">Where in the file; -1 at, and moving, its position (pipes and sockets: always).</param>
    /// <param name="cancellationToken">Cancels the operation; some of it may be written then.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(
        SafeHandle file, ReadOnlyMemory<byte> buffer, long offset, CancellationToken cancellationToken = default)
    {
        do
        {
            int written = await WriteSomeAsync(file, buffer, offset, cancellationToken).ConfigureAwait(false);
            if (written == 0 && buffer.Length > 0)
                throw new IOException("The file takes no more, and says no error.");
            buffer = buffer[written..];
            offset += offset < 0 ? 0 : written;
        }
        while (buffer.Length > 0);
    }

    /// <summary>fsync(2), or fdatasync(2). Linux 5.1.</summary>
    /// <param name="file">The file.</param>
    /// <param name="dataOnly">Without what is not needed to read the data back.</param>
    /// <param name="cancellationToken">Cancels the operation if it has not begun.</param>
    public ValueTask FlushAsync(SafeHandle file, bool dataOnly = false, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        OperationSlot slot = Rent(file, default);
        slot.Sqe.PrepareFsync(slot.Descriptor, dataOnly ? FsyncFlags.DataSync : FsyncFlags.None);
        return slot.StartVoid(cancellationToken);
    }

    /// <summary>A slot that holds both.</summary>
    private OperationSlot Rent(SafeHandle file, ReadOnlyMemory<byte> buffer)
    {
        ArgumentNullException.ThrowIfNull(file);
        OperationSlot slot = _reactor.Rent();
        try
        {
            slot.Hold(file);
            slot.Pin(buffer);
            return slot;
        }
        catch
        {
            slot.Abandon();
            throw;
        }
    }

    private static int OpenFlagsOf(FileMode mode, FileAccess access)
    {
        int flags = Libc.O_CLOEXEC | access switch
        {
            FileAccess.Read => Libc.O_RDONLY,
            FileAccess.Write => Libc.O_WRONLY,
            FileAccess.ReadWrite => Libc.O_RDWR,
            _ => throw new ArgumentOutOfRangeException(nameof(access)),
        };
        if (mode == FileMode.Append && access != FileAccess.Write)
            throw new ArgumentException("Appending needs write access, and no other.", nameof(access));
        if (mode is FileMode.Truncate or FileMode.Create or FileMode.CreateNew && (access & FileAccess.Write) == 0)
            throw new ArgumentException($"{mode} needs write access.", nameof(access));
        return flags | mode switch
        {
            FileMode.Open => 0,
            FileMode.OpenOrCreate => Libc.O_CREAT,
            FileMode.Create => Libc.O_CREAT | Libc.O_TRUNC,
            FileMode.CreateNew => Libc.O_CREAT | Libc.O_EXCL,
            FileMode.Truncate => Libc.O_TRUNC,
            FileMode.Append => Libc.O_CREAT | Libc.O_APPEND,
            _ => throw new ArgumentOutOfRangeException(nameof(mode)),
        };
    }
}
