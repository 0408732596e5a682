namespace UserRing.Abi;

/// <summary>The <c>flags</c> word of the CQ ring: written by the application, read by the engine.</summary>
[Flags]
public enum CqRingFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_CQ_EVENTFD_DISABLED</c> (5.8): set by the application: no eventfd signals.</summary>
    EventFdDisabled = 0x1,
}
