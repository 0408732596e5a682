using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_reg_wait.flags</c>.</summary>
[Flags]
public enum RegWaitFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_REG_WAIT_TS</c> (6.13): the ts of a wait entry is valid.</summary>
    Ts = 0x1,
}

/// <summary><c>io_uring_reg_wait</c> (6.13): one entry of a registered wait region, used by enter with EXT_ARG_REG.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RegWait
{
    /// <summary><c>ts</c>: time limit.</summary>
    public KernelTimespec Ts;

    /// <summary><c>min_wait_usec</c>: microseconds during which fewer completions are not enough.</summary>
    public uint MinWaitUsec;

    /// <summary><c>flags</c>: which fields count.</summary>
    public RegWaitFlags Flags;

    /// <summary><c>sigmask</c>: address of the signal mask, or 0.</summary>
    public ulong Sigmask;

    /// <summary><c>sigmask_sz</c>: its bytes.</summary>
    public uint SigmaskSz;

    /// <summary><c>pad[0]</c>: reserved, zero.</summary>
    public uint Pad_0;

    /// <summary><c>pad[1]</c>: reserved, zero.</summary>
    public uint Pad_1;

    /// <summary><c>pad[2]</c>: reserved, zero.</summary>
    public uint Pad_2;

    /// <summary><c>pad2[0]</c>: reserved, zero.</summary>
    public ulong Pad2_0;

    /// <summary><c>pad2[1]</c>: reserved, zero.</summary>
    public ulong Pad2_1;
}
