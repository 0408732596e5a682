using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT (io_uring/fs.c): always on a worker, as in the kernel. Directories are looked up by
/// the worker; paths were copied in preparation.
/// </summary>
internal static class Names
{
    internal static int PrepareRename(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return Refusal(sqe, sqe.BufIndex | (uint)sqe.SpliceFdIn) is < 0 and var error
            ? error
            : PathName.TakeTwo(request, sqe.Addr, sqe.Addr2);
    }

    internal static int PrepareUnlink(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (Refusal(sqe, sqe.Off | sqe.Len | sqe.BufIndex | (uint)sqe.SpliceFdIn) is < 0 and var error)
            return error;
        return (sqe.UnlinkFlags & ~(uint)Libc.AT_REMOVEDIR) != 0 ? -Errno.EINVAL : PathName.Take(request, sqe.Addr);
    }

    internal static int PrepareMkdir(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return Refusal(sqe, sqe.Off | sqe.RwFlags | sqe.BufIndex | (uint)sqe.SpliceFdIn) is < 0 and var error
            ? error
            : PathName.Take(request, sqe.Addr);
    }

    internal static int PrepareSymlink(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return Refusal(sqe, sqe.Len | sqe.RwFlags | sqe.BufIndex | (uint)sqe.SpliceFdIn) is < 0 and var error
            ? error
            : PathName.TakeTwo(request, sqe.Addr, sqe.Addr2);
    }

    internal static int PrepareLink(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return Refusal(sqe, sqe.BufIndex | (uint)sqe.SpliceFdIn) is < 0 and var error
            ? error
            : PathName.TakeTwo(request, sqe.Addr, sqe.Addr2, firstMayBeEmpty: (sqe.HardlinkFlags & Libc.AT_EMPTY_PATH) != 0);
    }

    internal static IssueOutcome Rename(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        (int from, int to) = Directories(request, batch);
        do
            request.Result = Libc.Renameat2(from, First(request), to, Second(request), request.Sqe.RenameFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Unlink(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        int directory = request.Caller.BorrowDirectory(request.Sqe.Fd, batch);
        do
            request.Result = Libc.Unlinkat(directory, First(request), request.Sqe.UnlinkFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Mkdir(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        int directory = request.Caller.BorrowDirectory(request.Sqe.Fd, batch);
        do
            request.Result = Libc.Mkdirat(directory, First(request), request.Sqe.Len);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Symlink(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        int directory = request.Caller.BorrowDirectory(request.Sqe.Fd, batch);
        do
            request.Result = Libc.Symlinkat(First(request), directory, Second(request));
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Link(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        (int from, int to) = Directories(request, batch);
        do
            request.Result = Libc.Linkat(from, First(request), to, Second(request), request.Sqe.HardlinkFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    /// <summary>0, or why the SQE is refused before its paths are read: a field that must be 0, or FIXED_FILE.</summary>
    private static int Refusal(in Sqe sqe, ulong unused)
    {
        if (unused != 0)
            return -Errno.EINVAL;
        return (sqe.Flags & SqeFlags.FixedFile) != 0 ? -Errno.EBADF : 0;
    }

    /// <summary>Where the old and the new path begin: <c>fd</c> and <c>len</c>.</summary>
    private static (int From, int To) Directories(Request request, IssueBatch batch) =>
        (request.Caller.BorrowDirectory(request.Sqe.Fd, batch), request.Caller.BorrowDirectory((int)request.Sqe.Len, batch));

    private static nuint First(Request request) => request.Copied;

    private static nuint Second(Request request) => request.Copied + (nuint)request.CopiedSecond;
}
