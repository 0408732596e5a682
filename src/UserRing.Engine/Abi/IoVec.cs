using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>iovec</c>: one piece of memory of a vectored read or write.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoVec
{
    /// <summary><c>iov_base</c>: where it is.</summary>
    public nuint Base;

    /// <summary><c>iov_len</c>: its bytes.</summary>
    public nuint Len;
}
