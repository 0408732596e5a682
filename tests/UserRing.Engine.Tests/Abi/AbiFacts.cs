using System.Text.Json;

namespace UserRing.Engine.Tests.Abi;

/// <summary>A structure of the ABI as a C compiler laid it out on x86-64.</summary>
internal sealed record StructFact(string Name, int Size, int Alignment, IReadOnlyList<FieldFact> Fields);

/// <summary>A field of a structure. <c>Count</c> is the length of an array, 1 for anything else; a flexible array has no size.</summary>
internal sealed record FieldFact(string Name, int Offset, int Size, int Count, bool Flexible)
{
    public bool IsReserved => Name.TrimEnd("0123456789".ToCharArray()).TrimStart('_') is "resv" or "rsvd" or "pad" or "reserved";
}

/// <summary>A named number. A few limits are known in words only: then <c>Value</c> is null.</summary>
internal sealed record ConstantFact(string Name, Int128? Value, string Text, string? Since);

/// <summary>The measured facts of Abi/io_uring.json, read once.</summary>
internal static class AbiFacts
{
    private static readonly string[] PlainGroups =
    [
        "opcodes", "setup_flags", "enter_flags", "sqe_flags", "cqe_flags", "sq_ring_flags", "cq_ring_flags", "features", "register_ops",
        "mmap_offsets", "limits",
    ];

    private static readonly JsonElement Root = Load();

    public static IReadOnlyList<StructFact> Structs { get; } = ReadStructs();

    public static IReadOnlyList<ConstantFact> Constants { get; } = ReadConstants();

    public static IReadOnlyList<ConstantFact> Opcodes { get; } = [.. Root.GetProperty("opcodes").EnumerateArray().Select(ReadConstant)];

    private static JsonElement Load()
    {
        using Stream stream = typeof(AbiFacts).Assembly.GetManifestResourceStream("io_uring.json")!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private static List<StructFact> ReadStructs()
    {
        ILookup<string, FieldFact> kernelOnly = KernelOnly()
            .Where(row => row.TryGetProperty("offset", out _))
            .ToLookup(row => Name(row).Split('.')[0], ReadField);
        List<StructFact> facts = [];
        foreach (JsonProperty item in Root.GetProperty("structs").EnumerateObject())
        {
            IEnumerable<FieldFact> fields = item.Value.GetProperty("fields").EnumerateArray().Select(ReadField);
            facts.Add(new StructFact(
                item.Name, Int(item.Value, "size"), Int(item.Value, "align"),
                [.. fields, .. kernelOnly[item.Name], .. kernelOnly[item.Name.Replace("io_uring_", "", StringComparison.Ordinal)]]));
        }

        return facts;
    }

    private static FieldFact ReadField(JsonElement row)
    {
        string type = row.TryGetProperty("type", out JsonElement value) ? value.GetString()! : "";
        bool flexible = row.TryGetProperty("flexible", out _);
        int open = type.IndexOf('[', StringComparison.Ordinal);
        int count = open < 0 || flexible ? 1 : int.Parse(type.AsSpan(open + 1, type.Length - open - 2), null);
        // Rows of kernel_only have no type and write sqe.write_stream; elsewhere a dot is a union member of the field's own.
        string name = row.TryGetProperty("type", out _) ? Name(row) : Name(row).Split('.')[1];
        return new FieldFact(name, Int(row, "offset"), Int(row, "size"), count, flexible);
    }

    private static List<ConstantFact> ReadConstants()
    {
        List<ConstantFact> facts = [];
        foreach (string group in PlainGroups)
            facts.AddRange(Root.GetProperty(group).EnumerateArray().Select(ReadConstant));
        foreach (JsonProperty group in Root.GetProperty("op_flags").EnumerateObject())
            facts.AddRange(group.Value.EnumerateArray().Select(ReadConstant));
        facts.AddRange(KernelOnly().Where(row => row.TryGetProperty("value", out _)).Select(ReadConstant));
        facts.AddRange(Numbers("syscalls_x86_64", ""));
        facts.AddRange(Numbers("opcode_count", "opcode count "));
        return facts;
    }

    private static IEnumerable<ConstantFact> Numbers(string section, string prefix) =>
        Root.GetProperty(section).EnumerateObject()
            .Select(item => new ConstantFact(prefix + item.Name, item.Value.GetInt32(), item.Value.GetRawText(), null));

    private static ConstantFact ReadConstant(JsonElement row)
    {
        JsonElement value = row.GetProperty("value");
        string text = value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.GetString()!;
        string? since = row.TryGetProperty("since", out JsonElement version) ? version.GetString() : null;
        return new ConstantFact(Name(row), value.ValueKind == JsonValueKind.Number ? Int128.Parse(text, null) : null, text, since);
    }

    private static JsonElement.ArrayEnumerator KernelOnly() => Root.GetProperty("kernel_only").EnumerateArray();

    private static string Name(JsonElement row) => row.GetProperty("name").GetString()!;

    private static int Int(JsonElement row, string property) => row.GetProperty(property).GetInt32();
}
