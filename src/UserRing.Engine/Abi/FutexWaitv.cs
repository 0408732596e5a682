using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>futex_waitv</c>: one futex of FUTEX_WAITV.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FutexWaitv
{
    /// <summary><c>val</c>: expected value.</summary>
    public ulong Val;

    /// <summary><c>uaddr</c>: address of the futex.</summary>
    public ulong Uaddr;

    /// <summary><c>flags</c>: FUTEX2_ flags: size, private.</summary>
    public uint Flags;

    /// <summary><c>__reserved</c>: reserved, zero.</summary>
    public uint Reserved;
}
