using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>NOP: completes at once, with an injected result or after looking a file or buffer up if its flags say so.</summary>
internal static class Nop
{
    private const NopFlags Known =
        NopFlags.InjectResult | NopFlags.File | NopFlags.FixedFile | NopFlags.FixedBuffer | NopFlags.TaskWork
        | NopFlags.Cqe32;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((sqe.NopFlags & ~Known) != 0)
            return -Errno.EINVAL;
        if ((sqe.NopFlags & NopFlags.Cqe32) == 0)
            return 0;
        if (!request.Ring.HasBigCqes)
            return -Errno.EINVAL;
        request.Marks |= Marks.BigCqe;
        request.Extra = new CqeExtra { First = sqe.Off, Second = sqe.Addr };
        if ((request.Ring.Flags & SetupFlags.CqeMixed) != 0)
            request.CqeFlags = CqeFlags.Cqe32;
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        NopFlags flags = request.Sqe.NopFlags;
        request.Result = flags == 0 ? 0 : WithFlags(request, batch, flags);
        return IssueOutcome.Done;
    }

    private static int WithFlags(Request request, IssueBatch batch, NopFlags flags)
    {
        if ((flags & NopFlags.File) != 0)
        {
            bool found = (flags & NopFlags.FixedFile) != 0
                ? request.Ring.Files.Find(request.Sqe.Fd) is not null
                : request.Caller.Borrow(request.Sqe.Fd, batch) is >= 0 and var file && batch.FactsOf(file).OpenFlags >= 0;
            if (!found)
                return -Errno.EBADF;
        }

        if ((flags & NopFlags.FixedBuffer) != 0 && request.Ring.Buffers.Find(request.Sqe.BufIndex) is null)
            return -Errno.EFAULT;
        return (flags & NopFlags.InjectResult) != 0 ? (int)request.Sqe.Len : 0;
    }
}
