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
        // O_NONBLOCK keeps a FIFO from waiting for its writer; regular files and block devices ignore it.
        int flags = Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NONBLOCK;
        int descriptor = Libc.Open(path, direct ? flags | Libc.O_DIRECT : flags, 0);
        if (descriptor < 0)
        {
            string reason = direct && descriptor == -Errno.EINVAL ? "this file system does not allow O_DIRECT" : Describe(-descriptor);
            throw new ToolException($"{path}: {reason}");
        }
        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        try
        {
            return new TargetFile(path, handle, SizeOf(descriptor, path));
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
