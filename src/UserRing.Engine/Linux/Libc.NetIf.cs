using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>net/if.h</summary>
internal static unsafe partial class Libc
{
    /// <summary>Whether there is a network interface of that number.</summary>
    public static bool HasInterface(uint index)
    {
        byte* name = stackalloc byte[64];
        return if_indextoname(index, name) != null;
    }

    [LibraryImport(Name)]
    private static partial byte* if_indextoname(uint index, byte* name);
}
