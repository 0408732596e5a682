namespace UserRing.Engine.Managed;

/// <summary>Which kernel's interface a managed engine speaks.</summary>
public enum AbiLevel
{
    /// <summary>That of Linux 6.18, against which every answer was measured.</summary>
    Linux618,

    /// <summary>
    /// That of the newest header: also SQE_MIXED, SQ_REWIND, NOP128, URING_CMD128, TIMEOUT_IMMEDIATE_ARG and the socket command
    /// GETSOCKNAME. No kernel here has them: they follow the header and what is documented.
    /// </summary>
    Newest,
}
