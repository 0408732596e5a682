using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>What one entry of a REGISTER_QUERY chain asks for.</summary>
public enum QueryOp : uint
{
    /// <summary><c>IO_URING_QUERY_OPCODES</c> (6.18): counts of opcodes and masks of flags.</summary>
    Opcodes = 0,

    /// <summary><c>IO_URING_QUERY_ZCRX</c> (6.19): zero-copy receive abilities. EOPNOTSUPP on 6.18.</summary>
    Zcrx = 1,

    /// <summary><c>IO_URING_QUERY_SCQ</c> (6.19): ring header size and alignment. EOPNOTSUPP on 6.18.</summary>
    Scq = 2,
}

/// <summary><c>io_uring_query_hdr</c> (6.18): one entry of a REGISTER_QUERY chain.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueryHdr
{
    /// <summary><c>next_entry</c>: address of the next entry, or 0.</summary>
    public ulong NextEntry;

    /// <summary><c>query_data</c>: address the answer goes to.</summary>
    public ulong QueryData;

    /// <summary><c>query_op</c>: the question.</summary>
    public QueryOp QueryOp;

    /// <summary><c>size</c>: room for the answer; out: bytes of it.</summary>
    public uint Size;

    /// <summary><c>result</c>: out: 0 or a negative errno.</summary>
    public int Result;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    public uint Resv0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    public uint Resv1;

    /// <summary><c>__resv[2]</c>: reserved, zero.</summary>
    public uint Resv2;
}

/// <summary><c>io_uring_query_opcode</c> (6.18): answer to <see cref="QueryOp.Opcodes"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueryOpcode
{
    /// <summary><c>nr_request_opcodes</c>: number of SQE opcodes.</summary>
    public uint NrRequestOpcodes;

    /// <summary><c>nr_register_opcodes</c>: number of register opcodes.</summary>
    public uint NrRegisterOpcodes;

    /// <summary><c>feature_flags</c>: all <see cref="RingFeatures"/> known.</summary>
    public ulong FeatureFlags;

    /// <summary><c>ring_setup_flags</c>: all <see cref="SetupFlags"/> known.</summary>
    public ulong RingSetupFlags;

    /// <summary><c>enter_flags</c>: all <see cref="EnterFlags"/> known.</summary>
    public ulong EnterFlags;

    /// <summary><c>sqe_flags</c>: all <see cref="SqeFlags"/> known.</summary>
    public ulong SqeFlags;

    /// <summary><c>nr_query_opcodes</c>: number of questions.</summary>
    public uint NrQueryOpcodes;

    /// <summary><c>__pad</c>: reserved, zero.</summary>
    public uint Pad;
}

/// <summary><c>io_uring_query_zcrx</c> (6.19): answer to <see cref="QueryOp.Zcrx"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueryZcrx
{
    /// <summary><c>register_flags</c>: all <see cref="ZcrxRegisterFlags"/> known.</summary>
    public ulong RegisterFlags;

    /// <summary><c>area_flags</c>: all <see cref="ZcrxAreaFlags"/> known.</summary>
    public ulong AreaFlags;

    /// <summary><c>nr_ctrl_opcodes</c>: number of control commands.</summary>
    public uint NrCtrlOpcodes;

    /// <summary><c>features</c>: abilities.</summary>
    public ZcrxFeatures Features;

    /// <summary><c>rq_hdr_size</c>: bytes before the refill entries.</summary>
    public uint RqHdrSize;

    /// <summary><c>rq_hdr_alignment</c>: their alignment.</summary>
    public uint RqHdrAlignment;

    /// <summary><c>__resv2</c>: reserved, zero.</summary>
    public ulong Resv2;
}

/// <summary><c>io_uring_query_scq</c> (6.19): answer to <see cref="QueryOp.Scq"/>: the header both rings share.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueryScq
{
    /// <summary><c>hdr_size</c>: its bytes.</summary>
    public ulong HdrSize;

    /// <summary><c>hdr_alignment</c>: its alignment.</summary>
    public ulong HdrAlignment;
}
