using System.CommandLine;
using System.Text.Json;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Managed;
using UserRing.Tool.Commands;

namespace UserRing.Tests;

/// <summary><c>uring ops</c>: what it says, and that the engine agrees.</summary>
public sealed class OpsCommandTests
{
    private static readonly string[] Members = ["name", "code", "since", "managed", "why", "waits"];
    private static readonly string[] States = ["full", "part", "refused"];
    private static readonly string[] Places = ["inline", "poll", "worker", "timer", "futex"];

    [Fact]
    public void Json_has_every_operation_in_number_order()
    {
        JsonElement[] operations = Operations();
        Assert.Equal(Enumerable.Range(0, AbiCounts.Opcodes), operations.Select(row => row.GetProperty("code").GetInt32()));
        foreach (JsonElement row in operations)
        {
            Assert.Equal(Members, row.EnumerateObject().Select(member => member.Name));
            Assert.Contains(Text(row, "managed"), States);
            Assert.Contains(Text(row, "waits"), Places);
            Assert.Equal(Text(row, "managed") == "full", row.GetProperty("why").ValueKind == JsonValueKind.Null);
        }

        Assert.Equal(("READ", "5.6", "poll"), Told(operations, Opcode.Read));
        Assert.Equal(("NOP", "5.1", "inline"), Told(operations, Opcode.Nop));
        Assert.Equal(("FSYNC", "5.1", "worker"), Told(operations, Opcode.Fsync));
        Assert.Equal(("TIMEOUT", "5.4", "timer"), Told(operations, Opcode.Timeout));
    }

    [Fact]
    public void Json_refuses_what_the_probe_of_a_managed_ring_leaves_out()
    {
        using var ring = new SeamRing(TestEngines.Managed);
        Assert.Equal(0, RingProbe.TryRead(ring.Engine, ring.Descriptor, out RingProbe? probe));
        foreach (JsonElement row in Operations())
        {
            var opcode = (Opcode)row.GetProperty("code").GetInt32();
            // A kernel has it as well where no network card can serve it.
            bool isListed = Text(row, "managed") != "refused" || opcode == Opcode.RecvZc && probe!.Supports(opcode);
            Assert.Equal(probe!.Supports(opcode), isListed);
        }
    }

    [Fact]
    public void Table_has_a_line_for_every_operation()
    {
        List<string[]> lines = [.. Run().Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        for (int code = 0; code < OpcodeNames.Count; code++)
        {
            string name = OpcodeNames.NameOf((Opcode)code);
            string[] line = Assert.Single(lines, cells => cells.Length > 1 && cells[1] == name);
            Assert.Equal($"{code}", line[0]);
            Assert.Equal(ManagedEngine.Describe((Opcode)code).State.ToString().ToLowerInvariant(), line[3]);
        }
    }

    private static (string? Name, string? Since, string? Waits) Told(JsonElement[] operations, Opcode opcode)
    {
        JsonElement row = operations[(int)opcode];
        return (Text(row, "name"), Text(row, "since"), Text(row, "waits"));
    }

    private static string? Text(JsonElement row, string member) => row.GetProperty(member).GetString();

    private static JsonElement[] Operations()
    {
        using JsonDocument document = JsonDocument.Parse(Run("--json"));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    private static string Run(params string[] arguments)
    {
        using var output = new StringWriter();
        Assert.Equal(0, OpsCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output }));
        return output.ToString();
    }
}
