namespace UserRing.Abi;

/// <summary>Bits that POLL_ADD and POLL_REMOVE take in <c>len</c>.</summary>
[Flags]
public enum PollFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_POLL_ADD_MULTI</c> (5.13): stay armed after each event.</summary>
    AddMulti = 0x1,

    /// <summary><c>IORING_POLL_UPDATE_EVENTS</c> (5.13): POLL_REMOVE replaces the event mask.</summary>
    UpdateEvents = 0x2,

    /// <summary><c>IORING_POLL_UPDATE_USER_DATA</c> (5.13): POLL_REMOVE replaces the user_data.</summary>
    UpdateUserData = 0x4,

    /// <summary><c>IORING_POLL_ADD_LEVEL</c> (6.0): in the header only: switched off before 6.0 came out, EINVAL on 6.18.</summary>
    AddLevel = 0x8,
}
