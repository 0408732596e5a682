using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// The iovec array of a vectored transfer: our copy of it in native memory, checked as the kernel's import is (lib/iov_iter.c,
/// __import_iovec), or for a registered buffer as io_uring/rsrc.c does (io_import_reg_vec).
/// </summary>
internal static class IoVector
{
    /// <summary>No program's memory is here on any machine; what is below is for the system call to refuse.</summary>
    private static readonly nuint BeyondAllMemory = (nuint)1 << 57;

    private static readonly int PageShift = BitOperations.Log2((uint)Environment.SystemPageSize);

    /// <summary>
    /// Copies the program's array: 0, -EINVAL or -EFAULT. Unless it is for a registered buffer, it is cut to what one transfer may move.
    /// </summary>
    internal static int Take(Request request) => Take(request, (nuint)request.Sqe.Addr, (int)request.Sqe.Len);

    /// <summary>
    /// The same of an array elsewhere. Of one that is refused nothing stays: it must not pass for parts to be transferred.
    /// </summary>
    internal static int Take(Request request, nuint address, int count)
    {
        int error = count == 0 ? 0 : Copy(request, address, count);
        if (error < 0)
        {
            Free(request);
            (request.Vector, request.VectorCount) = (0, 0);
        }

        return error;
    }

    private static int Copy(Request request, nuint address, int count)
    {
        nuint copy = Libc.AllocateVector(count);
        (request.Vector, request.VectorCount, request.OwnsVector, request.NeedsCleanup) = (copy, count, true, true);
        Span<IoVec> parts = Libc.VectorAt(copy, count);
        if (request.Caller.CopyIn(address, MemoryMarshal.AsBytes(parts)) < 0)
            return WhyUnreadable(request, address);
        foreach (ref readonly IoVec part in parts)
        {
            if ((nint)part.Len < 0)
                return -Errno.EINVAL;
        }

        return request.Sqe.Opcode is Opcode.ReadvFixed or Opcode.WritevFixed ? 0 : Cut(parts);
    }

    /// <summary>Makes the one buffer of addr and len a vector, less what the transfers so far have moved.</summary>
    internal static void TakeSingle(Request request)
    {
        nuint done = (nuint)request.Progress;
        (request.Vector, request.VectorCount) = (Libc.AllocateVector(1), 1);
        (request.OwnsVector, request.NeedsCleanup, request.Advanced) = (true, true, request.Progress);
        nuint length = Math.Min(request.Sqe.Len, RingLimits.MaxTransferBytes) - done;
        Libc.VectorAt(request.Vector, 1)[0] = new IoVec { Base = (nuint)request.Sqe.Addr + done, Len = length };
    }

    /// <summary>Puts local memory that stands for the caller's in the vector's place: 0 or -errno.</summary>
    internal static int Lend(Request request, ReadOnlySpan<IoVec> theirs, LoanDirection direction)
    {
        int error = request.Caller.Lend(theirs, direction, out Loan? loan);
        if (error < 0 || loan is null)
            return error;
        request.Loan = loan;
        if (request.Vector == 0)
            request.Vector = Libc.AllocateVector(Math.Max(1, loan.Vector.Length));
        (request.VectorCount, request.OwnsVector, request.NeedsCleanup) = (loan.Vector.Length, true, true);
        loan.Vector.CopyTo(Libc.VectorAt(request.Vector, request.VectorCount));
        return 0;
    }

    /// <summary>Drops from our copy what the transfers so far have filled.</summary>
    internal static void Advance(Request request)
    {
        Span<IoVec> vector = Libc.VectorAt(request.Vector, request.VectorCount);
        nuint done = (nuint)(request.Progress - request.Advanced);
        request.Advanced = request.Progress;
        int first = 0;
        while (first < vector.Length && done >= vector[first].Len)
            done -= vector[first++].Len;
        vector[first..].CopyTo(vector);
        request.VectorCount -= first;
        if (done > 0)
        {
            vector[0].Base += done;
            vector[0].Len -= done;
        }
    }

    /// <summary>Whether all parts lie in a registered buffer and are something: 0, -EOVERFLOW, -EFAULT or -EINVAL.</summary>
    internal static int CheckWithin(Request request, RegisteredBuffer buffer)
    {
        ReadOnlySpan<IoVec> parts = Libc.VectorAt(request.Vector, request.VectorCount);
        ulong pages = 0;
        foreach (ref readonly IoVec part in parts)
        {
            pages += (part.Len >> PageShift) + 2;
            if (pages > int.MaxValue)
                return -Errno.EOVERFLOW;
        }

        nuint total = 0;
        foreach (ref readonly IoVec part in parts)
        {
            if (part.Len == 0 || !buffer.Contains(part.Base, part.Len))
                return -Errno.EFAULT;
            total += part.Len;
        }

        return total > RingLimits.MaxTransferBytes ? -Errno.EINVAL : 0;
    }

    internal static void Free(Request request)
    {
        if (request.OwnsVector)
            Libc.FreeVector(request.Vector);
        request.OwnsVector = false;
    }

    private static int Cut(Span<IoVec> parts)
    {
        nuint left = RingLimits.MaxTransferBytes;
        foreach (ref IoVec part in parts)
        {
            if (part.Base >= BeyondAllMemory || part.Len > BeyondAllMemory - part.Base)
                return -Errno.EFAULT;
            part.Len = Math.Min(part.Len, left);
            left -= part.Len;
        }

        return 0;
    }

    /// <summary>The array is read part by part: a length that cannot be, before an address that cannot be read, is found first.</summary>
    private static int WhyUnreadable(Request request, nuint address)
    {
        foreach (ref IoVec part in Libc.VectorAt(request.Vector, request.VectorCount))
        {
            if (request.Caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<IoVec>(ref part))) < 0)
                break;
            if ((nint)part.Len < 0)
                return -Errno.EINVAL;
            address += (nuint)Unsafe.SizeOf<IoVec>();
        }

        return -Errno.EFAULT;
    }
}
