using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>Protection information of a transfer: looked at, and then refused as by any file that keeps none.</summary>
internal static class Metadata
{
    /// <summary>As the kernel's preparation (io_uring/rw.c, io_prep_rw_pi): 0 or -errno.</summary>
    internal static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if (sqe.AttrTypeMask != RwAttrFlags.Pi)
            return -Errno.EINVAL;
        var information = default(AttrPi);
        int error = request.Caller.CopyIn((nuint)sqe.AttrPtr, MemoryMarshal.AsBytes(new Span<AttrPi>(ref information)));
        if (error < 0)
            return error;
        if (information.Rsvd != 0)
            return -Errno.EINVAL;
        if (information.Addr > AddressSpace.End || information.Len > AddressSpace.End - information.Addr)
            return -Errno.EFAULT;
        request.Marks |= Marks.HasMetadata;
        return 0;
    }
}
