using System.Text.Json;

namespace UserRing.Conformance;

/// <summary>A named bit or number of the interface, and the Linux that had it first.</summary>
internal sealed record AbiItem(string Name, uint Value, string Since)
{
    private static readonly JsonElement Facts = Read();

    public static IReadOnlyList<AbiItem> SetupFlags { get; } = Group("setup_flags");

    public static IReadOnlyList<AbiItem> EnterFlags { get; } = Group("enter_flags");

    public static IReadOnlyList<AbiItem> SqeFlags { get; } = Group("sqe_flags");

    public static IReadOnlyList<AbiItem> Features { get; } = Group("features");

    public static IReadOnlyList<AbiItem> RegisterOps { get; } = Group("register_ops");

    /// <summary>Whether 6.18, the kernel that the managed engine is, does not have it.</summary>
    public bool IsNewer => Version.Parse(Since) > new Version(6, 18);

    private static JsonElement Read()
    {
        using Stream file = typeof(AbiItem).Assembly.GetManifestResourceStream("io_uring.json")!;
        using JsonDocument document = JsonDocument.Parse(file);
        return document.RootElement.Clone();
    }

    /// <summary>Without the names of ends and counts, which came with no kernel.</summary>
    private static List<AbiItem> Group(string name) =>
    [
        .. from item in Facts.GetProperty(name).EnumerateArray()
           let since = item.GetProperty("since").GetString()
           where since is not null
           select new AbiItem(item.GetProperty("name").GetString()!, item.GetProperty("value").GetUInt32(), since),
    ];
}
