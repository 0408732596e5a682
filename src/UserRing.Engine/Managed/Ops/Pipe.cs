using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>PIPE: two descriptors, or two slots, written to the program's memory.</summary>
internal static class Pipe
{
    /// <summary>pipe2(2)'s flags. O_EXCL asks for a notification pipe there.</summary>
    private static readonly uint Known = (uint)(Libc.O_CLOEXEC | Libc.O_NONBLOCK | Libc.O_DIRECT | Libc.O_EXCL);

    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        return sqe.Fd != 0 || sqe.Off != 0 || sqe.Addr3 != 0 || (sqe.PipeFlags & ~Known) != 0 ? -Errno.EINVAL : 0;
    }

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.FileIndex == 0 && request.Caller.LendsInPlace)
        {
            request.Result = Libc.Pipe2((nuint)sqe.Addr, (int)sqe.PipeFlags);
            batch.ForgetAll(); // which numbers they are is written in the program's memory only
        }
        else
        {
            request.Result = GiveBoth(request, batch);
        }

        return IssueOutcome.Done;
    }

    private static int GiveBoth(Request request, IssueBatch batch)
    {
        ref Sqe sqe = ref request.Sqe;
        bool closeOnExec = (sqe.PipeFlags & (uint)Libc.O_CLOEXEC) != 0;
        int error = Libc.Pipe2(out int readEnd, out int writeEnd, (int)sqe.PipeFlags | Libc.O_CLOEXEC);
        if (error < 0)
            return error;
        if (sqe.FileIndex != 0 && closeOnExec)
        {
            Libc.Close(readEnd);
            Libc.Close(writeEnd);
            return -Errno.EINVAL;
        }

        Span<int> given = [-1, -1];
        error = sqe.FileIndex != 0
            ? ToSlots(request, batch, readEnd, writeEnd, given)
            : ToDescriptors(request, batch, readEnd, writeEnd, closeOnExec, given);
        if (error == 0)
            error = request.Caller.CopyOut((nuint)sqe.Addr, MemoryMarshal.AsBytes(given));
        if (error < 0)
            TakeBack(request, batch, given);
        return error;
    }

    /// <summary>Into the slot that was asked for and the one behind it, or into two that are free.</summary>
    private static int ToSlots(Request request, IssueBatch batch, int readEnd, int writeEnd, Span<int> given)
    {
        uint index = request.Sqe.FileIndex;
        bool allocates = index == FileSlots.Alloc;
        int slot = request.Ring.Files.InstallFixed(readEnd, index, batch);
        if (slot < 0)
        {
            Libc.Close(writeEnd);
            return slot;
        }

        given[0] = allocates ? slot : (int)(index - 1);
        slot = request.Ring.Files.InstallFixed(writeEnd, allocates ? index : index + 1, batch);
        if (slot >= 0)
            given[1] = allocates ? slot : (int)index;
        return Math.Min(slot, 0);
    }

    private static int ToDescriptors(Request request, IssueBatch batch, int readEnd, int writeEnd, bool closeOnExec, Span<int> given)
    {
        given[0] = NewDescriptor.Install(request, batch, readEnd, closeOnExec);
        given[1] = NewDescriptor.Install(request, batch, writeEnd, closeOnExec);
        return Math.Min(0, Math.Min(given[0], given[1]));
    }

    /// <summary>What nobody was told of must not stay.</summary>
    private static void TakeBack(Request request, IssueBatch batch, ReadOnlySpan<int> given)
    {
        foreach (int one in given)
        {
            if (one < 0)
                continue;
            if (request.Sqe.FileIndex != 0)
            {
                request.Ring.Files.RemoveFixed((uint)one, batch);
                continue;
            }

            request.Caller.Close(one);
            batch.Forget(one);
        }
    }
}
