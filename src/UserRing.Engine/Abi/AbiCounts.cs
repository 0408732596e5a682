namespace UserRing.Abi;

/// <summary>How many numbers of each kind exist. These grow with the ABI, so no layout may depend on them.</summary>
public static class AbiCounts
{
    /// <summary>SQE opcodes known here.</summary>
    public const int Opcodes = 65;

    /// <summary>SQE opcodes of Linux 6.18.</summary>
    public const int OpcodesIn618 = 63;

    /// <summary><c>IORING_REGISTER_LAST</c>: register operations known here.</summary>
    public const int RegisterOps = 38;

    /// <summary>Register operations of Linux 6.18.</summary>
    public const int RegisterOpsIn618 = 36;

    /// <summary><c>IORING_RESTRICTION_LAST</c>: kinds of restriction entries.</summary>
    public const int RestrictionOps = 4;

    /// <summary><c>__IO_URING_QUERY_MAX</c>: kinds of queries known here.</summary>
    public const int QueryOps = 3;

    /// <summary><c>__ZCRX_CTRL_LAST</c>: zero-copy receive commands known here.</summary>
    public const int ZcrxControlOps = 2;
}
