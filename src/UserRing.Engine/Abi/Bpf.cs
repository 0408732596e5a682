using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_bpf_filter.flags</c>.</summary>
[Flags]
public enum BpfFilterFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IO_URING_BPF_FILTER_DENY_REST</c> (7.0): opcodes without a filter are denied.</summary>
    DenyRest = 0x1,

    /// <summary><c>IO_URING_BPF_FILTER_SZ_STRICT</c> (7.0): fail when the data sizes do not agree.</summary>
    SzStrict = 0x2,
}

/// <summary>What REGISTER_BPF_FILTER does; stands in <c>io_uring_bpf.cmd_type</c>.</summary>
public enum BpfCommand : ushort
{
    /// <summary><c>IO_URING_BPF_CMD_FILTER</c> (7.0): command: add a filter.</summary>
    Filter = 1,
}

/// <summary><c>io_uring_bpf_ctx</c> (7.0): what a filter program sees of a request.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct BpfCtx
{
    /// <summary><c>user_data</c>: that of the SQE.</summary>
    [FieldOffset(0)]
    public ulong UserData;

    /// <summary><c>opcode</c>: the operation.</summary>
    [FieldOffset(8)]
    public Opcode Opcode;

    /// <summary><c>sqe_flags</c>: its flags.</summary>
    [FieldOffset(9)]
    public SqeFlags SqeFlags;

    /// <summary><c>pdu_size</c>: bytes of the part below that count.</summary>
    [FieldOffset(10)]
    public byte PduSize;

    /// <summary><c>pad</c>: reserved, zero.</summary>
    [FieldOffset(11)]
    public Bytes5 Pad;

    /// <summary><c>socket.family</c>: SOCKET: address family.</summary>
    [FieldOffset(16)]
    public uint SocketFamily;

    /// <summary><c>socket.type</c>: SOCKET: type.</summary>
    [FieldOffset(20)]
    public uint SocketType;

    /// <summary><c>socket.protocol</c>: SOCKET: protocol.</summary>
    [FieldOffset(24)]
    public uint SocketProtocol;

    /// <summary><c>open.flags</c>: OPENAT, OPENAT2: O_ flags.</summary>
    [FieldOffset(16)]
    public ulong OpenFlags;

    /// <summary><c>open.mode</c>: OPENAT, OPENAT2: mode of a new file.</summary>
    [FieldOffset(24)]
    public ulong OpenMode;

    /// <summary><c>open.resolve</c>: OPENAT2: RESOLVE_ flags.</summary>
    [FieldOffset(32)]
    public ulong OpenResolve;
}

/// <summary><c>io_uring_bpf_filter</c> (7.0): a filter for one opcode.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BpfFilter
{
    /// <summary><c>opcode</c>: the operation it judges.</summary>
    public uint Opcode;

    /// <summary><c>flags</c>: how strict it is.</summary>
    public BpfFilterFlags Flags;

    /// <summary><c>filter_len</c>: instructions.</summary>
    public uint FilterLen;

    /// <summary><c>pdu_size</c>: bytes of operation data it reads.</summary>
    public byte PduSize;

    /// <summary><c>resv[0]</c>: reserved, zero.</summary>
    public byte Resv_0;

    /// <summary><c>resv[1]</c>: reserved, zero.</summary>
    public byte Resv_1;

    /// <summary><c>resv[2]</c>: reserved, zero.</summary>
    public byte Resv_2;

    /// <summary><c>filter_ptr</c>: address of the instructions.</summary>
    public ulong FilterPtr;

    /// <summary><c>resv2</c>: reserved, zero.</summary>
    public Ulongs5 Resv2;
}

/// <summary><c>io_uring_bpf</c> (7.0): argument of REGISTER_BPF_FILTER.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public struct Bpf
{
    /// <summary><c>cmd_type</c>: what to do.</summary>
    [FieldOffset(0)]
    public BpfCommand CmdType;

    /// <summary><c>cmd_flags</c>: none defined; zero.</summary>
    [FieldOffset(2)]
    public ushort CmdFlags;

    /// <summary><c>resv</c>: reserved, zero.</summary>
    [FieldOffset(4)]
    public uint Resv;

    /// <summary><c>filter</c>: the filter to add.</summary>
    [FieldOffset(8)]
    public BpfFilter Filter;
}
