using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>How register commands read and write the structs they are given.</summary>
internal static class CommandArgument
{
    /// <summary>The argument of a command that takes one struct: -EINVAL unless there is one.</summary>
    internal static int ReadOne<T>(this Caller caller, nuint argument, uint count, out T value)
        where T : unmanaged
    {
        value = default;
        return argument == 0 || count != 1 ? -Errno.EINVAL : caller.Read(argument, out value);
    }

    internal static int Read<T>(this Caller caller, nuint address, out T value)
        where T : unmanaged
    {
        value = default;
        return caller.CopyIn(address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    internal static int Write<T>(this Caller caller, nuint address, in T value)
        where T : unmanaged => caller.CopyOut(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}
