using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>
/// Pages charged against RLIMIT_MEMLOCK: the limit is the caller's, the sum this process's, moved atomically. A caller with
/// CAP_IPC_LOCK is not charged at all. What is given back is exactly what was charged, once.
/// </summary>
internal struct MemlockCharge
{
    private const int CapIpcLock = 14;

    private static long _chargedByAll;

    private long _pages;

    /// <summary>Charges, or changes nothing: 0 or -ENOMEM.</summary>
    internal static int TryTake(Caller caller, long pages, bool exempt, out MemlockCharge charge)
    {
        charge = default;
        if (exempt || caller.HasCapability(CapIpcLock))
            return 0;
        long most = (long)Math.Min(caller.Limit(Libc.RLIMIT_MEMLOCK) / (ulong)Environment.SystemPageSize, long.MaxValue / 2);
        long seen = Volatile.Read(ref _chargedByAll);
        while (true)
        {
            if (seen + pages > most)
                return -Errno.ENOMEM;
            long now = Interlocked.CompareExchange(ref _chargedByAll, seen + pages, seen);
            if (now == seen)
                break;
            seen = now;
        }

        charge._pages = pages;
        return 0;
    }

    /// <summary>Ends the charge; a second call does nothing.</summary>
    internal void GiveBack()
    {
        Interlocked.Add(ref _chargedByAll, -_pages);
        _pages = 0;
    }
}
