using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>The rw_flags of the read and write family: which are refused, and what a refusal means.</summary>
internal static class TransferFlags
{
    private const int OnFilesOnly =
        ~(Libc.RWF_HIPRI | Libc.RWF_DSYNC | Libc.RWF_SYNC | Libc.RWF_NOWAIT | Libc.RWF_APPEND | Libc.RWF_NOAPPEND);

    /// <summary>Of no kernel so far.</summary>
    private const int Undefined = ~0x1ff;

    private const int KnownFlags = ~OnFilesOnly | Libc.RWF_ATOMIC | Libc.RWF_DONTCACHE;

    /// <summary>
    /// rw_flags in the kernel's order. On a stream what it does not know must be refused here, because an attempt that is refused for it
    /// cannot be told from one that is refused for RWF_NOWAIT, and would be waited for.
    /// </summary>
    internal static int Check(ref FileFacts.Entry facts, bool write, int flags)
    {
        if (!facts.IsOpenFor(write))
            return -Errno.EBADF;
        if ((flags & OnFilesOnly) != 0 && !facts.HasNoReadiness)
            return -Errno.EOPNOTSUPP;
        // Of a transfer of nothing the system call would not say so.
        if ((flags & Undefined) != 0 || (flags & Libc.RWF_NOWAIT) != 0 && facts.IsMemoryFile)
            return -Errno.EOPNOTSUPP;
        if ((flags & Libc.RWF_HIPRI) != 0)
            return (flags & ~KnownFlags) != 0 ? -Errno.EOPNOTSUPP : -Errno.EINVAL; // only on a ring that polls its device
        return 0;
    }

    /// <summary>
    /// Whether an attempt under the program's own RWF_NOWAIT was refused for it, rather than for a flag that nobody knows.
    /// </summary>
    internal static bool WouldWait(int flags, int error, ref FileFacts.Entry facts) =>
        (flags & Libc.RWF_NOWAIT) != 0 && (error == -Errno.EAGAIN || (flags & ~KnownFlags) == 0 && facts.TakesNoWait);

    /// <summary>
    /// A write that is not to wait, to a file whose writes always may: neither its place nor its memory is looked at (io_uring/rw.c,
    /// io_write).
    /// </summary>
    internal static bool ForbidsWrite(int flags, ref FileFacts.Entry facts) =>
        (flags & Libc.RWF_NOWAIT) != 0 && (flags & OnFilesOnly) == 0 && facts.WritesBlock;
}
