using Microsoft.Win32.SafeHandles;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Bench;

/// <summary>A file or block device under test: checked by the parent in words, opened by the workers.</summary>
internal sealed class TargetFile : IDisposable
{
    private TargetFile(string path, SafeFileHandle handle, long bytes)
    {
        Path = path;
        Handle = handle;
        Bytes = bytes;
    }

    public string Path { get; }

    public SafeFileHandle Handle { get; }

    public long Bytes { get; }

    public int Descriptor => (int)Handle.DangerousGetHandle();

    /// <summary>Throws, in one line, what would keep every engine from reading this file as asked.</summary>
    public static void Check(string path, LoadSpec load)
    {
        using TargetFile file = Open(path, load.Direct);
        if (file.Bytes < load.Block)
        {
            throw new ToolException($"{path}: {file.Bytes} bytes, less than one block of {load.Block}");
        }
    }

    public static TargetFile Open(string path, bool direct)
    {
        if (path.Length == 0)
        {
            throw new ToolException("FILE is empty");
        }
        int flags = Libc.O_RDONLY | (direct ? Libc.O_DIRECT : 0);
        // O_NONBLOCK: a FIFO would wait for its writer.
        int descriptor = Libc.Open(path, flags | Libc.O_CLOEXEC | Libc.O_NONBLOCK, 0);
        if (descriptor < 0)
        {
            string reason = direct && descriptor == -Errno.EINVAL ? "this file system does not allow O_DIRECT" : Describe(-descriptor);
            throw new ToolException($"{path}: {reason}");
        }
        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        try
        {
            TargetFile file = new(path, handle, SizeOf(descriptor, path));
            // What is left is a file that plain reads ignore the flag for, but the kernel's io_uring does not: it would answer EAGAIN where
            // it otherwise finds another way, and run inline what it otherwise hands to a worker.
            _ = Libc.Fcntl(descriptor, Libc.F_SETFL, flags);
            return file;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public void Dispose() => Handle.Dispose();

    private static long SizeOf(int descriptor, string path)
    {
        int error = Libc.StatFd(descriptor, out FileIdentity identity);
        if (error < 0)
        {
            throw new ToolException($"{path}: {Describe(-error)}");
        }
        return (identity.Mode & Libc.S_IFMT) switch
        {
            Libc.S_IFREG => identity.Size,
            Libc.S_IFBLK => (long)Libc.Lseek(descriptor, 0, Libc.SEEK_END),
            Libc.S_IFDIR => throw new ToolException($"{path}: is a directory"),
            _ => throw new ToolException($"{path}: neither a regular file nor a block device"),
        };
    }

    private static string Describe(int error) => error switch
    {
        Errno.ENOENT => "no such file",
        Errno.EACCES => "permission denied",
        Errno.EISDIR => "is a directory",
        Errno.ENOTDIR => "a part of the path is not a directory",
        Errno.ENXIO => "neither a regular file nor a block device",
        _ => Errno.Name(error),
    };
}
