using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>zcrx_ctrl_flush_rq</c> (6.19): argument of the flush command.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxCtrlFlushRq
{
    /// <summary><c>__resv</c>: reserved, zero.</summary>
    public Ulongs6 Resv;
}

/// <summary><c>zcrx_ctrl_export</c> (6.19): argument of the export command.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ZcrxCtrlExport
{
    /// <summary><c>zcrx_fd</c>: out: descriptor of the instance.</summary>
    public uint ZcrxFd;

    /// <summary><c>__resv1</c>: reserved, zero.</summary>
    public Uints11 Resv1;
}

/// <summary><c>zcrx_ctrl</c> (6.19): argument of REGISTER_ZCRX_CTRL.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public struct ZcrxCtrl
{
    /// <summary><c>zcrx_id</c>: the instance.</summary>
    [FieldOffset(0)]
    public uint ZcrxId;

    /// <summary><c>op</c>: what to do.</summary>
    [FieldOffset(4)]
    public ZcrxControlOp Op;

    /// <summary><c>__resv[0]</c>: reserved, zero.</summary>
    [FieldOffset(8)]
    public ulong Resv0;

    /// <summary><c>__resv[1]</c>: reserved, zero.</summary>
    [FieldOffset(16)]
    public ulong Resv1;

    /// <summary><c>zc_export</c>: export command.</summary>
    [FieldOffset(24)]
    public ZcrxCtrlExport ZcExport;

    /// <summary><c>zc_flush</c>: flush command.</summary>
    [FieldOffset(24)]
    public ZcrxCtrlFlushRq ZcFlush;
}
