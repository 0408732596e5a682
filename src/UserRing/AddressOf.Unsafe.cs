using System.Buffers;
using System.Runtime.CompilerServices;

namespace UserRing;

/// <summary>Addresses of what does not move.</summary>
internal static unsafe class AddressOf
{
    /// <summary>The address of a local variable or parameter, valid until its method returns.</summary>
    internal static nuint Local<T>(ref T local)
        where T : unmanaged => (nuint)Unsafe.AsPointer(ref local);

    /// <summary>The address of pinned memory.</summary>
    internal static nuint Pinned(in MemoryHandle pin) => (nuint)pin.Pointer;
}
