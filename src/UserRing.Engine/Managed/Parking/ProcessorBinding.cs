using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Which processors a worker thread runs on: those that the ring it works for asked for, else its own. A thread is bound anew only
/// when it changes to a ring with another mask.
/// </summary>
internal static class ProcessorBinding
{
    [ThreadStatic]
    private static byte[]? _own, _bound;

    /// <summary>A mask with no processor that exists binds to none, and changes nothing.</summary>
    internal static void Bind(byte[]? mask)
    {
        if (ReferenceEquals(mask, _bound))
            return;
        if (_own is null)
        {
            Span<byte> own = stackalloc byte[Libc.MostCpuMaskBytes];
            int size = Libc.SchedGetaffinity(0, own);
            if (size <= 0)
                return;
            _own = own[..size].ToArray();
        }

        _bound = mask;
        Libc.SetAffinity(0, mask ?? _own);
    }
}
