using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>What one entry of a restriction list allows or demands.</summary>
public enum RestrictionOp : ushort
{
    /// <summary><c>IORING_RESTRICTION_REGISTER_OP</c> (5.10): allow a register opcode.</summary>
    RegisterOp = 0,

    /// <summary><c>IORING_RESTRICTION_SQE_OP</c> (5.10): allow an SQE opcode.</summary>
    SqeOp = 1,

    /// <summary><c>IORING_RESTRICTION_SQE_FLAGS_ALLOWED</c> (5.10): flags an SQE may have.</summary>
    SqeFlagsAllowed = 2,

    /// <summary><c>IORING_RESTRICTION_SQE_FLAGS_REQUIRED</c> (5.10): flags an SQE must have.</summary>
    SqeFlagsRequired = 3,
}

/// <summary><c>io_uring_restriction</c> (5.10): one entry of REGISTER_RESTRICTIONS.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct Restriction
{
    /// <summary><c>opcode</c>: kind of entry.</summary>
    [FieldOffset(0)]
    public RestrictionOp Opcode;

    /// <summary><c>register_op</c>: the register operation it allows.</summary>
    [FieldOffset(2)]
    public byte RegisterOp;

    /// <summary><c>sqe_op</c>: the SQE opcode it allows.</summary>
    [FieldOffset(2)]
    public Opcode SqeOp;

    /// <summary><c>sqe_flags</c>: the SQE flags it allows or demands.</summary>
    [FieldOffset(2)]
    public SqeFlags SqeFlags;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    [FieldOffset(3)]
    public byte Resv;

    /// <summary><c>resv2[0]</c>: reserved, zero.</summary>
    [FieldOffset(4)]
    public uint Resv2_0;

    /// <summary><c>resv2[1]</c>: reserved, zero.</summary>
    [FieldOffset(8)]
    public uint Resv2_1;

    /// <summary><c>resv2[2]</c>: reserved, zero.</summary>
    [FieldOffset(12)]
    public uint Resv2_2;
}

/// <summary><c>io_uring_task_restriction</c> (7.0): head of a restriction list for every ring a task makes; the entries follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TaskRestriction
{
    /// <summary><c>flags</c>: none defined; zero.</summary>
    public ushort Flags;

    /// <summary><c>nr_res</c>: number of entries.</summary>
    public ushort NrRes;

    /// <summary><c>resv[0]</c>: reserved, zero.</summary>
    public uint Resv0;

    /// <summary><c>resv[1]</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>resv[2]</c>: reserved, zero.</summary>
    public uint Resv2;

    /// <summary>Where <c>restrictions</c> begins.</summary>
    public const int RestrictionsOffset = 16;
}
