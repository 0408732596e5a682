using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>STATX: always on a worker, as in the kernel.</summary>
internal static class Stat
{
    private const uint KnownFlags =
        Libc.AT_SYMLINK_NOFOLLOW | Libc.AT_NO_AUTOMOUNT | Libc.AT_EMPTY_PATH | Libc.AT_STATX_SYNC_TYPE;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.BufIndex != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        if ((sqe.Flags & SqeFlags.FixedFile) != 0)
            return -Errno.EBADF;
        return PathName.Take(request, sqe.Addr, mayBeEmpty: (sqe.StatxFlags & Libc.AT_EMPTY_PATH) != 0);
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.StatxFlags & ~KnownFlags) != 0)
        {
            request.FinishForgiven(-Errno.EINVAL); // of a descriptor alone (an empty path) the system call does not look at them
            return IssueOutcome.Done;
        }

        int directory = request.Caller.BorrowDirectory(sqe.Fd, batch);
        int result;
        do
        {
            result = request.Caller.LendsInPlace
                ? Libc.Statx(directory, request.Copied, (int)sqe.StatxFlags, sqe.Len, (nuint)sqe.Addr2)
                : CopiedOut(request, directory);
        }
        while (request.MustRepeat(result));

        request.FinishForgiven(result);
        return IssueOutcome.Done;
    }

    private static int CopiedOut(Request request, int directory)
    {
        ref Sqe sqe = ref request.Sqe;
        Span<byte> attributes = stackalloc byte[Unsafe.SizeOf<Statx>()];
        int result = Libc.Statx(directory, request.Copied, (int)sqe.StatxFlags, sqe.Len, attributes);
        return result < 0 ? result : request.Caller.CopyOut((nuint)sqe.Addr2, attributes);
    }
}
