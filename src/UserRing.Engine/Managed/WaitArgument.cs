using System.Runtime.CompilerServices;
using System.Diagnostics;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>The wait part of an enter call, read from the caller's memory once and in the kernel's order.</summary>
internal struct WaitArgument
{
    private const nuint KernelSigsetBytes = 8;
    private static readonly long MostSeconds = long.MaxValue / Stopwatch.Frequency / 4;

    private Caller _caller;
    private nuint _maskAddress;
    private nuint _maskBytes;

    internal bool HasTimeout { get; private set; }

    internal long TimeoutTicks { get; private set; }

    /// <summary>EXT_ARG's struct and its timespec are read at once; a signal mask only if the call really waits.</summary>
    internal static int TryRead(Caller caller, EnterFlags flags, nuint address, nuint bytes, out WaitArgument argument)
    {
        argument = new WaitArgument { _caller = caller };
        if ((flags & EnterFlags.ExtArg) == 0)
        {
            (argument._maskAddress, argument._maskBytes) = (address, bytes);
            return 0;
        }

        var given = default(GetEventsArg);
        if (bytes != (nuint)Unsafe.SizeOf<GetEventsArg>())
            return -Errno.EINVAL;
        int error = caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<GetEventsArg>(ref given)));
        if (error < 0)
            return error;
        if (given.MinWaitUsec != 0)
            return -Errno.EINVAL; // IORING_FEAT_MIN_TIMEOUT is not offered; kernels without it refuse the word too
        (argument._maskAddress, argument._maskBytes) = ((nuint)given.Sigmask, given.SigmaskSz);
        return given.Ts == 0 ? 0 : argument.ReadTimeout((nuint)given.Ts);
    }

    /// <summary>The signal mask for the time of the wait, if one was given: 0, -EINVAL (size) or -EFAULT.</summary>
    internal readonly int ReadMask(out ulong mask, out bool given)
    {
        mask = 0;
        given = _maskAddress != 0;
        if (!given)
            return 0;
        return _maskBytes != KernelSigsetBytes
            ? -Errno.EINVAL
            : _caller.CopyIn(_maskAddress, MemoryMarshal.AsBytes(new Span<ulong>(ref mask)));
    }

    private int ReadTimeout(nuint address)
    {
        var time = default(KernelTimespec);
        int error = _caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<KernelTimespec>(ref time)));
        if (error < 0)
            return error;
        HasTimeout = true;
        TimeoutTicks = time.TvSec >= MostSeconds
            ? MostSeconds * Stopwatch.Frequency
            : Math.Max(0, time.TvSec * Stopwatch.Frequency + time.TvNsec / (1_000_000_000 / Stopwatch.Frequency));
        return 0;
    }
}
