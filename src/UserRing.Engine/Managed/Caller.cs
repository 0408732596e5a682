using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>
/// Whose memory, files, limits and credentials a request uses. Operations never see a program's address or descriptor: they
/// are lent local ones. In process (<see cref="SelfCaller"/>) the loan is the thing itself and costs nothing; a caller that
/// stands for another process lends copies, and writes them back before any completion of the batch becomes visible.
/// Every member may be called from any thread.
/// </summary>
internal abstract class Caller
{
    // Most paths are shorter; what is longer takes a second copy.
    private const int UsualString = 256;

    // Never open, and not AT_FDCWD.
    private const int NoDirectory = -1;

    private static readonly nuint PageSize = (nuint)Environment.SystemPageSize;

    /// <summary>True if addresses and descriptors of the caller are valid here as they are.</summary>
    internal abstract bool LendsInPlace { get; }

    /// <summary>The task that makes the present call: an OS thread id (for SINGLE_ISSUER and DEFER_TASKRUN).</summary>
    internal abstract int CurrentTask { get; }

    /// <summary>What is kept for that task. If there is nothing yet, it is made because of a ring, or null is the answer.</summary>
    internal virtual TaskContext? Task(RingContext? createFor) =>
        createFor is null ? TaskContext.Current : TaskContext.OfCurrentThread(createFor, this);

    /// <summary>Whether the caller's memory and children are this process's, though it may not lend in place.</summary>
    internal virtual bool IsThisProcess => LendsInPlace;

    /// <summary>Whether the caller's iovecs are 8 bytes wide.</summary>
    internal virtual bool Is32Bit => false;

    /// <summary>Copies caller memory that may not be readable: 0 or -EFAULT.</summary>
    internal abstract int CopyIn(nuint source, Span<byte> destination);

    /// <summary>
    /// Copies a string of the caller's with its terminating 0: its length without that, the length of <paramref name="destination"/> if
    /// it does not end within that, or -EFAULT. Memory behind its end need not be readable.
    /// </summary>
    internal int CopyInString(nuint source, Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            nuint at = source + (nuint)done;
            // No copy crosses into a page that the string may not reach.
            int part = (int)Math.Min((nuint)(destination.Length - done), PageSize - at % PageSize);
            if (done == 0)
                part = Math.Min(part, UsualString);
            Span<byte> copied = destination.Slice(done, part);
            int error = CopyIn(at, copied);
            if (error < 0)
                return error;
            int end = copied.IndexOf((byte)0);
            if (end >= 0)
                return done + end;
            done += part;
        }

        return done;
    }

    /// <summary>Copies to caller memory that may not be writable: 0 or -EFAULT.</summary>
    internal abstract int CopyOut(nuint destination, ReadOnlySpan<byte> source);

    /// <summary>
    /// Local memory for a transfer of <paramref name="vector"/> (caller addresses); filled first if the data comes from the
    /// caller. Never asked of a caller that lends in place. 0 or -errno; the loan is ended by <see cref="IssueBatch"/>.
    /// </summary>
    internal abstract int Lend(ReadOnlySpan<IoVec> vector, LoanDirection direction, out Loan? loan);

    /// <summary>A local number for the caller's descriptor, valid until the batch ends: number or -EBADF.</summary>
    internal abstract int Borrow(int descriptor, IssueBatch batch);

    /// <summary>
    /// A local number for where the caller's relative path begins, valid until the batch ends; it may be none. Whether that is an error
    /// only the system call can say, which does not look at it for an absolute path.
    /// </summary>
    internal int BorrowDirectory(int directory, IssueBatch batch)
    {
        if (LendsInPlace || directory == Libc.AT_FDCWD)
            return directory;
        return Math.Max(Borrow(directory, batch), NoDirectory);
    }

    /// <summary>What was borrowed under this number is another's now, or nobody's: it is not to be lent again in this batch.</summary>
    internal virtual void GiveBack(int descriptor, IssueBatch batch)
    {
    }

    /// <summary>
    /// Gives the caller a descriptor for the file of a local one, which is used up: the caller's number or -errno.
    /// </summary>
    internal abstract int Install(int localDescriptor, bool closeOnExec);

    /// <summary>Closes the caller's descriptor: 0 or -errno.</summary>
    internal abstract int Close(int descriptor);

    /// <summary>A duplicate of the caller's descriptor, ours to close: number or -errno.</summary>
    internal abstract int Duplicate(int descriptor);

    /// <summary>madvise(2) of the caller's memory: 0 or -errno.</summary>
    internal abstract int Advise(nuint address, nuint length, int advice);

    /// <summary>Whole pages of the caller that are to be registered: resident and writable from now on, or -EFAULT.</summary>
    internal abstract int MakeResident(nuint address, nuint length);

    /// <summary>
    /// Puts part of a file of ours where the caller has pages of its own, which are gone then: 0 or -errno. For callers whose address space
    /// is within reach.
    /// </summary>
    internal virtual int PlaceShared(nuint address, nuint length, int descriptor, long offset) => -Errno.ENOMEM;

    /// <summary>The caller's soft limit of a resource (getrlimit numbers).</summary>
    internal abstract ulong Limit(int resource);

    /// <summary>As whom the caller acts at present.</summary>
    internal virtual Credentials CurrentCredentials() => Credentials.OfThread();

    internal abstract bool HasCapability(int capability);

    /// <summary>
    /// Before completions are posted: writes the data of their loans back (one that cannot be written turns its completion into -EFAULT).
    /// Once more without completions when the batch has ended: only then are borrowed descriptors given back.
    /// </summary>
    internal virtual void EndBatch(IssueBatch batch, Span<Cqe> completions)
    {
        foreach ((int index, Loan loan) in batch.Loans ?? [])
        {
            int error = loan.End(completions[index].Res);
            if (error < 0)
                completions[index].Res = error;
        }
    }
}

/// <summary>Which way the data of a loan goes.</summary>
internal enum LoanDirection
{
    /// <summary>The operation reads what the caller has in memory (a write).</summary>
    FromCaller,

    /// <summary>The operation fills the caller's memory (a read).</summary>
    ToCaller,
}

/// <summary>Local memory that stands for a piece of the caller's, for the time of one request.</summary>
internal abstract class Loan
{
    /// <summary>Local iovecs, index for index those of the caller.</summary>
    internal abstract Span<IoVec> Vector { get; }

    /// <summary>Writes <paramref name="bytes"/> bytes back if they are owed, and frees the local memory: 0 or -EFAULT.</summary>
    internal abstract int End(int bytes);
}
