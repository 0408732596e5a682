using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_clock_register</c> (6.12): argument of REGISTER_CLOCK: the clock of timeouts given to enter.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClockRegister
{
    /// <summary><c>clockid</c>: CLOCK_MONOTONIC or CLOCK_BOOTTIME.</summary>
    public uint ClockId;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    public uint Resv0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>__resv[2]</c>: reserved, zero.</summary>
    public uint Resv2;
}
