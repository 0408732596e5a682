using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// OPENAT and OPENAT2. As io_uring/openclose.c does: first an attempt that uses only names in memory and opens non-blocking, then a
/// worker. What creates or truncates goes to a worker at once. The directory is looked up when the call is made, by the worker
/// too, which is when the kernel does it: a program that closes it before the completion gets what it gets there.
/// </summary>
internal static class Open
{
    /// <summary>Of an attempt: nothing was found out.</summary>
    private const int ForWorker = int.MinValue;

    private const int AlwaysWaits = Libc.O_CREAT | Libc.O_TRUNC | Libc.O_TMPFILE_ALONE;
    private static readonly int HowBytes = Unsafe.SizeOf<OpenHow>();

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        int error = Check(sqe);
        return error < 0 || ReadsInPlace(request, sqe.OpenFlags) ? error : TakePath(request, sqe.OpenFlags, before: 0);
    }

    internal static int Prepare2(Request request)
    {
        int error = ReadHow(request, out OpenHow how);
        if (error == 0)
            error = Check(request.Sqe);
        if (error < 0)
            return error;
        if (ReadsInPlace(request, how.Flags))
        {
            PathName.Own(request, HowBytes);
            request.CopiedSecond = 0;
        }
        else
        {
            error = TakePath(request, how.Flags, HowBytes);
            if (error < 0)
                return error;
        }

        HowOf(request) = how;
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        int directory = request.Caller.BorrowDirectory(sqe.Fd, batch);
        if (mode != IssueMode.Worker)
        {
            bool inPlace = request.Copied == 0;
            nuint path = inPlace ? (nuint)sqe.Addr : request.Copied;
            int tried = Attempt(directory, path, KnownHow(sqe.OpenFlags), Extra(sqe));
            if (tried < 0 && inPlace && TakePath(request, sqe.OpenFlags, before: 0) is < 0 and var error)
                return Refused(request, error);
            return tried is -Errno.EAGAIN or ForWorker ? IssueOutcome.WouldBlock : Done(request, batch, tried, sqe.OpenFlags);
        }

        int opened;
        do
            opened = Libc.Openat(directory, request.Copied, (int)(sqe.OpenFlags | Extra(sqe)), sqe.Len);
        while (request.MustRepeat(opened));
        if (opened == -Errno.EINTR)
            opened = Interrupted(directory, request.Copied);
        return Done(request, batch, opened, sqe.OpenFlags);
    }

    internal static IssueOutcome Issue2(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        OpenHow how = HowOf(request);
        int directory = request.Caller.BorrowDirectory(sqe.Fd, batch);
        if (mode != IssueMode.Worker)
        {
            bool inPlace = request.CopiedSecond == 0;
            nuint path = inPlace ? (nuint)sqe.Addr : request.Copied + (nuint)request.CopiedSecond;
            int tried = Attempt(directory, path, how, Extra(sqe));
            if (tried < 0 && inPlace && TakePathBehindHow(request) is < 0 and var error)
                return Refused(request, error);
            bool waits = tried == ForWorker || tried == -Errno.EAGAIN && (how.Resolve & Libc.RESOLVE_CACHED) == 0;
            return waits ? IssueOutcome.WouldBlock : Done(request, batch, tried, how.Flags);
        }

        int opened;
        do
        {
            opened = Libc.Openat2(
                directory, request.Copied + (nuint)request.CopiedSecond, how with { Flags = how.Flags | Extra(sqe) });
        }
        while (request.MustRepeat(opened));

        if (opened == -Errno.EINTR)
            opened = Interrupted(directory, request.Copied + (nuint)request.CopiedSecond);
        return Done(request, batch, opened, how.Flags);
    }

    private static int Check(in Sqe sqe)
    {
        if (sqe.BufIndex != 0)
            return -Errno.EINVAL;
        return (sqe.Flags & SqeFlags.FixedFile) != 0 ? -Errno.EBADF : 0;
    }

    /// <summary>
    /// Whether the attempt, which is made before enter returns, may read the path where the program has it: that saves a copy. If it
    /// fails the path is copied after all, and found bad then if it is.
    /// </summary>
    private static bool ReadsInPlace(Request request, ulong flags) =>
        request.Caller.LendsInPlace && request.Marks == Marks.None && (request.Sqe.Flags & SqeFlags.Async) == 0
        && (flags & AlwaysWaits) == 0 && request.Sqe.FileIndex == 0;

    private static int TakePath(Request request, ulong flags, int before)
    {
        int error = PathName.Take(request, request.Sqe.Addr, before);
        if (error < 0)
            return error;
        return request.Sqe.FileIndex != 0 && (flags & Libc.O_CLOEXEC) != 0 ? -Errno.EINVAL : 0;
    }

    private static int TakePathBehindHow(Request request)
    {
        (OpenHow how, nuint alone) = (HowOf(request), request.Copied);
        int error = TakePath(request, how.Flags, HowBytes);
        if (error < 0)
            return error;
        Libc.Free(alone);
        HowOf(request) = how;
        return 0;
    }

    /// <summary>What is opened for a slot is close-on-exec whatever was asked: it is nobody's descriptor.</summary>
    private static uint Extra(in Sqe sqe) => sqe.FileIndex != 0 ? (uint)Libc.O_CLOEXEC : 0;

    /// <summary>
    /// A number, an error that a worker would find as well, -EAGAIN if it would have to wait, or <see cref="ForWorker"/>; that is also the
    /// answer where openat2 is not to be had (Linux before 5.6, a sandbox) or does not know RESOLVE_CACHED (before 5.12).
    /// </summary>
    private static int Attempt(int directory, nuint path, OpenHow how, uint extra)
    {
        if ((how.Flags & AlwaysWaits) != 0)
            return ForWorker;
        bool isPlace = (how.Flags & Libc.O_PATH) != 0;
        bool addsNonBlock = !isPlace && (how.Flags & Libc.O_NONBLOCK) == 0;
        OpenHow attempt = how;
        attempt.Flags |= extra | (addsNonBlock ? (uint)Libc.O_NONBLOCK : 0);
        attempt.Resolve |= Libc.RESOLVE_CACHED;
        int opened = Libc.Openat2(directory, path, attempt);
        if (opened >= 0 && addsNonBlock)
            Libc.Fcntl(opened, Libc.F_SETFL, (int)(uint)how.Flags); // without it again; nobody else knows this open file yet
        return opened is -Errno.ENOSYS or -Errno.EPERM or -Errno.EINVAL or -Errno.EINTR ? ForWorker : opened;
    }

    /// <summary>
    /// A FIFO without a partner is left with the kernel's internal code (fs/pipe.c, fifo_open), which a ring shows; a file system that was
    /// kept waiting says EINTR itself. Which it was is asked without waiting again.
    /// </summary>
    private static int Interrupted(int directory, nuint path)
    {
        var how = new OpenHow { Flags = (uint)(Libc.O_PATH | Libc.O_CLOEXEC), Resolve = Libc.RESOLVE_CACHED };
        int place = Libc.Openat2(directory, path, how);
        if (place < 0)
            return -Errno.EINTR;
        bool isFifo = Libc.StatFd(place, out FileIdentity file) == 0 && (file.Mode & Libc.S_IFMT) == Libc.S_IFIFO;
        Libc.Close(place);
        return isFifo ? WorkerOnly.Restarted : -Errno.EINTR;
    }

    private static IssueOutcome Done(Request request, IssueBatch batch, int opened, ulong flags)
    {
        request.Result = opened < 0 ? opened : NewDescriptor.Give(request, batch, opened, (flags & Libc.O_CLOEXEC) != 0);
        return IssueOutcome.Done;
    }

    private static IssueOutcome Refused(Request request, int error)
    {
        request.Result = error;
        return IssueOutcome.Refused;
    }

    /// <summary>What open(2) makes of its flags (fs/open.c, build_open_how): unlike openat2 it drops what it does not know.</summary>
    private static OpenHow KnownHow(uint flags)
    {
        flags &= Libc.O_KNOWN;
        if ((flags & Libc.O_PATH) != 0)
            flags &= (uint)(Libc.O_PATH | Libc.O_CLOEXEC | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        return new OpenHow { Flags = flags };
    }

    /// <summary>The program's open_how, of which only zeros may lie behind what is known (copy_struct_from_user): 0 or -errno.</summary>
    [SkipLocalsInit]
    private static int ReadHow(Request request, out OpenHow how)
    {
        how = default;
        uint size = request.Sqe.Len;
        if (size < HowBytes)
            return -Errno.EINVAL;
        nuint address = (nuint)request.Sqe.Addr2;
        Span<byte> tail = stackalloc byte[256];
        for (uint at = (uint)HowBytes; at < size;)
        {
            int part = (int)Math.Min((uint)tail.Length, size - at);
            if (request.Caller.CopyIn(address + at, tail[..part]) < 0)
                return NonZeroBefore(request, address + at, part) ? -Errno.E2BIG : -Errno.EFAULT;
            if (tail[..part].ContainsAnyExcept((byte)0))
                return -Errno.E2BIG;
            at += (uint)part;
        }

        return request.Caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<OpenHow>(ref how)));
    }

    /// <summary>Whether a byte that is not 0 comes before one that cannot be read.</summary>
    private static bool NonZeroBefore(Request request, nuint address, int count)
    {
        Span<byte> one = stackalloc byte[1];
        for (int i = 0; i < count && request.Caller.CopyIn(address + (nuint)i, one) == 0; i++)
        {
            if (one[0] != 0)
                return true;
        }

        return false;
    }

    private static ref OpenHow HowOf(Request request) =>
        ref MemoryMarshal.AsRef<OpenHow>(Libc.BytesAt(request.Copied, HowBytes));
}
