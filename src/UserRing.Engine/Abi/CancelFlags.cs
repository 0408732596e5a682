namespace UserRing.Abi;

/// <summary>Bits of <c>cancel_flags</c>: by which keys a cancel finds its requests.</summary>
[Flags]
public enum CancelFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_ASYNC_CANCEL_ALL</c> (5.19): cancel every match; result is the count.</summary>
    All = 0x1,

    /// <summary><c>IORING_ASYNC_CANCEL_FD</c> (5.19): match on the file of fd.</summary>
    Fd = 0x2,

    /// <summary><c>IORING_ASYNC_CANCEL_ANY</c> (5.19): match everything; implies ALL; excludes FD and OP.</summary>
    Any = 0x4,

    /// <summary><c>IORING_ASYNC_CANCEL_FD_FIXED</c> (6.0): with FD: fd is a fixed file slot.</summary>
    FdFixed = 0x8,

    /// <summary><c>IORING_ASYNC_CANCEL_USERDATA</c> (6.6): match on user_data as well as the other keys.</summary>
    UserData = 0x10,

    /// <summary><c>IORING_ASYNC_CANCEL_OP</c> (6.6): match on the opcode given in len.</summary>
    Op = 0x20,
}
