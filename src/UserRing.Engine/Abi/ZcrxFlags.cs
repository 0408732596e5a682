namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_zcrx_area_reg.flags</c>.</summary>
[Flags]
public enum ZcrxAreaFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_ZCRX_AREA_DMABUF</c> (6.16): area memory is a dma-buf.</summary>
    Dmabuf = 0x1,
}

/// <summary>Bits of <c>io_uring_zcrx_ifq_reg.flags</c>.</summary>
[Flags]
public enum ZcrxRegisterFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>ZCRX_REG_IMPORT</c> (6.19): import an exported zcrx instance.</summary>
    Import = 0x1,

    /// <summary><c>ZCRX_REG_NODEV</c> (7.1): instance without a network device.</summary>
    NoDev = 0x2,
}

/// <summary>Bits of <c>io_uring_query_zcrx.features</c>.</summary>
[Flags]
public enum ZcrxFeatures : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>ZCRX_FEATURE_RX_PAGE_SIZE</c> (7.0): rx_buf_len may be chosen.</summary>
    RxPageSize = 0x1,
}

/// <summary>What REGISTER_ZCRX_CTRL does; stands in <c>zcrx_ctrl.op</c>.</summary>
public enum ZcrxControlOp : uint
{
    /// <summary><c>ZCRX_CTRL_FLUSH_RQ</c> (6.19): return buffers waiting in the refill queue.</summary>
    FlushRq = 0,

    /// <summary><c>ZCRX_CTRL_EXPORT</c> (6.19): make the instance usable by other rings.</summary>
    Export = 1,
}

/// <summary>How zero-copy receive packs an area id and an offset into one number.</summary>
public static class ZcrxBits
{
    /// <summary><c>IORING_ZCRX_AREA_SHIFT</c> (6.15): bit where the area id starts in an offset.</summary>
    public const int AreaShift = 48;

    /// <summary><c>IORING_ZCRX_AREA_MASK</c> (6.15): mask of the area id.</summary>
    public const ulong AreaMask = 0xFFFF_0000_0000_0000;
}
