using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// Paths in the caller's memory: copied in preparation, with the kernel's answers (fs/namei.c, getname), since that memory is the
/// program's again when enter returns. The copies of one request are one piece of native memory, <see cref="Request.Copied"/>.
/// </summary>
internal static class PathName
{
    /// <summary>Bytes of the longest path, its terminating 0 included.</summary>
    internal const int Most = 4096;

    /// <summary>Copies one path; <paramref name="before"/> bytes of room are left in front of it. 0 or -errno.</summary>
    [SkipLocalsInit]
    internal static int Take(Request request, ulong address, int before = 0, bool mayBeEmpty = false)
    {
        Span<byte> path = stackalloc byte[Most];
        int length = Read(request.Caller, address, path, mayBeEmpty);
        if (length < 0)
            return length;
        path[..length].CopyTo(Own(request, before + length)[before..]);
        request.CopiedSecond = before;
        return 0;
    }

    /// <summary>Copies two paths, in this order: 0 or -errno.</summary>
    [SkipLocalsInit]
    internal static int TakeTwo(Request request, ulong first, ulong second, bool firstMayBeEmpty = false)
    {
        Span<byte> paths = stackalloc byte[2 * Most];
        int one = Read(request.Caller, first, paths[..Most], firstMayBeEmpty);
        if (one < 0)
            return one;
        int two = Read(request.Caller, second, paths.Slice(one, Most), mayBeEmpty: false);
        if (two < 0)
            return two;
        paths[..(one + two)].CopyTo(Own(request, one + two));
        request.CopiedSecond = one;
        return 0;
    }

    /// <summary>The length of a path, its 0 included, or -EFAULT, -ENAMETOOLONG, -ENOENT.</summary>
    internal static int Read(Caller caller, ulong address, Span<byte> path, bool mayBeEmpty)
    {
        int length = caller.CopyInString((nuint)address, path[..Most]);
        if (length < 0)
            return length;
        if (length == Most)
            return -Errno.ENAMETOOLONG;
        return length == 0 && !mayBeEmpty ? -Errno.ENOENT : length + 1;
    }

    /// <summary>Memory of the request's own, freed by <see cref="Free"/>.</summary>
    internal static Span<byte> Own(Request request, int bytes)
    {
        request.Copied = Libc.Allocate(bytes);
        request.NeedsCleanup = true;
        return Libc.BytesAt(request.Copied, bytes);
    }

    internal static void Free(Request request)
    {
        if (request.Copied != 0)
            Libc.Free(request.Copied);
        request.Copied = 0;
    }
}
