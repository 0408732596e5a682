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
    internal static int Take(Request request)
    {
        int count = (int)request.Sqe.Len;
        if (count == 0)
            return 0;
        nuint copy = Libc.AllocateVector(count);
        (request.Vector, request.VectorCount, request.OwnsVector, request.NeedsCleanup) = (copy, count, true, true);
        Span<IoVec> parts = Libc.VectorAt(copy, count);
        if (request.Caller.CopyIn((nuint)request.Sqe.Addr, MemoryMarshal.AsBytes(parts)) < 0)
            return WhyUnreadable(request);
        foreach (ref readonly IoVec part in parts)
        {
            if ((nint)part.Len < 0)
                return -Errno.EINVAL;
        }

        return request.Sqe.Opcode is Opcode.ReadvFixed or Opcode.WritevFixed ? 0 : Cut(parts);
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
    private static int WhyUnreadable(Request request)
    {
        nuint address = (nuint)request.Sqe.Addr;
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
