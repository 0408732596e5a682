using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// ACCEPT, once or (multishot) for each connection. A non-blocking listener is asked at once. A blocking one has no call that only tries:
/// it is waited for, and a worker then makes the call, which another process may have beaten to it; a cancel interrupts that.
/// </summary>
internal static class Accept
{
    private const AcceptFlags Known = AcceptFlags.Multishot | AcceptFlags.DontWait | AcceptFlags.PollFirst;
    private const int MostInARow = 32;

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Len != 0 || sqe.BufIndex != 0)
            return -Errno.EINVAL;
        var flags = (AcceptFlags)sqe.IoPrio;
        if ((flags & ~Known) != 0)
            return -Errno.EINVAL;
        if (sqe.FileIndex != 0 && (sqe.AcceptFlags & Libc.SOCK_CLOEXEC) != 0)
            return -Errno.EINVAL;
        bool isMultishot = (flags & AcceptFlags.Multishot) != 0;
        if (isMultishot && sqe.FileIndex is not (0 or FileSlots.Alloc))
            return -Errno.EINVAL;
        if ((sqe.AcceptFlags & ~(uint)(Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK)) != 0)
            return -Errno.EINVAL;
        if (isMultishot)
            request.Marks |= Marks.Multishot;
        return 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref FileFacts.Entry facts = ref batch.FactsOf(request.File);
        if (facts.OpenFlags < 0)
            return Done(request, -Errno.EBADF);
        var flags = (AcceptFlags)request.Sqe.IoPrio;
        if ((flags & AcceptFlags.PollFirst) != 0 && request.IsFirstAttempt(mode))
            return Libc.SocketType(request.File) is < 0 and var error ? Done(request, error) : WouldBlock(request, flags);
        bool blocks = (facts.OpenFlags & Libc.O_NONBLOCK) == 0;
        bool isMultishot = (request.Marks & Marks.Multishot) != 0;
        for (int accepted = 0; ; accepted++)
        {
            if (blocks && Libc.IsListening(request.File) == 1) // otherwise the call fails, and waits for nobody
            {
                if (Libc.Poll(request.File, Libc.POLLIN, 0, out _) <= 0)
                    return WouldBlock(request, flags);
                if (mode != IssueMode.Worker)
                {
                    request.CannotTry = request.WasReady = request.WaitsInCall = true;
                    return IssueOutcome.WouldBlock;
                }
            }

            int result = Take(request, batch);
            if (result == -Errno.EAGAIN)
                return WouldBlock(request, flags);
            CqeFlags more = result >= 0 && HasAnother(request.File) ? CqeFlags.SockNonEmpty : CqeFlags.None;
            if (result < 0 || !isMultishot || !batch.TryPostMore(request, result, more))
            {
                request.CqeFlags = more;
                return Done(request, result);
            }

            if (accepted == MostInARow)
                return IssueOutcome.Again;
        }
    }

    /// <summary>One connection: the new descriptor, or for a slot 0 or the one that was allocated, or -errno.</summary>
    private static int Take(Request request, IssueBatch batch)
    {
        ref Sqe sqe = ref request.Sqe;
        int flags = (int)sqe.AcceptFlags;
        int made;
        do
            made = request.Caller.LendsInPlace
                ? Libc.Accept4(request.File, (nuint)sqe.Addr, (nuint)sqe.Addr2, flags)
                : AcceptForeign(request, flags);
        while (request.MustRepeat(made));
        return made < 0 ? made : NewDescriptor.Give(request, batch, made, (flags & Libc.SOCK_CLOEXEC) != 0);
    }

    private static int AcceptForeign(Request request, int flags)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Addr == 0)
            return Libc.Accept4(request.File, 0, 0, flags);
        uint room = 0;
        int error = request.Caller.CopyIn((nuint)sqe.Addr2, MemoryMarshal.AsBytes(new Span<uint>(ref room)));
        Span<byte> address = stackalloc byte[SocketAddress.Most];
        int made = Libc.Accept4(request.File, address, out uint length, flags);
        if (made < 0)
            return made;
        if (error == 0 && (int)room < 0)
            error = -Errno.EINVAL;
        if (error == 0)
            error = request.Caller.CopyOut((nuint)sqe.Addr, address[..(int)Math.Min(room, length)]);
        if (error == 0)
            error = request.Caller.CopyOut((nuint)sqe.Addr2, MemoryMarshal.AsBytes(new Span<uint>(ref length)));
        if (error == 0)
            return made;
        Libc.Close(made);
        return error;
    }

    private static IssueOutcome WouldBlock(Request request, AcceptFlags flags)
    {
        if ((flags & AcceptFlags.DontWait) != 0)
            return Done(request, -Errno.EAGAIN);
        request.WasReady = false;
        return IssueOutcome.WouldBlock;
    }

    /// <summary>The kernel knows this of its own protocols only.</summary>
    private static bool HasAnother(int listener) =>
        Libc.SocketDomain(listener) is Libc.AF_INET or Libc.AF_INET6 && Libc.Poll(listener, Libc.POLLIN, 0, out short ready) > 0
        && (ready & Libc.POLLIN) != 0;

    private static IssueOutcome Done(Request request, int result)
    {
        request.Result = result;
        return IssueOutcome.Done;
    }
}
