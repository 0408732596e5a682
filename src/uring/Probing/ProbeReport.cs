using System.Text.Json.Serialization;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Tool.Bench;

namespace UserRing.Tool.Probing;

/// <summary>Everything <c>uring probe</c> finds out.</summary>
internal sealed record ProbeReport
{
    public required Machine Machine { get; init; }

    public required EngineProbe[] Engines { get; init; }

    public required AutoProbe Auto { get; init; }

    public required OperationProbe[] Operations { get; init; }

    public static ProbeReport Make()
    {
        Machine machine = Machine.Read();
        // A sandbox may kill on the mere attempt; whoever asked for the managed engine asked for no attempt.
        EngineProbe kernel = machine.UringEngine == BenchEngines.Managed
            ? EngineProbe.Untried(BenchEngines.Kernel, "not tried: URING_ENGINE=managed")
            : EngineProbe.Try(RingEngines.Kernel);
        EngineProbe managed = EngineProbe.Try(RingEngines.Managed);
        return new ProbeReport
        {
            Machine = machine,
            Engines = [kernel, managed],
            Auto = AutoProbe.Make(),
            Operations = [.. Enumerable.Range(0, OpcodeNames.Count).Select(code => OperationProbe.Of((Opcode)code, kernel))],
        };
    }
}

/// <summary>Whether an engine makes rings here, and what they promise.</summary>
internal sealed record EngineProbe
{
    private const uint Entries = 4;

    public required string Name { get; init; }

    public required bool Available { get; init; }

    /// <summary>Why not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    public required string[] Features { get; init; }

    /// <summary>What it says of its operations; null when it could not be asked.</summary>
    [JsonIgnore]
    public RingProbe? Operations { get; private init; }

    public static EngineProbe Untried(string name, string reason) =>
        new() { Name = name, Available = false, Reason = reason, Features = [] };

    public static EngineProbe Try(IRingEngine engine)
    {
        try
        {
            using Ring ring = new(Entries, new RingOptions { Engine = engine });
            _ = RingProbe.TryRead(ring.Engine, ring.Descriptor, out RingProbe? operations);
            return new EngineProbe { Name = engine.Name, Available = true, Features = Names(ring.Features), Operations = operations };
        }
        catch (RingException refusal)
        {
            return Untried(engine.Name, refusal.Message);
        }
    }

    private static string[] Names(RingFeatures features) =>
        [.. Enum.GetValues<RingFeatures>().Where(bit => bit != RingFeatures.None && features.HasFlag(bit)).Select(bit => bit.ToString())];
}

/// <summary>What Auto takes, and why not the kernel.</summary>
internal sealed record AutoProbe(string? Engine, string? Reason)
{
    public static AutoProbe Make()
    {
        try
        {
            using Ring ring = new(1, new RingOptions { Engine = RingEngines.Auto });
            return new AutoProbe(ring.Engine.Name, ring.FallbackReason?.Message);
        }
        catch (Exception refusal) when (refusal is RingException or InvalidOperationException)
        {
            return new AutoProbe(null, refusal.Message);
        }
    }
}

/// <summary>One operation and who serves it.</summary>
internal sealed record OperationProbe : OperationReport
{
    private OperationProbe(Opcode opcode, bool? kernel)
        : base(opcode) => Kernel = kernel;

    /// <summary>Whether this kernel serves it; null when it could not be asked.</summary>
    [JsonPropertyOrder(1)]
    public bool? Kernel { get; }

    public static OperationProbe Of(Opcode opcode, EngineProbe kernel) => new(opcode, kernel.Operations?.Supports(opcode));
}

/// <summary>For people as well as programs, so indented.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ProbeReport))]
[JsonSerializable(typeof(OperationReport[]))]
internal sealed partial class ProbeJson : JsonSerializerContext;
