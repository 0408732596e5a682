using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Kernel;

/// <summary>
/// What the kernel's io_uring can do here, found out with a ring of one entry, once per process. A refusal is remembered too, except one
/// that says something about the moment (memory, descriptors) and not about the kernel.
/// </summary>
internal sealed class KernelProbe
{
    private static readonly Lock Gate = new();
    private static KernelProbe? _known;
    private static RingProbe? _knownOperations;

    private readonly int _error;
    private readonly RingProbe? _operations;

    private KernelProbe(int error, RingFeatures features, RingProbe? operations) =>
        (_error, Features, _operations) = (error, features, operations);

    internal RingFeatures Features { get; }

    internal bool Supports(Opcode operation) => _operations?.Supports(operation) ?? false;

    /// <summary>0 and what is known, or -errno of io_uring_setup.</summary>
    internal static int Read(out KernelProbe? probe)
    {
        lock (Gate)
        {
            KernelProbe found = _known ?? Ask();
            if (found._error is not (-Errno.ENOMEM or -Errno.EMFILE or -Errno.ENFILE or -Errno.EINTR or -Errno.EAGAIN))
                _known = found;
            probe = found._error < 0 ? null : found;
            return found._error;
        }
    }

    /// <summary>Whether the kernel does <paramref name="operation"/>, asked of a ring that is there already.</summary>
    internal static bool Supports(int ring, Opcode operation)
    {
        RingProbe? known = Volatile.Read(ref _knownOperations);
        if (known is null && RingProbe.TryRead(KernelEngine.Instance, ring, out known) == 0)
            Volatile.Write(ref _knownOperations, known);
        return known?.Supports(operation) ?? false;
    }

    private static KernelProbe Ask()
    {
        RingParams[] parameters = GC.AllocateArray<RingParams>(1, pinned: true);
        KernelEngine kernel = KernelEngine.Instance;
        int ring = kernel.Setup(1, (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(parameters, 0));
        if (ring < 0)
            return new KernelProbe(ring, RingFeatures.None, null);
        _ = RingProbe.TryRead(kernel, ring, out RingProbe? operations);
        kernel.Release(ring);
        return new KernelProbe(0, parameters[0].Features, operations);
    }
}
