using UserRing.Abi;

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

    internal static int Copy(Caller caller, ulong address, Span<byte> copy) => copy.IsEmpty ? 0 : caller.CopyIn((nuint)address, copy);
}
