using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using UserRing.Abi;

namespace UserRing.Engine.Tests.Abi;

/// <summary>Every C# number against the facts, and back.</summary>
public sealed partial class ConstantTests
{
    // Facts in words that no constant can hold, with the reason.
    private static readonly Dictionary<string, string> Wordy = new()
    {
        ["default CQ entries"] = "twice the SQ's: a rule",
        ["RLIMIT_NOFILE caps a file table"] = "a limit of the process",
        ["SQE size"] = "the size of Sqe, or twice that",
        ["CQE size"] = "the size of Cqe, or twice that",
        ["locked memory"] = "a limit of the user",
    };

    // C# numbers that no fact states, with the reason.
    private static readonly Dictionary<string, string> NotInTheFacts = new()
    {
        ["AbiCounts.RegisterOpsIn618"] = "the facts say it in the words of IORING_REGISTER_LAST only",
    };

    public static TheoryData<string> Names => [.. AbiFacts.Constants.Select(fact => fact.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Constant_has_the_value_of_C(string name)
    {
        if (Wordy.ContainsKey(name))
            return;
        FieldInfo? constant = CNames.ConstantOf(name);
        Assert.True(constant is not null, $"{name} has no C# constant");
        foreach (ConstantFact fact in AbiFacts.Constants.Where(fact => fact.Name == name))
        {
            Int128 actual = CSharpLayout.ValueOf(constant);
            if (fact.Value is { } value)
                Assert.True(value == actual, $"{name} is {value} in C, {constant.DeclaringType!.Name}.{constant.Name} is {actual}");
            else
                Assert.Contains(actual.ToString(CultureInfo.InvariantCulture), Number().Matches(fact.Text).Select(match => match.Value));
        }
    }

    [Fact]
    public void No_constant_is_unknown_to_C()
    {
        HashSet<FieldInfo?> known = [.. AbiFacts.Constants.Select(fact => CNames.ConstantOf(fact.Name))];
        IEnumerable<FieldInfo> unknown = CNames.Types
            .Where(type => (type.IsEnum || type.IsAbstract) && type != typeof(Errno))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(field => field.IsLiteral && !known.Contains(field))
            .Where(field => !IsZeroOfFlags(field) && !NotInTheFacts.ContainsKey($"{field.DeclaringType!.Name}.{field.Name}"));
        Assert.Empty(unknown.Select(field => $"{field.DeclaringType!.Name}.{field.Name}"));
    }

    [Fact]
    public void Opcode_names_and_versions_are_those_of_the_facts()
    {
        Assert.Equal(AbiFacts.Opcodes.Count, OpcodeNames.Count);
        Assert.Equal(AbiCounts.Opcodes, OpcodeNames.Count);
        foreach (ConstantFact fact in AbiFacts.Opcodes)
        {
            Opcode opcode = (Opcode)(byte)fact.Value!.Value;
            Assert.Equal(fact.Name, "IORING_OP_" + OpcodeNames.NameOf(opcode));
            Assert.Equal(fact.Since, OpcodeNames.SinceOf(opcode));
        }
    }

    [Fact]
    public void Opcode_nobody_has_named_yet_is_called_by_its_number()
    {
        Assert.Equal("OPCODE_200", OpcodeNames.NameOf((Opcode)200));
        Assert.Null(OpcodeNames.SinceOf((Opcode)200));
    }

    [Fact]
    public void Summaries_give_the_C_name()
    {
        XDocument docs = XDocument.Load(Path.ChangeExtension(typeof(Sqe).Assembly.Location, ".xml"));
        Dictionary<string, string> summaries = docs.Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => string.Concat(member.Element("summary")!.Nodes()));
        List<string> missing = [];
        void Check(string id, string cName)
        {
            if (!summaries.GetValueOrDefault(id, "").Contains($"<c>{cName}</c>", StringComparison.Ordinal))
                missing.Add($"{id}: {cName}");
        }

        foreach (StructFact fact in AbiFacts.Structs)
        {
            Type type = CNames.StructOf(fact.Name)!;
            Check($"T:UserRing.Abi.{type.Name}", fact.Name);
            foreach (FieldFact field in fact.Fields.Where(field => field.Count == 1 && !field.Flexible))
                Check($"F:UserRing.Abi.{type.Name}.{CNames.FieldsOf(fact, field, type)[0].Name}", field.Name);
        }

        foreach (ConstantFact fact in AbiFacts.Constants.Where(fact => CName().IsMatch(fact.Name)))
        {
            FieldInfo constant = CNames.ConstantOf(fact.Name)!;
            Check($"F:UserRing.Abi.{constant.DeclaringType!.Name}.{constant.Name}", fact.Name);
        }

        Assert.Empty(missing);
    }

    private static bool IsZeroOfFlags(FieldInfo field) =>
        field.Name == "None" && field.DeclaringType!.IsDefined(typeof(FlagsAttribute)) && CSharpLayout.ValueOf(field) == 0;

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex("^[A-Za-z_0-9]+$")]
    private static partial Regex CName();
}
