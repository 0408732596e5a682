namespace UserRing.Tool.Bench;

/// <summary>The engines a benchmark can compare, by the names used on the command line and in the results.</summary>
internal static class BenchEngines
{
    /// <summary>The kernel's io_uring through <see cref="Ring"/>.</summary>
    public const string Kernel = "kernel";

    /// <summary>The managed engine through <see cref="Ring"/>.</summary>
    public const string Managed = "managed";

    /// <summary>One preadv2 after the other.</summary>
    public const string Sync = "sync";

    /// <summary>Linux AIO: io_submit and io_getevents.</summary>
    public const string Aio = "aio";

    /// <summary>RandomAccess.ReadAsync, as many outstanding as the depth.</summary>
    public const string DotNet = "dotnet";

    public static readonly string[] All = [Kernel, Managed, Sync, Aio, DotNet];

    /// <summary>Those that have a NOP.</summary>
    public static readonly string[] Rings = [Kernel, Managed];
}
