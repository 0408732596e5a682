namespace UserRing.Engine.Managed.Ops;

/// <summary>Where a file that an operation opened goes: to the caller as a descriptor, or to a slot of the file table.</summary>
internal static class NewDescriptor
{
    /// <summary>
    /// Takes <paramref name="local"/> over: the caller's number, or for a slot 0 or the one that was allocated, or -errno.
    /// </summary>
    internal static int Give(Request request, IssueBatch batch, int local, bool closeOnExec)
    {
        uint slot = request.Sqe.FileIndex;
        return slot != 0 ? request.Ring.Files.InstallFixed(local, slot, batch) : Install(request, batch, local, closeOnExec);
    }

    /// <summary>Makes <paramref name="local"/> a descriptor of the caller's: its number or -errno.</summary>
    internal static int Install(Request request, IssueBatch batch, int local, bool closeOnExec)
    {
        int number = request.Caller.Install(local, closeOnExec);
        if (number >= 0)
            batch.Forget(number);
        return number;
    }
}
