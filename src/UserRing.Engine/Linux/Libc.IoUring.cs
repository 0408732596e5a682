namespace UserRing.Engine.Linux;

/// <summary>linux/io_uring.h: the three calls, which no libc wraps.</summary>
internal static unsafe partial class Libc
{
    private const nint SysIoUringSetup = 425;
    private const nint SysIoUringEnter = 426;
    private const nint SysIoUringRegister = 427;

    /// <summary>io_uring_setup(2): a ring descriptor or -errno.</summary>
    public static int IoUringSetup(uint entries, nuint parameters) =>
        IntResult(Syscall(SysIoUringSetup, (nint)entries, (nint)parameters));

    /// <summary>io_uring_enter(2): SQEs consumed or -errno.</summary>
    public static int IoUringEnter(int ring, uint toSubmit, uint minComplete, uint flags, nuint argument, nuint argumentSize) =>
        IntResult(Syscall(SysIoUringEnter, ring, (nint)toSubmit, (nint)minComplete, (nint)flags, (nint)argument, (nint)argumentSize));

    /// <summary>io_uring_register(2): what the operation answers, or -errno.</summary>
    public static int IoUringRegister(int ring, uint operation, nuint argument, uint count) =>
        IntResult(Syscall(SysIoUringRegister, ring, (nint)operation, (nint)argument, (nint)count));
}
