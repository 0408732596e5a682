using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>A socket address in the caller's memory: copied in preparation (net/socket.c, move_addr_to_kernel).</summary>
internal static class SocketAddress
{
    /// <summary>sizeof(struct sockaddr_storage)</summary>
    internal const int Most = 128;

    /// <summary>Copies an address into memory of the request's own, <see cref="Request.Copied"/>: 0, -EINVAL or -EFAULT.</summary>
    internal static int Take(Request request, ulong address, ulong length)
    {
        int bytes = (int)length; // what the kernel takes it for
        return bytes is < 0 or > Most ? -Errno.EINVAL : Copy(request.Caller, address, PathName.Own(request, Most)[..bytes]);
    }

    /// <summary>Whether the address that was taken is a name in a file system.</summary>
    internal static bool IsPath(Request request)
    {
        const int FamilyBytes = sizeof(ushort);
        int bytes = (int)request.Sqe.Off;
        if (bytes <= FamilyBytes)
            return false;
        ReadOnlySpan<byte> address = Libc.BytesAt(request.Copied, bytes);
        return MemoryMarshal.Read<ushort>(address) == Libc.AF_UNIX && address[FamilyBytes] != 0;
    }

    internal static int Copy(Caller caller, ulong address, Span<byte> copy) => copy.IsEmpty ? 0 : caller.CopyIn((nuint)address, copy);
}
