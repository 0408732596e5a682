using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>PROVIDE_BUFFERS and REMOVE_BUFFERS: the older way to hand over buffers, in groups kept by the engine.</summary>
internal static class Buffers
{
    internal static int PrepareProvide(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.RwFlags != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        uint count = (uint)sqe.Fd;
        if (count is 0 or > RingLimits.MaxProvidedBuffers)
            return -Errno.E2BIG;
        if (sqe.Len == 0)
            return -Errno.EINVAL;
        ulong bytes = (ulong)sqe.Len * count, end = sqe.Addr + bytes;
        if (end < bytes)
            return -Errno.EOVERFLOW;
        if (end > AddressSpace.End)
            return -Errno.EFAULT;
        if (sqe.Off > RingLimits.MaxBufferId)
            return -Errno.E2BIG;
        return sqe.Off + count > RingLimits.MaxProvidedBuffers ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Provide(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        using (request.Ring.Submission.Hold())
            request.Result = request.Ring.BufferGroups.Provide(sqe.BufGroup, (nuint)sqe.Addr, sqe.Len, sqe.Fd, (ushort)sqe.Off);
        return IssueOutcome.Done;
    }

    internal static int PrepareRemove(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.RwFlags != 0 || sqe.Addr != 0 || sqe.Len != 0 || sqe.Off != 0 || sqe.SpliceFdIn != 0)
            return -Errno.EINVAL;
        return (uint)sqe.Fd is 0 or > RingLimits.MaxProvidedBuffers ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Remove(Request request, IssueBatch batch, IssueMode mode)
    {
        using (request.Ring.Submission.Hold())
            request.Result = request.Ring.BufferGroups.Remove(request.Sqe.BufGroup, request.Sqe.Fd);
        return IssueOutcome.Done;
    }
}
