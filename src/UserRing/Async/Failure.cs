using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Async;

/// <summary>The one place where an errno becomes the exception that <see cref="FileStream"/> would throw.</summary>
internal static class Failure
{
    private const int Restarted = 512; // ERESTARTSYS

    /// <summary>
    /// Whether a request with this result may have been ended by a cancel: taken out of where it waited, or interrupted in a call, which
    /// the engine tells with EINTR or, of the open of a FIFO, with a code that is the kernel's own.
    /// </summary>
    internal static bool MayBeCancel(int result) => result is -Errno.ECANCELED or -Errno.EINTR or -Restarted;

    internal static Exception Of(int result, string? path, Reactor reactor)
    {
        if (reactor.IsStopping && MayBeCancel(result))
            return new ObjectDisposedException(nameof(AsyncRing));
        string said = $"{Errno.Name(result)} ({Marshal.GetPInvokeErrorMessage(-result)})";
        string message = path is null ? $"The operation failed: {said}." : $"'{path}': {said}.";
        return -result switch
        {
            Errno.ENOENT => new FileNotFoundException(message, path),
            Errno.ENOTDIR => new DirectoryNotFoundException(message),
            Errno.EACCES or Errno.EPERM or Errno.EISDIR => new UnauthorizedAccessException(message, new IOException(message, -result)),
            Errno.ENAMETOOLONG => new PathTooLongException(message),
            _ => new IOException(message, -result),
        };
    }
}
