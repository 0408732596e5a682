using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_timespec</c> (6.17): time stamp in the second half of a TX_TIMESTAMP completion.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoTimespec
{
    /// <summary><c>tv_sec</c>: seconds.</summary>
    public ulong TvSec;

    /// <summary><c>tv_nsec</c>: nanoseconds.</summary>
    public ulong TvNsec;
}

/// <summary><c>__kernel_timespec</c>: a time with 64-bit seconds on every architecture.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KernelTimespec
{
    /// <summary><c>tv_sec</c>: seconds.</summary>
    public long TvSec;

    /// <summary><c>tv_nsec</c>: nanoseconds.</summary>
    public long TvNsec;
}
