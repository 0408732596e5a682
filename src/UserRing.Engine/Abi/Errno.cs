using System.Globalization;

namespace UserRing.Abi;

/// <summary>
/// Linux error numbers, positive, named as in C. The engines answer with the negative number; the values are those of every architecture
/// we run on.
/// </summary>
public static class Errno
{
    /// <summary>The operation needs a right the caller lacks.</summary>
    public const int EPERM = 1;

    /// <summary>No such file, request or entry.</summary>
    public const int ENOENT = 2;

    /// <summary>No such process.</summary>
    public const int ESRCH = 3;

    /// <summary>A signal arrived first.</summary>
    public const int EINTR = 4;

    /// <summary>The device failed.</summary>
    public const int EIO = 5;

    /// <summary>No such device or address.</summary>
    public const int ENXIO = 6;

    /// <summary>Too many or too large arguments.</summary>
    public const int E2BIG = 7;

    /// <summary>Not an executable format.</summary>
    public const int ENOEXEC = 8;

    /// <summary>Not an open descriptor, or not open for this direction.</summary>
    public const int EBADF = 9;

    /// <summary>No child to wait for.</summary>
    public const int ECHILD = 10;

    /// <summary>Would block, or no resources just now.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory, or over a memory limit.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Address not readable or not writable.</summary>
    public const int EFAULT = 14;

    /// <summary>Not a block device.</summary>
    public const int ENOTBLK = 15;

    /// <summary>In use, or already registered.</summary>
    public const int EBUSY = 16;

    /// <summary>Exists already.</summary>
    public const int EEXIST = 17;

    /// <summary>On another file system.</summary>
    public const int EXDEV = 18;

    /// <summary>No such device, or not possible with this file.</summary>
    public const int ENODEV = 19;

    /// <summary>Not a directory.</summary>
    public const int ENOTDIR = 20;

    /// <summary>Is a directory.</summary>
    public const int EISDIR = 21;

    /// <summary>Invalid argument, or a flag nobody knows.</summary>
    public const int EINVAL = 22;

    /// <summary>Too many open files in the system.</summary>
    public const int ENFILE = 23;

    /// <summary>Too many open files in the process, or in a table.</summary>
    public const int EMFILE = 24;

    /// <summary>Not a terminal, or an ioctl the file does not know.</summary>
    public const int ENOTTY = 25;

    /// <summary>The file is being executed.</summary>
    public const int ETXTBSY = 26;

    /// <summary>File too large.</summary>
    public const int EFBIG = 27;

    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;

    /// <summary>The file has no position.</summary>
    public const int ESPIPE = 29;

    /// <summary>Read-only file system.</summary>
    public const int EROFS = 30;

    /// <summary>Too many links.</summary>
    public const int EMLINK = 31;

    /// <summary>Nobody reads the other end.</summary>
    public const int EPIPE = 32;

    /// <summary>Argument out of the domain of a function.</summary>
    public const int EDOM = 33;

    /// <summary>Result does not fit.</summary>
    public const int ERANGE = 34;

    /// <summary>Would deadlock.</summary>
    public const int EDEADLK = 35;

    /// <summary>Name too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>No locks left.</summary>
    public const int ENOLCK = 37;

    /// <summary>No such system call.</summary>
    public const int ENOSYS = 38;

    /// <summary>Directory not empty.</summary>
    public const int ENOTEMPTY = 39;

    /// <summary>Too many symbolic links.</summary>
    public const int ELOOP = 40;

    /// <summary>No message of the wanted kind.</summary>
    public const int ENOMSG = 42;

    /// <summary>The queue was removed.</summary>
    public const int EIDRM = 43;

    /// <summary>Channel number out of range.</summary>
    public const int ECHRNG = 44;

    /// <summary>Level 2 not synchronised.</summary>
    public const int EL2NSYNC = 45;

    /// <summary>Level 3 halted.</summary>
    public const int EL3HLT = 46;

    /// <summary>Level 3 reset.</summary>
    public const int EL3RST = 47;

    /// <summary>Link number out of range.</summary>
    public const int ELNRNG = 48;

    /// <summary>Protocol driver not attached.</summary>
    public const int EUNATCH = 49;

    /// <summary>No CSI structure.</summary>
    public const int ENOCSI = 50;

    /// <summary>Level 2 halted.</summary>
    public const int EL2HLT = 51;

    /// <summary>Invalid exchange.</summary>
    public const int EBADE = 52;

    /// <summary>Invalid request descriptor.</summary>
    public const int EBADR = 53;

    /// <summary>Exchange full.</summary>
    public const int EXFULL = 54;

    /// <summary>No anode.</summary>
    public const int ENOANO = 55;

    /// <summary>Invalid request code.</summary>
    public const int EBADRQC = 56;

    /// <summary>Invalid slot.</summary>
    public const int EBADSLT = 57;

    /// <summary>Bad font file.</summary>
    public const int EBFONT = 59;

    /// <summary>Not a stream.</summary>
    public const int ENOSTR = 60;

    /// <summary>No data, or no such attribute.</summary>
    public const int ENODATA = 61;

    /// <summary>The timer expired.</summary>
    public const int ETIME = 62;

    /// <summary>Out of stream resources.</summary>
    public const int ENOSR = 63;

    /// <summary>Not on a network.</summary>
    public const int ENONET = 64;

    /// <summary>Package not installed.</summary>
    public const int ENOPKG = 65;

    /// <summary>Object is remote.</summary>
    public const int EREMOTE = 66;

    /// <summary>Link severed.</summary>
    public const int ENOLINK = 67;

    /// <summary>Advertise error.</summary>
    public const int EADV = 68;

    /// <summary>Remote mount error.</summary>
    public const int ESRMNT = 69;

    /// <summary>Communication error on send.</summary>
    public const int ECOMM = 70;

    /// <summary>Protocol error.</summary>
    public const int EPROTO = 71;

    /// <summary>Multihop attempted.</summary>
    public const int EMULTIHOP = 72;

    /// <summary>RFS error.</summary>
    public const int EDOTDOT = 73;

    /// <summary>Not a data message.</summary>
    public const int EBADMSG = 74;

    /// <summary>Value too large for its type, or completions wait in a full backlog.</summary>
    public const int EOVERFLOW = 75;

    /// <summary>Name not unique on the network.</summary>
    public const int ENOTUNIQ = 76;

    /// <summary>Descriptor in a wrong state, such as a disabled ring.</summary>
    public const int EBADFD = 77;

    /// <summary>Remote address changed.</summary>
    public const int EREMCHG = 78;

    /// <summary>Shared library not accessible.</summary>
    public const int ELIBACC = 79;

    /// <summary>Shared library damaged.</summary>
    public const int ELIBBAD = 80;

    /// <summary>Library section damaged.</summary>
    public const int ELIBSCN = 81;

    /// <summary>Too many shared libraries.</summary>
    public const int ELIBMAX = 82;

    /// <summary>A shared library cannot be executed.</summary>
    public const int ELIBEXEC = 83;

    /// <summary>Illegal byte sequence.</summary>
    public const int EILSEQ = 84;

    /// <summary>The system call should be restarted.</summary>
    public const int ERESTART = 85;

    /// <summary>Stream pipe error.</summary>
    public const int ESTRPIPE = 86;

    /// <summary>Too many users.</summary>
    public const int EUSERS = 87;

    /// <summary>Not a socket.</summary>
    public const int ENOTSOCK = 88;

    /// <summary>Destination address needed.</summary>
    public const int EDESTADDRREQ = 89;

    /// <summary>Message too long.</summary>
    public const int EMSGSIZE = 90;

    /// <summary>Wrong protocol for the socket type.</summary>
    public const int EPROTOTYPE = 91;

    /// <summary>No such protocol option.</summary>
    public const int ENOPROTOOPT = 92;

    /// <summary>Protocol not supported.</summary>
    public const int EPROTONOSUPPORT = 93;

    /// <summary>Socket type not supported.</summary>
    public const int ESOCKTNOSUPPORT = 94;

    /// <summary>Not supported by this file or socket.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>Protocol family not supported.</summary>
    public const int EPFNOSUPPORT = 96;

    /// <summary>Address family not supported.</summary>
    public const int EAFNOSUPPORT = 97;

    /// <summary>Address in use.</summary>
    public const int EADDRINUSE = 98;

    /// <summary>Address not available here.</summary>
    public const int EADDRNOTAVAIL = 99;

    /// <summary>Network down.</summary>
    public const int ENETDOWN = 100;

    /// <summary>Network unreachable.</summary>
    public const int ENETUNREACH = 101;

    /// <summary>Connection dropped by the network.</summary>
    public const int ENETRESET = 102;

    /// <summary>Connection ended before it was accepted.</summary>
    public const int ECONNABORTED = 103;

    /// <summary>Connection reset by the peer.</summary>
    public const int ECONNRESET = 104;

    /// <summary>No buffers left, also in a buffer group.</summary>
    public const int ENOBUFS = 105;

    /// <summary>Already connected.</summary>
    public const int EISCONN = 106;

    /// <summary>Not connected.</summary>
    public const int ENOTCONN = 107;

    /// <summary>Socket was shut down.</summary>
    public const int ESHUTDOWN = 108;

    /// <summary>Too many references.</summary>
    public const int ETOOMANYREFS = 109;

    /// <summary>Connection timed out.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>Connection refused.</summary>
    public const int ECONNREFUSED = 111;

    /// <summary>Host down.</summary>
    public const int EHOSTDOWN = 112;

    /// <summary>No route to the host.</summary>
    public const int EHOSTUNREACH = 113;

    /// <summary>Already under way; too late to cancel.</summary>
    public const int EALREADY = 114;

    /// <summary>In progress.</summary>
    public const int EINPROGRESS = 115;

    /// <summary>Stale file handle.</summary>
    public const int ESTALE = 116;

    /// <summary>The structure needs cleaning.</summary>
    public const int EUCLEAN = 117;

    /// <summary>Not a XENIX named type file.</summary>
    public const int ENOTNAM = 118;

    /// <summary>No XENIX semaphores.</summary>
    public const int ENAVAIL = 119;

    /// <summary>Is a XENIX named type file.</summary>
    public const int EISNAM = 120;

    /// <summary>Remote I/O error.</summary>
    public const int EREMOTEIO = 121;

    /// <summary>Over quota.</summary>
    public const int EDQUOT = 122;

    /// <summary>No medium.</summary>
    public const int ENOMEDIUM = 123;

    /// <summary>Wrong kind of medium.</summary>
    public const int EMEDIUMTYPE = 124;

    /// <summary>Cancelled.</summary>
    public const int ECANCELED = 125;

    /// <summary>No such key.</summary>
    public const int ENOKEY = 126;

    /// <summary>Key expired.</summary>
    public const int EKEYEXPIRED = 127;

    /// <summary>Key revoked.</summary>
    public const int EKEYREVOKED = 128;

    /// <summary>Key rejected.</summary>
    public const int EKEYREJECTED = 129;

    /// <summary>The owner of the lock died.</summary>
    public const int EOWNERDEAD = 130;

    /// <summary>State not recoverable.</summary>
    public const int ENOTRECOVERABLE = 131;

    /// <summary>Radio switched off.</summary>
    public const int ERFKILL = 132;

    /// <summary>The page has a memory fault.</summary>
    public const int EHWPOISON = 133;

    /// <summary>The same number as <see cref="EAGAIN"/>.</summary>
    public const int EWOULDBLOCK = EAGAIN;

    /// <summary>The same number as <see cref="EOPNOTSUPP"/>.</summary>
    public const int ENOTSUP = EOPNOTSUPP;

    /// <summary>
    /// The C name of an error, such as <c>EINVAL</c>; takes either sign, since a result may be passed as it is.
    /// An unknown number comes back as its digits.
    /// </summary>
    public static string Name(int error)
    {
        int number = error < 0 ? -error : error;
        return number > 0 && number < Names.Length && Names[number] is { } name
            ? name
            : number.ToString(CultureInfo.InvariantCulture);
    }

    // Index = number; the gaps are numbers Linux never gave out.
    private static readonly string?[] Names =
    [
        null, nameof(EPERM), nameof(ENOENT), nameof(ESRCH), nameof(EINTR), nameof(EIO), nameof(ENXIO), nameof(E2BIG), nameof(ENOEXEC),
        nameof(EBADF), nameof(ECHILD), nameof(EAGAIN), nameof(ENOMEM), nameof(EACCES), nameof(EFAULT), nameof(ENOTBLK), nameof(EBUSY),
        nameof(EEXIST), nameof(EXDEV), nameof(ENODEV), nameof(ENOTDIR), nameof(EISDIR), nameof(EINVAL), nameof(ENFILE), nameof(EMFILE),
        nameof(ENOTTY), nameof(ETXTBSY), nameof(EFBIG), nameof(ENOSPC), nameof(ESPIPE), nameof(EROFS), nameof(EMLINK), nameof(EPIPE),
        nameof(EDOM), nameof(ERANGE), nameof(EDEADLK), nameof(ENAMETOOLONG), nameof(ENOLCK), nameof(ENOSYS), nameof(ENOTEMPTY),
        nameof(ELOOP), null, nameof(ENOMSG), nameof(EIDRM), nameof(ECHRNG), nameof(EL2NSYNC), nameof(EL3HLT), nameof(EL3RST),
        nameof(ELNRNG), nameof(EUNATCH), nameof(ENOCSI), nameof(EL2HLT), nameof(EBADE), nameof(EBADR), nameof(EXFULL), nameof(ENOANO),
        nameof(EBADRQC), nameof(EBADSLT), null, nameof(EBFONT), nameof(ENOSTR), nameof(ENODATA), nameof(ETIME), nameof(ENOSR),
        nameof(ENONET), nameof(ENOPKG), nameof(EREMOTE), nameof(ENOLINK), nameof(EADV), nameof(ESRMNT), nameof(ECOMM), nameof(EPROTO),
        nameof(EMULTIHOP), nameof(EDOTDOT), nameof(EBADMSG), nameof(EOVERFLOW), nameof(ENOTUNIQ), nameof(EBADFD), nameof(EREMCHG),
        nameof(ELIBACC), nameof(ELIBBAD), nameof(ELIBSCN), nameof(ELIBMAX), nameof(ELIBEXEC), nameof(EILSEQ), nameof(ERESTART),
        nameof(ESTRPIPE), nameof(EUSERS), nameof(ENOTSOCK), nameof(EDESTADDRREQ), nameof(EMSGSIZE), nameof(EPROTOTYPE),
        nameof(ENOPROTOOPT), nameof(EPROTONOSUPPORT), nameof(ESOCKTNOSUPPORT), nameof(EOPNOTSUPP), nameof(EPFNOSUPPORT),
        nameof(EAFNOSUPPORT), nameof(EADDRINUSE), nameof(EADDRNOTAVAIL), nameof(ENETDOWN), nameof(ENETUNREACH), nameof(ENETRESET),
        nameof(ECONNABORTED), nameof(ECONNRESET), nameof(ENOBUFS), nameof(EISCONN), nameof(ENOTCONN), nameof(ESHUTDOWN),
        nameof(ETOOMANYREFS), nameof(ETIMEDOUT), nameof(ECONNREFUSED), nameof(EHOSTDOWN), nameof(EHOSTUNREACH), nameof(EALREADY),
        nameof(EINPROGRESS), nameof(ESTALE), nameof(EUCLEAN), nameof(ENOTNAM), nameof(ENAVAIL), nameof(EISNAM), nameof(EREMOTEIO),
        nameof(EDQUOT), nameof(ENOMEDIUM), nameof(EMEDIUMTYPE), nameof(ECANCELED), nameof(ENOKEY), nameof(EKEYEXPIRED),
        nameof(EKEYREVOKED), nameof(EKEYREJECTED), nameof(EOWNERDEAD), nameof(ENOTRECOVERABLE), nameof(ERFKILL), nameof(EHWPOISON),
    ];
}
