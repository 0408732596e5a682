using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_getevents_arg</c> (5.11): argument of enter with EXT_ARG.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GetEventsArg
{
    /// <summary><c>sigmask</c>: address of the signal mask, or 0.</summary>
    public ulong Sigmask;

    /// <summary><c>sigmask_sz</c>: its bytes, 8.</summary>
    public uint SigmaskSz;

    /// <summary><c>min_wait_usec</c>: microseconds during which fewer completions are not enough (6.12).</summary>
    public uint MinWaitUsec;

    /// <summary><c>ts</c>: address of a <see cref="KernelTimespec"/>, or 0 to wait for ever.</summary>
    public ulong Ts;
}
