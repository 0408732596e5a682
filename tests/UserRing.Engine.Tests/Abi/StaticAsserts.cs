using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using UserRing.Abi;

namespace UserRing.Engine.Tests.Abi;

/// <summary>
/// A C program that claims of the machine's headers what the C# declarations say. Every number in it comes from C# by reflection; the fact
/// file only lends the C names.
/// </summary>
internal sealed class StaticAsserts(CHeaders headers)
{
    // Numbers that a header of another age rightly has differently.
    private static readonly HashSet<string> GrowWithTheHeader =
        ["IORING_REGISTER_LAST", "IORING_RESTRICTION_LAST", "__ZCRX_CTRL_LAST", "__IO_URING_QUERY_MAX", "IORING_URING_CMD_MASK"];

    private readonly StringBuilder _program = new(CHeaders.Includes);

    public int Count { get; private set; }

    public override string ToString() => _program.ToString();

    public static StaticAsserts OfEverything(CHeaders headers)
    {
        StaticAsserts asserts = new(headers);
        foreach (StructFact fact in AbiFacts.Structs)
            asserts.AddStruct(fact);
        foreach (string name in AbiFacts.Constants.Select(fact => fact.Name).Distinct().Where(name => !GrowWithTheHeader.Contains(name)))
        {
            if (CNames.ConstantOf(name) is { } constant)
                asserts.AddConstant(name, constant);
        }

        foreach (FieldInfo error in typeof(Errno).GetFields().Where(field => field.IsLiteral))
            asserts.AddConstant(error.Name, error);
        return asserts;
    }

    public void Add(string condition, string claim)
    {
        _program.Append("_Static_assert(").Append(condition).Append(", \"").Append(claim).Append("\");\n");
        Count++;
    }

    private void AddStruct(StructFact fact)
    {
        if (CNames.StructOf(fact.Name) is not { } type || headers.NamesInside(fact.Name) is not { } inside)
            return;
        if (type == typeof(EpollEventPacked) && RuntimeInformation.ProcessArchitecture != Architecture.X64)
            type = typeof(EpollEvent);
        Add($"sizeof(struct {fact.Name}) == {CSharpLayout.SizeOf(type)}", $"{type.Name} has {CSharpLayout.SizeOf(type)} bytes");
        // Reserved words are what later fields are made of, so headers of different age have different ones.
        foreach (FieldFact field in fact.Fields.Where(field => !field.IsReserved && field.Name.Split('.').All(inside.Contains)))
            AddField(fact, field, type);
    }

    private void AddField(StructFact fact, FieldFact field, Type type)
    {
        string place = $"offsetof(struct {fact.Name}, {field.Name})";
        if (field.Flexible)
        {
            FieldInfo constant = CNames.OffsetConstantOf(fact, field, type)!;
            Add($"{place} == {CSharpLayout.ValueOf(constant)}", $"{type.Name}.{constant.Name} is {CSharpLayout.ValueOf(constant)}");
            return;
        }

        IReadOnlyList<FieldInfo> elements = CNames.FieldsOf(fact, field, type);
        int offset = CSharpLayout.OffsetOf(elements[0]);
        int size = elements.Sum(element => CSharpLayout.SizeOf(element.FieldType));
        Add($"{place} == {offset}", $"{type.Name}.{elements[0].Name} lies at {offset}");
        Add($"sizeof(((struct {fact.Name} *)0)->{field.Name}) == {size}", $"{type.Name}.{elements[0].Name} has {size} bytes");
    }

    private void AddConstant(string name, FieldInfo constant)
    {
        if (!headers.Know(name))
            return;
        Int128 value = CSharpLayout.ValueOf(constant);
        string condition = value < 0 ? $"(long long)({name}) == {value}LL" : $"(unsigned long long)({name}) == {value}ULL";
        Add(condition, $"{constant.DeclaringType!.Name}.{constant.Name} is {value}");
    }
}
