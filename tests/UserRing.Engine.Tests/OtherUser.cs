using System.Runtime.InteropServices;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>A user that has nothing else running, for limits that bind no root or count all of a user's processes.</summary>
internal static partial class OtherUser
{
    /// <summary>RLIMIT_NPROC</summary>
    public const int ProcessLimit = 6;

    private const uint Number = 61_234;
    private const int SetDumpable = 4;

    /// <summary>This process becomes that user for good, if it is root; if not, it is a user already.</summary>
    public static void Become()
    {
        if (Libc.Geteuid() != 0)
            return;
        Assert.Equal(0, setresuid(Number, Number, Number));
        // A process that changed its user may not look into its own /proc/self otherwise.
        Assert.Equal(0, prctl(SetDumpable, 1, 0, 0, 0));
    }

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);
}
