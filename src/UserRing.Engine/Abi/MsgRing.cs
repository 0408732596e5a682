namespace UserRing.Abi;

/// <summary>What MSG_RING sends; the command stands in <c>addr</c>.</summary>
public enum MsgRingCommand : ulong
{
    /// <summary><c>IORING_MSG_DATA</c> (5.18): sends len and off as a CQE of the target.</summary>
    Data = 0,

    /// <summary><c>IORING_MSG_SEND_FD</c> (6.0): copies fixed slot addr3 to slot file_index of the target.</summary>
    SendFd = 1,
}

/// <summary>Bits of <c>msg_ring_flags</c>.</summary>
[Flags]
public enum MsgRingFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_MSG_RING_CQE_SKIP</c> (6.0): SEND_FD without a CQE on the target; EINVAL for data.</summary>
    CqeSkip = 0x1,

    /// <summary><c>IORING_MSG_RING_FLAGS_PASS</c> (6.3): file_index becomes the flags of the target CQE.</summary>
    FlagsPass = 0x2,
}
