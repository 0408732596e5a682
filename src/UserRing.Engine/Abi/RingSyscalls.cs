namespace UserRing.Abi;

/// <summary>System call numbers, the same on every architecture we run on.</summary>
internal static class RingSyscalls
{
    /// <summary><c>io_uring_setup</c>.</summary>
    public const int Setup = 425;

    /// <summary><c>io_uring_enter</c>.</summary>
    public const int Enter = 426;

    /// <summary><c>io_uring_register</c>.</summary>
    public const int Register = 427;
}
