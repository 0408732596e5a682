using UserRing.Abi;

namespace UserRing.Engine;

/// <summary>Why a ring that <see cref="AutoEngine"/> made is served by the managed engine instead of the kernel. Immutable.</summary>
public sealed class FallbackReason
{
    internal FallbackReason(int errorNumber, RingFeatures missingFeatures, IReadOnlyList<Opcode> missingOperations, string message) =>
        (ErrorNumber, MissingFeatures, MissingOperations, Message) = (errorNumber, missingFeatures, missingOperations, message);

    /// <summary>The errno (positive) with which the kernel refused, or 0 if it allows rings but lacks something.</summary>
    public int ErrorNumber { get; }

    /// <summary>Required features the kernel does not report.</summary>
    public RingFeatures MissingFeatures { get; }

    /// <summary>Required operations the kernel does not have.</summary>
    public IReadOnlyList<Opcode> MissingOperations { get; }

    /// <summary>One sentence for people, with the likely cause.</summary>
    public string Message { get; }

    /// <inheritdoc/>
    public override string ToString() => Message;

    /// <summary>The kernel refused the ring with -<paramref name="error"/>.</summary>
    internal static FallbackReason OfRefusal(int error, uint entries)
    {
        string cause = RefusalCause.OfSetup("kernel", error, entries, default);
        return new FallbackReason(-error, RingFeatures.None, [], $"The kernel refused a ring: {Errno.Name(error)}. {cause}");
    }

    /// <summary>What is missing, or null if the kernel has all that is required.</summary>
    internal static FallbackReason? OfLack(RingRequirements requires, RingFeatures has, Func<Opcode, bool> supports)
    {
        RingFeatures features = requires.Features & ~has;
        List<Opcode> operations = [.. requires.Operations.Where(operation => !supports(operation))];
        if (features == RingFeatures.None && operations.Count == 0)
            return null;
        string lacks = string.Join(", ", operations.Select(OpcodeNames.NameOf));
        if (features != RingFeatures.None)
            lacks = operations.Count == 0 ? features.ToString() : $"{features}, {lacks}";
        return new FallbackReason(0, features, operations, $"The kernel's io_uring lacks what this ring requires: {lacks}.");
    }

    /// <summary>Equal for reasons that say the same; the message differs with every limit and size.</summary>
    internal string Key => $"{ErrorNumber}/{(uint)MissingFeatures}/{string.Join(',', MissingOperations)}";
}
