using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>epoll_event</c>: as x86-64 has it, packed into 12 bytes; other architectures use <see cref="EpollEvent"/>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct EpollEventPacked
{
    /// <summary><c>events</c>: EPOLL bits.</summary>
    public uint Events;

    /// <summary><c>data</c>: comes back untouched.</summary>
    public ulong Data;
}

/// <summary><c>epoll_event</c>: as every 64-bit architecture but x86-64 has it, 16 bytes with <see cref="Data"/> aligned.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EpollEvent
{
    /// <summary><c>events</c>: EPOLL bits.</summary>
    public uint Events;

    /// <summary><c>data</c>: comes back untouched.</summary>
    public ulong Data;
}
