using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_probe_op.flags</c>.</summary>
[Flags]
public enum ProbeOpFlags : ushort
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IO_URING_OP_SUPPORTED</c> (5.6): set in ops[i].flags when opcode i works.</summary>
    Supported = 0x1,
}

/// <summary><c>io_uring_probe_op</c> (5.6): one opcode in the answer of REGISTER_PROBE.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProbeOp
{
    /// <summary><c>op</c>: the opcode.</summary>
    public Opcode Op;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public byte Resv;

    /// <summary><c>flags</c>: whether it works.</summary>
    public ProbeOpFlags Flags;

    /// <summary><c>resv2</c>: reserved, zero.</summary>
    public uint Resv2;
}

/// <summary><c>io_uring_probe</c> (5.6): head of the answer of REGISTER_PROBE; the <see cref="ProbeOp"/> entries follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Probe
{
    /// <summary><c>last_op</c>: highest opcode the engine knows.</summary>
    public Opcode LastOp;

    /// <summary><c>ops_len</c>: entries filled in.</summary>
    public byte OpsLen;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    public ushort Resv;

    /// <summary><c>resv2[0]</c>: reserved, zero.</summary>
    public uint Resv2_0;

    /// <summary><c>resv2[1]</c>: reserved, zero.</summary>
    public uint Resv2_1;

    /// <summary><c>resv2[2]</c>: reserved, zero.</summary>
    public uint Resv2_2;

    /// <summary>Where <c>ops</c> begins.</summary>
    public const int OpsOffset = 16;
}
