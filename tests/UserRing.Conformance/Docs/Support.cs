using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>A kind of item: what its names begin with, and in number order what the managed engine does with each.</summary>
internal sealed record SupportTable(string Title, string Prefix, bool AreBits, IReadOnlyList<SupportLine> Lines)
{
    /// <summary>Everything but the operations.</summary>
    public static IReadOnlyList<SupportTable> All { get; } = Make();

    private static List<SupportTable> Make()
    {
        IReadOnlySet<RegisterOp> commands = RegisterAnswers.Known(new ManagedEngine(new ManagedEngineOptions { ChargeMemlock = false }));
        return
        [
            Bits("Setup flags", "IORING_SETUP_", AbiItem.SetupFlags, (uint)ManagedEngine.SupportedSetup),
            Bits("Enter flags", "IORING_ENTER_", AbiItem.EnterFlags, (uint)ManagedEngine.SupportedEnter),
            Bits("SQE flags", "IOSQE_", AbiItem.SqeFlags, (uint)Submission.KnownFlags),
            Bits("Features", "IORING_FEAT_", AbiItem.Features, (uint)ManagedEngine.SupportedFeatures),
            new(
                "Register commands", "IORING_", AreBits: false,
                Told(AbiItem.RegisterOps, item => commands.Contains((RegisterOp)item.Value))),
        ];
    }

    private static SupportTable Bits(string title, string prefix, IReadOnlyList<AbiItem> items, uint supported) =>
        new(title, prefix, AreBits: true, Told(items, item => (item.Value & supported) != 0));

    private static List<SupportLine> Told(IReadOnlyList<AbiItem> items, Func<AbiItem, bool> has) =>
        [.. items.OrderBy(item => item.Value).Select(item => new SupportLine(item, SupportLine.Of(item, has(item))))];
}

/// <summary>An item and what the managed engine does with it.</summary>
internal sealed record SupportLine(AbiItem Item, (OperationState State, string? Why) Managed)
{
    public static (OperationState State, string? Why) Of(AbiItem item, bool isThere)
    {
        string? refusal = item.IsNewer ? OpFacts.Newer : Notes.Refusals.GetValueOrDefault(item.Name);
        // A command may answer as the kernel does and still be refused by whatever argument.
        if (!isThere || refusal is not null)
            return (OperationState.Refused, refusal ?? OpFacts.NotYet);
        string? lacks = Notes.Lacks.GetValueOrDefault(item.Name);
        return (lacks is null ? OperationState.Full : OperationState.Part, lacks);
    }
}
