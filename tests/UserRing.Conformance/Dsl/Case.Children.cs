using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>Children of this process.</summary>
internal sealed unsafe partial class Case
{
    /// <summary>
    /// Starts a process that ends at once with this code: its id. Not by <see cref="System.Diagnostics.Process"/>, which waits for its
    /// children itself; unless the case does, it is waited for when the case ends.
    /// </summary>
    public int Child(int exitCode = 0)
    {
        nuint* arguments = stackalloc nuint[] { Text("sh"), Text("-c"), Text($"exit {exitCode}"), 0 };
        nuint noEnvironment = 0;
        int started;
        int error = posix_spawn(&started, (byte*)Text("/bin/sh"), null, null, arguments, &noEnvironment);
        Assert.True(error == 0, $"posix_spawn: {Errno.Name(error)}");
        int child = started;
        Cleanup(() => _ = waitpid(child, null, 0));
        return child;
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* child, byte* path, void* files, void* attributes, nuint* arguments, nuint* environment);

    [LibraryImport("libc")]
    private static partial int waitpid(int child, int* status, int options);
}
