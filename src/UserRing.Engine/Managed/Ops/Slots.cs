using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// FILES_UPDATE, which fills slots of the file table from descriptors, and FIXED_FD_INSTALL, which makes a descriptor of a slot.
/// Neither blocks.
/// </summary>
internal static class Slots
{
    internal static int PrepareUpdate(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        bool isBad = (sqe.Flags & SqeFlags.FixedFile) != 0 || sqe.RwFlags != 0 || sqe.SpliceFdIn != 0 || sqe.Len == 0;
        return isBad ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Update(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        uint first = (uint)sqe.Off; // its upper half is not looked at
        using (request.Ring.Submission.Hold()) // held already unless on a worker
        {
            request.Result = first == FileSlots.Alloc
                ? Allocate(request, batch)
                : request.Ring.Files.Update(request.Caller, first, (nuint)sqe.Addr, 0, sqe.Len, batch);
        }

        return IssueOutcome.Done;
    }

    internal static int PrepareInstall(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.Off != 0 || sqe.Addr != 0 || sqe.Len != 0 || sqe.BufIndex != 0 || sqe.SpliceFdIn != 0 || sqe.Addr3 != 0)
            return -Errno.EINVAL;
        if ((sqe.Flags & SqeFlags.FixedFile) == 0)
            return -Errno.EBADF;
        if ((sqe.InstallFdFlags & ~InstallFdFlags.NoCloexec) != 0)
            return -Errno.EINVAL;
        return sqe.Personality != 0 ? -Errno.EPERM : 0; // receiving a descriptor is for the task's own rights
    }

    internal static IssueOutcome Install(Request request, IssueBatch batch, IssueMode mode)
    {
        bool closeOnExec = (request.Sqe.InstallFdFlags & InstallFdFlags.NoCloexec) == 0;
        int local = Libc.Fcntl(request.File, closeOnExec ? Libc.F_DUPFD_CLOEXEC : Libc.F_DUPFD, 0);
        request.Result = local < 0 ? local : NewDescriptor.Install(request, batch, local, closeOnExec);
        return IssueOutcome.Done;
    }

    /// <summary>
    /// Each descriptor goes to a free slot, whose number takes its place in the program's array: how many did, or why the first did not.
    /// </summary>
    private static int Allocate(Request request, IssueBatch batch)
    {
        ref Sqe sqe = ref request.Sqe;
        for (uint done = 0; done < sqe.Len; done++)
        {
            int error = AllocateOne(request, (nuint)sqe.Addr + (nuint)done * sizeof(int), batch);
            if (error < 0)
                return done > 0 ? (int)done : error;
        }

        return (int)sqe.Len;
    }

    private static int AllocateOne(Request request, nuint entry, IssueBatch batch)
    {
        int value = 0;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<int>(ref value));
        FileTable files = request.Ring.Files;
        if (!files.IsRegistered)
            return -Errno.ENXIO;
        int error = request.Caller.CopyIn(entry, bytes);
        if (error < 0)
            return error;
        value = files.InstallDuplicate(request.Caller, value, FileSlots.Alloc, batch);
        if (value < 0)
            return value;
        error = request.Caller.CopyOut(entry, bytes);
        if (error < 0)
            files.RemoveFixed((uint)value, batch);
        return error;
    }
}
