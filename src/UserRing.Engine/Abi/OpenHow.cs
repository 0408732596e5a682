using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>open_how</c>: argument of OPENAT2.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenHow
{
    /// <summary><c>flags</c>: O_ flags.</summary>
    public ulong Flags;

    /// <summary><c>mode</c>: mode of a new file, else 0.</summary>
    public ulong Mode;

    /// <summary><c>resolve</c>: RESOLVE_ flags: which steps of the path are allowed.</summary>
    public ulong Resolve;
}
