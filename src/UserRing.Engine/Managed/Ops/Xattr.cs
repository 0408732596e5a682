using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// SETXATTR, FSETXATTR, GETXATTR, FGETXATTR (io_uring/xattr.c): always on a worker, as in the kernel. Name, path and the value to set are
/// copied in preparation: at fixed places of one piece of memory, each with room for the longest, the value last.
/// </summary>
internal static class Xattr
{
    /// <summary>Bytes of the longest name, its terminating 0 included; and of the longest value.</summary>
    private const int MostName = 256, MostValue = 65536;

    private const int MostPath = PathName.Most;
    private const uint KnownFlags = Libc.XATTR_CREATE | Libc.XATTR_REPLACE;

    internal static int PrepareSet(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.Flags & SqeFlags.FixedFile) != 0)
            return -Errno.EBADF;
        int error = TakeNameAndValue(request, valueAt: MostName + MostPath);
        return error < 0 ? error : TakePath(request);
    }

    internal static int PrepareFset(Request request) => TakeNameAndValue(request, valueAt: MostName);

    internal static int PrepareGet(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.Flags & SqeFlags.FixedFile) != 0)
            return -Errno.EBADF;
        if (sqe.XattrFlags != 0)
            return -Errno.EINVAL;
        int error = TakeName(request, MostName + MostPath);
        return error < 0 ? error : TakePath(request);
    }

    internal static int PrepareFget(Request request) =>
        request.Sqe.XattrFlags != 0 ? -Errno.EINVAL : TakeName(request, MostName);

    internal static IssueOutcome Set(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        ref Sqe sqe = ref request.Sqe;
        nuint name = request.Copied, path = name + MostName, value = path + MostPath;
        do
            request.Result = Libc.Setxattr(path, name, value, sqe.Len, sqe.XattrFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Fset(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return WorkerOnly.IfOpen(request, batch);
        ref Sqe sqe = ref request.Sqe;
        nuint name = request.Copied, value = name + MostName;
        do
            request.Result = Libc.Fsetxattr(request.File, name, value, sqe.Len, sqe.XattrFlags);
        while (request.MustRepeat(request.Result));
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Get(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return IssueOutcome.WouldBlock;
        request.Result = ReadValue(request, ofPath: true);
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    internal static IssueOutcome Fget(Request request, IssueBatch batch, IssueMode mode)
    {
        if (mode != IssueMode.Worker)
            return WorkerOnly.IfOpen(request, batch);
        request.Result = ReadValue(request, ofPath: false);
        request.FinishForgiven(request.Result);
        return IssueOutcome.Done;
    }

    private static int TakeNameAndValue(Request request, int valueAt)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.XattrFlags & ~KnownFlags) != 0)
            return -Errno.EINVAL;
        // No room is taken for a value that is too large; the name is looked at first all the same.
        int size = (int)Math.Min(sqe.Len, MostValue);
        int error = TakeName(request, valueAt + size);
        if (error < 0)
            return error;
        return sqe.Len > MostValue
            ? -Errno.E2BIG
            : request.Caller.CopyIn((nuint)sqe.Addr2, Libc.BytesAt(request.Copied + (nuint)valueAt, size));
    }

    private static int TakeName(Request request, int bytes)
    {
        Span<byte> name = PathName.Own(request, bytes)[..MostName];
        int length = request.Caller.CopyInString((nuint)request.Sqe.Addr, name);
        return length is 0 or MostName ? -Errno.ERANGE : Math.Min(length, 0);
    }

    private static int TakePath(Request request)
    {
        Span<byte> path = Libc.BytesAt(request.Copied + MostName, MostPath);
        return Math.Min(PathName.Read(request.Caller, request.Sqe.Addr3, path, mayBeEmpty: false), 0);
    }

    /// <summary>The size of the value, which is in the caller's memory then unless that has no room (len 0), or -errno.</summary>
    private static int ReadValue(Request request, bool ofPath)
    {
        ref Sqe sqe = ref request.Sqe;
        if (request.Caller.LendsInPlace)
            return Call(request, ofPath, (nuint)sqe.Addr2, sqe.Len);
        uint room = Math.Min(sqe.Len, MostValue);
        nuint local = Libc.Allocate((int)room);
        int size = Call(request, ofPath, local, room);
        if (size > 0 && room > 0 && request.Caller.CopyOut((nuint)sqe.Addr2, Libc.BytesAt(local, size)) is < 0 and var error)
            size = error;
        Libc.Free(local);
        return size;
    }

    private static int Call(Request request, bool ofPath, nuint value, uint room)
    {
        nuint name = request.Copied, path = name + MostName;
        int size;
        do
            size = ofPath ? Libc.Getxattr(path, name, value, room) : Libc.Fgetxattr(request.File, name, value, room);
        while (request.MustRepeat(size));
        return size;
    }
}
