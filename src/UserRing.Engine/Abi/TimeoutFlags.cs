namespace UserRing.Abi;

/// <summary>Bits of <c>timeout_flags</c> for TIMEOUT, TIMEOUT_REMOVE and LINK_TIMEOUT.</summary>
[Flags]
public enum TimeoutFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_TIMEOUT_ABS</c> (5.5): the time is absolute.</summary>
    Abs = 0x1,

    /// <summary><c>IORING_TIMEOUT_UPDATE</c> (5.11): TIMEOUT_REMOVE changes a TIMEOUT instead of removing it.</summary>
    Update = 0x2,

    /// <summary><c>IORING_TIMEOUT_BOOTTIME</c> (5.15): use CLOCK_BOOTTIME; excludes REALTIME.</summary>
    Boottime = 0x4,

    /// <summary><c>IORING_TIMEOUT_REALTIME</c> (5.15): use CLOCK_REALTIME; excludes BOOTTIME.</summary>
    Realtime = 0x8,

    /// <summary><c>IORING_LINK_TIMEOUT_UPDATE</c> (5.15): TIMEOUT_REMOVE changes a LINK_TIMEOUT.</summary>
    LinkTimeoutUpdate = 0x10,

    /// <summary><c>IORING_TIMEOUT_ETIME_SUCCESS</c> (5.16): expiry does not count as failure for links.</summary>
    EtimeSuccess = 0x20,

    /// <summary><c>IORING_TIMEOUT_MULTISHOT</c> (6.4): fires again and again, off times (0 = without end); excludes ABS.</summary>
    Multishot = 0x40,

    /// <summary><c>IORING_TIMEOUT_IMMEDIATE_ARG</c> (7.1): addr is a count of nanoseconds. EINVAL on 6.18.</summary>
    ImmediateArg = 0x80,

    /// <summary><c>IORING_TIMEOUT_CLOCK_MASK</c> (5.15): Both clock bits.</summary>
    ClockMask = 0xC,

    /// <summary><c>IORING_TIMEOUT_UPDATE_MASK</c> (5.15): Both update bits.</summary>
    UpdateMask = 0x12,
}
