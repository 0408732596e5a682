namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_sqe.flags</c>, understood by every operation.</summary>
[Flags]
public enum SqeFlags : byte
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IOSQE_FIXED_FILE</c> (5.1): fd is a slot of the registered file table.</summary>
    FixedFile = 0x1,

    /// <summary><c>IOSQE_IO_DRAIN</c> (5.2): start after all earlier requests are done; later ones wait for this one.</summary>
    IoDrain = 0x2,

    /// <summary><c>IOSQE_IO_LINK</c> (5.3): the next SQE of the same submit starts after this one succeeds.</summary>
    IoLink = 0x4,

    /// <summary><c>IOSQE_IO_HARDLINK</c> (5.5): like IO_LINK but a failed completion does not cancel the rest.</summary>
    IoHardlink = 0x8,

    /// <summary><c>IOSQE_ASYNC</c> (5.6): skip the inline attempt and go to a worker (or poll) at once.</summary>
    Async = 0x10,

    /// <summary><c>IOSQE_BUFFER_SELECT</c> (5.7): take a buffer from group buf_group; EOPNOTSUPP where unsupported.</summary>
    BufferSelect = 0x20,

    /// <summary><c>IOSQE_CQE_SKIP_SUCCESS</c> (5.17): no CQE on success; turns later IO_DRAIN use into EOPNOTSUPP.</summary>
    CqeSkipSuccess = 0x40,
}
