using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_zcrx_rqe</c> (6.15): an entry of the refill queue: memory handed back to the network card.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxRqe
{
    /// <summary><c>off</c>: area id and offset.</summary>
    public ulong Off;

    /// <summary><c>len</c>: bytes.</summary>
    public uint Len;

    /// <summary><c>__pad</c>: reserved, zero.</summary>
    public uint Pad;
}

/// <summary><c>io_uring_zcrx_cqe</c> (6.15): second half of a RECV_ZC completion.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxCqe
{
    /// <summary><c>off</c>: area id and offset of the data.</summary>
    public ulong Off;

    /// <summary><c>__pad</c>: reserved, zero.</summary>
    public ulong Pad;
}

/// <summary><c>io_uring_zcrx_offsets</c> (6.15): byte offsets into the refill queue mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxOffsets
{
    /// <summary><c>head</c>: consumer index.</summary>
    public uint Head;

    /// <summary><c>tail</c>: producer index.</summary>
    public uint Tail;

    /// <summary><c>rqes</c>: the entries.</summary>
    public uint Rqes;

    /// <summary><c>__resv2</c>: reserved, zero.</summary>
    public uint Resv2;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    public ulong Resv_0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    public ulong Resv_1;
}

/// <summary><c>io_uring_zcrx_area_reg</c> (6.15): memory that packets are received into.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxAreaReg
{
    /// <summary><c>addr</c>: where it is.</summary>
    public ulong Addr;

    /// <summary><c>len</c>: bytes.</summary>
    public ulong Len;

    /// <summary><c>rq_area_token</c>: out: area id, shifted into place.</summary>
    public ulong RqAreaToken;

    /// <summary><c>flags</c>: kind of memory.</summary>
    public ZcrxAreaFlags Flags;

    /// <summary><c>dmabuf_fd</c>: the dma-buf (AREA_DMABUF).</summary>
    public uint DmabufFd;

    /// <summary><c>__resv2[0]</c>: reserved, zero.</summary>
    public ulong Resv2_0;

    /// <summary><c>__resv2[1]</c>: reserved, zero.</summary>
    public ulong Resv2_1;
}

/// <summary><c>io_uring_zcrx_ifq_reg</c> (6.15): argument of REGISTER_ZCRX_IFQ.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxIfqReg
{
    /// <summary><c>if_idx</c>: network interface.</summary>
    public uint IfIdx;

    /// <summary><c>if_rxq</c>: its receive queue.</summary>
    public uint IfRxq;

    /// <summary><c>rq_entries</c>: size of the refill queue.</summary>
    public uint RqEntries;

    /// <summary><c>flags</c>: how to make the instance.</summary>
    public ZcrxRegisterFlags Flags;

    /// <summary><c>area_ptr</c>: address of an <see cref="ZcrxAreaReg"/>.</summary>
    public ulong AreaPtr;

    /// <summary><c>region_ptr</c>: address of a <see cref="RegionDesc"/>.</summary>
    public ulong RegionPtr;

    /// <summary><c>offsets</c>: out: layout of the refill queue.</summary>
    public ZcrxOffsets Offsets;

    /// <summary><c>zcrx_id</c>: out: id for the SQE.</summary>
    public uint ZcrxId;

    /// <summary><c>rx_buf_len</c>: wanted buffer length, or 0.</summary>
    public uint RxBufLen;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    public ulong Resv0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    public ulong Resv1;

    /// <summary><c>__resv[2]</c>: reserved, zero.</summary>
    public ulong Resv2;
}
