namespace UserRing.Abi;

/// <summary>Bits of <c>nop_flags</c>; most of them exist so that rare paths of an engine can be tested.</summary>
[Flags]
public enum NopFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_NOP_INJECT_RESULT</c> (6.10): len becomes the result; a negative one counts as failure.</summary>
    InjectResult = 0x1,

    /// <summary><c>IORING_NOP_FILE</c> (6.13): NOP looks up fd; a bad one gives EBADF.</summary>
    File = 0x2,

    /// <summary><c>IORING_NOP_FIXED_FILE</c> (6.13): with NOP_FILE: fd is a fixed slot.</summary>
    FixedFile = 0x4,

    /// <summary><c>IORING_NOP_FIXED_BUFFER</c> (6.13): NOP looks up registered buffer buf_index.</summary>
    FixedBuffer = 0x8,

    /// <summary><c>IORING_NOP_TW</c> (6.17): NOP completes through task work.</summary>
    TaskWork = 0x10,

    /// <summary><c>IORING_NOP_CQE32</c> (6.18): post a 32-byte CQE carrying off and addr; EINVAL if the ring has none.</summary>
    Cqe32 = 0x20,
}
