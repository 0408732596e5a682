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
        IReadOnlySet<RegisterOp> commands = Commands(AbiLevel.Linux618), newestCommands = Commands(AbiLevel.Newest);
        return
        [
            Bits("Setup flags", "IORING_SETUP_", AbiItem.SetupFlags, level => (uint)ManagedEngine.SupportedSetup(level)),
            Bits("Enter flags", "IORING_ENTER_", AbiItem.EnterFlags, _ => (uint)ManagedEngine.SupportedEnter),
            Bits("SQE flags", "IOSQE_", AbiItem.SqeFlags, _ => (uint)Submission.KnownFlags),
            Bits("Features", "IORING_FEAT_", AbiItem.Features, _ => (uint)ManagedEngine.SupportedFeatures),
            new(
                "Register commands", "IORING_", AreBits: false,
                Told(
                    AbiItem.RegisterOps,
                    (item, level) => (level == AbiLevel.Newest ? newestCommands : commands).Contains((RegisterOp)item.Value))),
        ];
    }

    private static IReadOnlySet<RegisterOp> Commands(AbiLevel level) =>
        RegisterAnswers.Known(new ManagedEngine(new ManagedEngineOptions { ChargeMemlock = false, Abi = level }));

    private static SupportTable Bits(string title, string prefix, IReadOnlyList<AbiItem> items, Func<AbiLevel, uint> supported) =>
        new(title, prefix, AreBits: true, Told(items, (item, level) => (item.Value & supported(level)) != 0));

    private static List<SupportLine> Told(IReadOnlyList<AbiItem> items, Func<AbiItem, AbiLevel, bool> has) =>
    [
        .. from item in items
           orderby item.Value
           select new SupportLine(item, SupportLine.Of(item, has(item, AbiLevel.Linux618), has(item, AbiLevel.Newest))),
    ];
}

/// <summary>An item and what the managed engine does with it.</summary>
internal sealed record SupportLine(AbiItem Item, (OperationState State, string? Why) Managed)
{
    public static (OperationState State, string? Why) Of(AbiItem item, bool isThere, bool isThereAtNewest)
    {
        if (item.IsNewer && !isThere)
            return (OperationState.Refused, isThereAtNewest ? OpFacts.NewerThere : OpFacts.Newer);
        // A command may answer as the kernel's does and still be refused with every argument.
        string? refusal = Notes.Refusals.GetValueOrDefault(item.Name);
        if (!isThere || refusal is not null)
            return (OperationState.Refused, refusal ?? OpFacts.NotYet);
        string? lacks = Notes.Lacks.GetValueOrDefault(item.Name);
        return (lacks is null ? OperationState.Full : OperationState.Part, lacks);
    }
}
