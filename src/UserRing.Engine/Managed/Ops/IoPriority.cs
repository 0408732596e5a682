using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>The ioprio field, checked as block/ioprio.c does. It is not applied: no thread of ours works for one request alone.</summary>
internal static class IoPriority
{
    /// <summary>ioprio: a class without the right to it is refused. 0 is the submitter's own.</summary>
    internal static int Check(Request request)
    {
        const int ClassShift = 13, LevelMask = 7, MostLevel = 7, CapSysNice = 23, CapSysAdmin = 21;
        ushort priority = request.Sqe.IoPrio;
        if (priority == 0)
            return 0;
        int level = priority & ((1 << ClassShift) - 1) & LevelMask;
        switch (priority >> ClassShift)
        {
            case 0: // none: a hint alone is fine
                return level != 0 ? -Errno.EINVAL : 0;
            case 1: // real time
                if (!request.Caller.HasCapability(CapSysAdmin) && !request.Caller.HasCapability(CapSysNice))
                    return -Errno.EPERM;
                return level > MostLevel ? -Errno.EINVAL : 0;
            case 2 or 3: // best effort, idle
                return 0;
            default:
                return -Errno.EINVAL;
        }
    }
}
