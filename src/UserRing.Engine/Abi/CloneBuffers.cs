using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary>Bits of <c>io_uring_clone_buffers.flags</c>.</summary>
[Flags]
public enum CloneBuffersFlags : uint
{
    /// <summary>No bit set.</summary>
    None = 0,

    /// <summary><c>IORING_REGISTER_SRC_REGISTERED</c> (6.12): src_fd is a registered ring index.</summary>
    SrcRegistered = 0x1,

    /// <summary><c>IORING_REGISTER_DST_REPLACE</c> (6.13): existing destination buffers may be replaced.</summary>
    DstReplace = 0x2,
}

/// <summary>
/// <c>io_uring_clone_buffers</c> (6.12): argument of REGISTER_CLONE_BUFFERS: takes over registered buffers of another ring.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct CloneBuffers
{
    /// <summary><c>src_fd</c>: the other ring.</summary>
    public uint SrcFd;

    /// <summary><c>flags</c>: how to read src_fd, what to replace.</summary>
    public CloneBuffersFlags Flags;

    /// <summary><c>src_off</c>: first buffer there.</summary>
    public uint SrcOff;

    /// <summary><c>dst_off</c>: first slot here.</summary>
    public uint DstOff;

    /// <summary><c>nr</c>: how many; 0 for all.</summary>
    public uint Nr;

    /// <summary><c>pad[0]</c>: reserved, zero.</summary>
    public uint Pad0;

    /// <summary><c>pad[1]</c>: reserved, zero.</summary>
    public uint Pad1;

    /// <summary><c>pad[2]</c>: reserved, zero.</summary>
    public uint Pad2;
}
