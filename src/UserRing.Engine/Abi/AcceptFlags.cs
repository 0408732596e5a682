namespace UserRing.Abi;

/// <summary>Bits that ACCEPT takes in <c>ioprio</c>; its <c>accept_flags</c> field holds the SOCK_ flags of accept4(2) instead.</summary>
[Flags]
public enum AcceptFlags : ushort
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_ACCEPT_MULTISHOT</c> (5.19): one CQE per connection; file_index may only be ALLOC.</summary>
    Multishot = 0x1,

    /// <summary><c>IORING_ACCEPT_DONTWAIT</c> (6.10): EAGAIN instead of waiting.</summary>
    DontWait = 0x2,

    /// <summary><c>IORING_ACCEPT_POLL_FIRST</c> (6.10): arm poll before the first attempt.</summary>
    PollFirst = 0x4,
}
