using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Linux;

/// <summary>struct iocb (64 bytes, little endian)</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Iocb
{
    /// <summary>aio_data</summary>
    public ulong Data;

    /// <summary>aio_key</summary>
    public uint Key;

    /// <summary>aio_rw_flags</summary>
    public int RwFlags;

    /// <summary>aio_lio_opcode</summary>
    public ushort Opcode;

    /// <summary>aio_reqprio</summary>
    public short ReqPrio;

    /// <summary>aio_fildes</summary>
    public int Fd;

    /// <summary>aio_buf</summary>
    public ulong Buffer;

    /// <summary>aio_nbytes</summary>
    public ulong Bytes;

    /// <summary>aio_offset</summary>
    public long Offset;

    /// <summary>aio_reserved2</summary>
    public ulong Reserved2;

    /// <summary>aio_flags</summary>
    public uint Flags;

    /// <summary>aio_resfd</summary>
    public int ResFd;
}

/// <summary>struct io_event (32 bytes)</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoEvent
{
    /// <summary>data</summary>
    public ulong Data;

    /// <summary>obj</summary>
    public ulong Iocb;

    /// <summary>res</summary>
    public long Result;

    /// <summary>res2</summary>
    public long Result2;
}

/// <summary>linux/aio_abi.h: the older interface, by number (libc leaves it to libaio).</summary>
internal static unsafe partial class Libc
{
    public const ushort IOCB_CMD_PREAD = 0;
    public const ushort IOCB_CMD_PWRITE = 1;
    public const ushort IOCB_CMD_FSYNC = 2;
    public const ushort IOCB_CMD_FDSYNC = 3;
    public const ushort IOCB_CMD_POLL = 5;
    public const ushort IOCB_CMD_PREADV = 7;
    public const ushort IOCB_CMD_PWRITEV = 8;
    public const uint IOCB_FLAG_RESFD = 1;

    private static nint SysIoSetup => IsX64 ? 206 : 0;
    private static nint SysIoDestroy => IsX64 ? 207 : 1;
    private static nint SysIoSubmit => IsX64 ? 209 : 2;
    private static nint SysIoCancel => IsX64 ? 210 : 3;
    private static nint SysIoGetevents => IsX64 ? 208 : 4;

    /// <summary>io_setup(2)</summary>
    public static int IoSetup(uint n, out nuint ctx)
    {
        nuint context = 0;
        int result = IntResult(Syscall(SysIoSetup, (nint)n, (nint)(&context)));
        ctx = context;
        return result;
    }

    /// <summary>io_destroy(2): blocks until everything in flight is done.</summary>
    public static int IoDestroy(nuint ctx) => IntResult(Syscall(SysIoDestroy, (nint)ctx));

    /// <summary>io_submit(2): how many were taken, or -errno of the first.</summary>
    public static int IoSubmit(nuint ctx, nint n, nuint iocbpp) => IntResult(Syscall(SysIoSubmit, (nint)ctx, n, (nint)iocbpp));

    /// <summary>io_getevents(2)</summary>
    public static int IoGetevents(nuint ctx, nint min, nint n, nuint events, KernelTimespec* timeout) =>
        IntResult(Syscall(SysIoGetevents, (nint)ctx, min, n, (nint)events, (nint)timeout));

    /// <summary>io_cancel(2); the event is delivered through the ring.</summary>
    public static int IoCancel(nuint ctx, nuint iocb)
    {
        IoEvent unused;
        return IntResult(Syscall(SysIoCancel, (nint)ctx, (nint)iocb, (nint)(&unused)));
    }
}
