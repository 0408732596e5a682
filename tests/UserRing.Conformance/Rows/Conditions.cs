using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>What the rows were measured on, compared with where this runs.</summary>
internal static class Conditions
{
    private const string Measured = "6.18.";

    private static readonly string? Rights = Libc.Geteuid() == 0 ? null : $"measured as root, this is user {Libc.Geteuid()}";
    private static readonly string? Kernel = AskKernel();
    private static readonly string? FileSystem = AskFileSystem();

    /// <summary>Why what the kernel answers here need not be what the file says; null if it must.</summary>
    public static string? WhyOther(ErrorRow row) => Kernel ?? Rights ?? (row.DependsOn == "ext4" ? FileSystem : null);

    private static string? AskKernel()
    {
        string release = System.IO.File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return release.StartsWith(Measured, StringComparison.Ordinal) ? null : $"measured on Linux {Measured}x, this is {release}";
    }

    private static string? AskFileSystem()
    {
        int folder = Libc.Open(AppContext.BaseDirectory, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        long type = Libc.StatfsType(folder);
        _ = Libc.Close(folder);
        return type == Libc.EXT4_SUPER_MAGIC ? null : $"measured on ext4, the tests lie on a file system of type 0x{type:x}";
    }
}
