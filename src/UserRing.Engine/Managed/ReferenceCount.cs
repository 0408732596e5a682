namespace UserRing.Engine.Managed;

/// <summary>Counts who still needs something. At 0 it is over: a count never rises again from there.</summary>
internal struct ReferenceCount(int initial)
{
    private int _count = initial;

    /// <summary>For someone who may come too late: false if it is over.</summary>
    internal bool TryAdd()
    {
        int seen = Volatile.Read(ref _count);
        while (seen > 0)
        {
            int now = Interlocked.CompareExchange(ref _count, seen + 1, seen);
            if (now == seen)
                return true;
            seen = now;
        }

        return false;
    }

    /// <summary>For someone who knows that another reference is held meanwhile.</summary>
    internal void Add() => Interlocked.Increment(ref _count);

    /// <summary>True for the one who dropped the last.</summary>
    internal bool Drop() => Interlocked.Decrement(ref _count) == 0;
}
