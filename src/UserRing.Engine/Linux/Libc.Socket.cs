using System.Runtime.InteropServices;

namespace UserRing.Engine.Linux;

/// <summary>sys/socket.h</summary>
internal static unsafe partial class Libc
{
    private const int SolSocket = 1, SoLinger = 13;

    /// <summary>Whether closing this socket may wait for what is still to be sent (SO_LINGER with a time).</summary>
    public static bool LingersOnClose(int fd)
    {
        int* linger = stackalloc int[2];
        uint length = 2 * sizeof(int);
        return getsockopt(fd, SolSocket, SoLinger, linger, &length) == 0 && linger[0] != 0 && linger[1] != 0;
    }

    [LibraryImport(Name)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);
}
