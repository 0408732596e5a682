namespace UserRing.Engine.Managed;

/// <summary>
/// The open managed rings of this process by descriptor. Looked up without a lock at each enter; an entry leaves before its number is
/// closed, so that a number found here is a ring of ours.
/// </summary>
internal static class RingTable
{
    private static readonly Lock Lock = new();
    private static RingContext?[] _rings = new RingContext?[64];

    internal static RingContext? Find(int descriptor)
    {
        RingContext?[] rings = Volatile.Read(ref _rings);
        return (uint)descriptor < (uint)rings.Length ? Volatile.Read(ref rings[descriptor]) : null;
    }

    internal static void Add(int descriptor, RingContext ring)
    {
        lock (Lock)
        {
            if (descriptor >= _rings.Length)
            {
                RingContext?[] larger = new RingContext?[Math.Max(descriptor + 1, _rings.Length * 2)];
                _rings.CopyTo(larger, 0);
                Volatile.Write(ref _rings, larger);
            }

            Volatile.Write(ref _rings[descriptor], ring);
        }
    }

    /// <summary>True for the one caller that took it out.</summary>
    internal static bool Remove(int descriptor, RingContext ring)
    {
        lock (Lock)
        {
            if (Find(descriptor) != ring)
                return false;
            Volatile.Write(ref _rings[descriptor], null);
            return true;
        }
    }
}
