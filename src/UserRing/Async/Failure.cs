using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Async;

/// <summary>The one place where an errno becomes the exception that <see cref="FileStream"/> would throw.</summary>
internal static class Failure
{
    internal static Exception Of(int result, string? path, Reactor reactor)
    {
        string said = $"{Errno.Name(result)} ({Marshal.GetPInvokeErrorMessage(-result)})";
        string message = path is null ? $"The operation failed: {said}." : $"'{path}': {said}.";
        return -result switch
        {
            Errno.ECANCELED when reactor.IsStopping => new ObjectDisposedException(nameof(AsyncRing)),
            Errno.ENOENT => new FileNotFoundException(message, path),
            Errno.ENOTDIR => new DirectoryNotFoundException(message),
            Errno.EACCES or Errno.EPERM or Errno.EISDIR => new UnauthorizedAccessException(message, new IOException(message, -result)),
            Errno.ENAMETOOLONG => new PathTooLongException(message),
            _ => new IOException(message, -result),
        };
    }
}
