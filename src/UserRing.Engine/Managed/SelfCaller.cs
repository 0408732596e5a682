using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed;

/// <summary>The caller of an in-process ring: this process. Memory and descriptors are used as they are.</summary>
internal sealed class SelfCaller : Caller
{
    /// <summary>
    /// Duplicates start here, so that the program's own "lowest free number" stays as it would be on a kernel ring, which
    /// uses none. Half the soft limit where that is lower.
    /// </summary>
    private const int HighBase = 1000;

    [ThreadStatic]
    private static int _task;

    internal static readonly SelfCaller Instance = new();

    private readonly SafeCopy _copy = new();

    internal override bool LendsInPlace => true;

    internal override int CurrentTask => _task != 0 ? _task : _task = Libc.Gettid();

    internal override int CopyIn(nuint source, Span<byte> destination) => _copy.Read(source, destination);

    internal override int CopyOut(nuint destination, ReadOnlySpan<byte> source) => _copy.Write(destination, source);

    internal override int Lend(ReadOnlySpan<IoVec> vector, LoanDirection direction, out Loan? loan)
    {
        loan = null;
        return 0;
    }

    internal override int Borrow(int descriptor, IssueBatch batch) => descriptor;

    internal override int Install(int localDescriptor, bool closeOnExec) => localDescriptor;

    internal override int Close(int descriptor) => Libc.Close(descriptor);

    internal override int Duplicate(int descriptor)
    {
        int duplicate = Libc.Fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, HighBase);
        if (duplicate == -Errno.EINVAL) // beyond the soft limit
            duplicate = Libc.Fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, (int)(Limit(Libc.RLIMIT_NOFILE) / 2));
        return duplicate == -Errno.EMFILE ? Libc.Fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, 0) : duplicate;
    }

    internal override int Advise(nuint address, nuint length, int advice) => Libc.Madvise(address, length, advice);

    internal override int MakeResident(nuint address, nuint length)
    {
        if (MappedFiles.Contains(address, length))
            return -Errno.EFAULT;
        int error = Libc.Madvise(address, length, Libc.MADV_POPULATE_WRITE);
        // EINVAL is also the answer for memory that may not be written; only a kernel that does not know the advice gives it for
        // nothing at all.
        if (error != -Errno.EINVAL || Libc.Madvise(0, 0, Libc.MADV_POPULATE_WRITE) == 0)
            return error < 0 ? -Errno.EFAULT : 0;
        // Linux before 5.14: see at least that each page can be read.
        nuint page = (nuint)Environment.SystemPageSize;
        Span<byte> one = stackalloc byte[1];
        for (nuint at = address; at < address + length; at += page)
        {
            if (CopyIn(at, one) < 0)
                return -Errno.EFAULT;
        }

        return 0;
    }

    internal override int PlaceShared(nuint address, nuint length, int descriptor, long offset)
    {
        const int Protection = Libc.PROT_READ | Libc.PROT_WRITE, Kind = Libc.MAP_SHARED | Libc.MAP_FIXED;
        nint mapped = Libc.Mmap(address, length, Protection, Kind, descriptor, offset);
        return mapped is < 0 and > -4096 ? (int)mapped : 0;
    }

    internal override ulong Limit(int resource) => Libc.Getrlimit(resource, out ulong soft, out _) == 0 ? soft : ulong.MaxValue;

    internal override bool HasCapability(int capability) => Libc.HasCapability(capability);
}
