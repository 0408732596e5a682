using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Tool.Probing;

/// <summary>One operation, and what the managed engine does with it.</summary>
internal record OperationReport
{
    protected OperationReport(Opcode opcode)
    {
        OperationSupport support = ManagedEngine.Describe(opcode);
        (Name, Code, Since) = (OpcodeNames.NameOf(opcode), (int)opcode, OpcodeNames.SinceOf(opcode));
        (Managed, Why, Waits) = (Lower(support.State), support.Why, Lower(support.Waits));
    }

    public string Name { get; }

    public int Code { get; }

    /// <summary>The first kernel that had it.</summary>
    public string? Since { get; }

    /// <summary>"full", "part" or "refused".</summary>
    public string Managed { get; }

    /// <summary>What a part lacks, or why the operation is refused.</summary>
    public string? Why { get; }

    /// <summary>Where its requests wait in the managed engine: "inline" (nowhere), "poll", "worker", "timer" or "futex".</summary>
    public string Waits { get; }

    /// <summary>Every operation that has a name, in number order.</summary>
    public static OperationReport[] All() => [.. Enumerable.Range(0, OpcodeNames.Count).Select(code => new OperationReport((Opcode)code))];

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
