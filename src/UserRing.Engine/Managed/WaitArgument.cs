using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>The wait part of an enter call, read from the caller's memory once and in the kernel's order.</summary>
internal struct WaitArgument
{
    private const nuint KernelSigsetBytes = 8;
    private const long NanosecondsPerSecond = 1_000_000_000, NanosecondsPerMicrosecond = 1000;
    private const long MostSeconds = long.MaxValue / NanosecondsPerSecond;

    private Caller _caller;
    private nuint _maskAddress;
    private nuint _maskBytes;
    private bool _hasTimeout, _isAbsolute;
    private long _timeout;

    /// <summary>For this long more than one completion is waited for; 0: as long as the wait lasts.</summary>
    internal long MinWait { get; private set; }

    /// <summary>A signal has ended an earlier part of the call: this one does not sleep.</summary>
    internal bool IsInterrupted { get; init; }

    /// <summary>EXT_ARG's struct and its timespec are read at once; a signal mask only if the call really waits.</summary>
    internal static int TryRead(
        RingContext ring, Caller caller, EnterFlags flags, nuint address, nuint bytes, bool interrupted, out WaitArgument argument)
    {
        argument = new WaitArgument
        {
            _caller = caller,
            _isAbsolute = (flags & EnterFlags.AbsTimer) != 0,
            IsInterrupted = interrupted,
        };
        if ((flags & EnterFlags.ExtArg) == 0)
        {
            (argument._maskAddress, argument._maskBytes) = (address, bytes);
            return 0;
        }

        if ((flags & EnterFlags.ExtArgReg) != 0)
            return argument.ReadRegistered(ring, address, bytes);
        var given = default(GetEventsArg);
        if (bytes != (nuint)Unsafe.SizeOf<GetEventsArg>())
            return -Errno.EINVAL;
        int error = caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<GetEventsArg>(ref given)));
        if (error < 0)
            return error;
        argument.MinWait = given.MinWaitUsec * NanosecondsPerMicrosecond;
        (argument._maskAddress, argument._maskBytes) = ((nuint)given.Sigmask, given.SigmaskSz);
        return given.Ts == 0 ? 0 : argument.ReadTimeout((nuint)given.Ts);
    }

    /// <summary>
    /// When the wait that begins at <paramref name="now"/> ends, in ns of its clock; long.MaxValue: never. The kernel's arithmetic,
    /// wrap-around included: what has become negative never comes.
    /// </summary>
    internal readonly long Deadline(long now)
    {
        if (!_hasTimeout)
            return long.MaxValue;
        return _isAbsolute ? _timeout : unchecked(_timeout + now);
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
        SetTimeout(time);
        return 0;
    }

    /// <summary>EXT_ARG_REG: the argument lies in memory that was registered for it.</summary>
    private int ReadRegistered(RingContext ring, nuint offset, nuint bytes)
    {
        if (bytes != (nuint)Unsafe.SizeOf<RegWait>())
            return -Errno.EINVAL;
        int error = ring.Region.ReadWait(offset, out RegWait given);
        if (error < 0)
            return error;
        if ((given.Flags & ~RegWaitFlags.Ts) != 0)
            return -Errno.EINVAL;
        MinWait = given.MinWaitUsec * NanosecondsPerMicrosecond;
        (_maskAddress, _maskBytes) = ((nuint)given.Sigmask, given.SigmaskSz);
        if ((given.Flags & RegWaitFlags.Ts) != 0)
            SetTimeout(given.Ts);
        return 0;
    }

    private void SetTimeout(in KernelTimespec time)
    {
        _hasTimeout = true;
        _timeout = time.TvSec >= MostSeconds ? long.MaxValue : unchecked(time.TvSec * NanosecondsPerSecond + time.TvNsec);
    }
}
