using System.Reflection;
using UserRing.Abi;

namespace UserRing.Engine.Tests.Abi;

/// <summary>Every C# structure against the layout a C compiler gave it, and back.</summary>
public sealed class LayoutTests
{
    // C# structures that no fact describes, with the reason.
    private static readonly Dictionary<Type, string> NotInTheFacts = new()
    {
        [typeof(EpollEvent)] = "the facts are of x86-64, where epoll_event is packed; this is the layout of the others",
    };

    public static TheoryData<string> StructNames => [.. AbiFacts.Structs.Select(fact => fact.Name)];

    [Theory]
    [MemberData(nameof(StructNames))]
    public void Structure_has_the_size_and_alignment_of_C(string name)
    {
        (StructFact fact, Type type) = Find(name);
        Assert.Equal(fact.Size, CSharpLayout.SizeOf(type));
        Assert.Equal(fact.Alignment, CSharpLayout.AlignmentOf(type));
    }

    [Theory]
    [MemberData(nameof(StructNames))]
    public void Fields_lie_where_C_puts_them(string name)
    {
        (StructFact fact, Type type) = Find(name);
        List<string> wrong = [];
        foreach (FieldFact field in fact.Fields)
            wrong.AddRange(field.Flexible ? Differences(fact, field, type) : FieldDifferences(fact, field, type));
        Assert.Empty(wrong);
    }

    [Theory]
    [MemberData(nameof(StructNames))]
    public void Structure_has_no_field_that_C_lacks(string name)
    {
        (StructFact fact, Type type) = Find(name);
        HashSet<FieldInfo> known =
        [
            .. fact.Fields.SelectMany(field => CNames.FieldsOf(fact, field, type)),
            .. fact.Fields.Where(field => field.Flexible).Select(field => CNames.OffsetConstantOf(fact, field, type)).OfType<FieldInfo>(),
        ];
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        Assert.Empty(type.GetFields(all).Where(field => !known.Contains(field)).Select(field => field.Name));
    }

    [Fact]
    public void No_structure_is_unknown_to_C()
    {
        HashSet<Type?> known = [.. AbiFacts.Structs.Select(fact => CNames.StructOf(fact.Name)), .. NotInTheFacts.Keys];
        Assert.Empty(CNames.Structs.Where(type => !known.Contains(type)).Select(type => type.Name));
    }

    [Fact]
    public void Unpacked_epoll_event_is_16_bytes_with_data_at_8()
    {
        Assert.Equal(16, CSharpLayout.SizeOf(typeof(EpollEvent)));
        Assert.Equal(0, CSharpLayout.OffsetOf(typeof(EpollEvent).GetField(nameof(EpollEvent.Events))!));
        Assert.Equal(8, CSharpLayout.OffsetOf(typeof(EpollEvent).GetField(nameof(EpollEvent.Data))!));
    }

    private static (StructFact Fact, Type Type) Find(string name)
    {
        StructFact fact = AbiFacts.Structs.Single(candidate => candidate.Name == name);
        Type? type = CNames.StructOf(name);
        Assert.True(type is not null, $"struct {name} has no C# structure");
        return (fact, type);
    }

    private static IEnumerable<string> Differences(StructFact fact, FieldFact field, Type type)
    {
        if (CNames.OffsetConstantOf(fact, field, type) is not { } constant)
            yield return $"{field.Name}: no constant says where this flexible array begins";
        else if (CSharpLayout.ValueOf(constant) != field.Offset)
            yield return $"{field.Name}: begins at {field.Offset} in C, {constant.Name} is {CSharpLayout.ValueOf(constant)}";
    }

    private static IEnumerable<string> FieldDifferences(StructFact fact, FieldFact field, Type type)
    {
        IReadOnlyList<FieldInfo> elements = CNames.FieldsOf(fact, field, type);
        bool whole = elements.Count == 1 && (field.Count == 1 || CNames.IsArray(elements[0].FieldType));
        if (!whole && elements.Count != field.Count)
        {
            yield return $"{field.Name}: {elements.Count} C# fields for {field.Count} elements";
            yield break;
        }

        int size = whole ? field.Size : field.Size / field.Count;
        for (int i = 0; i < elements.Count; i++)
        {
            (int offset, int actualOffset) = (field.Offset + i * size, CSharpLayout.OffsetOf(elements[i]));
            int actualSize = CSharpLayout.SizeOf(elements[i].FieldType);
            if (offset != actualOffset || size != actualSize)
                yield return $"{elements[i].Name}: {size} bytes at {offset} in C, {actualSize} at {actualOffset} in C#";
        }
    }
}
