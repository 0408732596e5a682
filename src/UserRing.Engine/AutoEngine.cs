using UserRing.Abi;
using UserRing.Engine.Kernel;
using UserRing.Engine.Managed;

namespace UserRing.Engine;

/// <summary>
/// Chooses per ring: the kernel if it allows rings and covers the requirements, else the managed engine. The choice is made in
/// <see cref="Setup(uint, nuint)"/>; the other calls go to whichever engine owns the descriptor. Any thread may use it.
/// </summary>
public sealed class AutoEngine : IRingEngine
{
    private static readonly AutoEngine Free = new(Choice.Best, RingRequirements.Default);
    private static readonly AutoEngine ForcedKernel = new(Choice.Kernel, RingRequirements.Default);
    private static readonly AutoEngine ForcedManaged = new(Choice.Managed, RingRequirements.Default);

    private readonly Choice _choice;
    private readonly RingRequirements _requires;
    private volatile FallbackReason? _reason;

    private AutoEngine(Choice choice, RingRequirements requires) => (_choice, _requires) = (choice, requires);

    private enum Choice
    {
        Best,
        Kernel,
        Managed,
    }

    /// <summary>"auto"</summary>
    public string Name => "auto";

    /// <summary>Why the latest ring of this instance that did not get the kernel did not; null if there was none.</summary>
    public FallbackReason? FallbackReason => _reason;

    /// <summary>Auto with requirements of its own.</summary>
    /// <param name="requires">What the kernel must be able to do to be chosen.</param>
    public AutoEngine With(RingRequirements requires)
    {
        ArgumentNullException.ThrowIfNull(requires);
        return ReferenceEquals(requires, _requires) ? this : new AutoEngine(_choice, requires);
    }

    /// <inheritdoc/>
    /// <remarks>If both engines refuse, the answer is the kernel's; EOPNOTSUPP if neither can do what is required.</remarks>
    public int Setup(uint entries, nuint parameters) => Setup(entries, parameters, out _);

    /// <inheritdoc/>
    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset) =>
        EngineOf(ring).Map(ring, address, length, protection, flags, offset);

    /// <inheritdoc/>
    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize) =>
        EngineOf(ring).Enter(ring, toSubmit, minComplete, flags, argument, argumentSize);

    /// <inheritdoc/>
    public int Register(int ring, RegisterOp operation, nuint argument, uint count) =>
        EngineOf(ring).Register(ring, operation, argument, count);

    /// <inheritdoc/>
    public int Release(int ring) => EngineOf(ring).Release(ring);

    /// <summary>Whose refusal a failed setup reports.</summary>
    internal string Refuser => _choice == Choice.Managed ? "managed" : "kernel";

    internal static AutoEngine FromEnvironment()
    {
        string? asked = Environment.GetEnvironmentVariable(RingEngines.OverrideVariable);
        return asked switch
        {
            null or "" or "auto" => Free,
            "kernel" => ForcedKernel,
            "managed" => ForcedManaged,
            _ => throw new InvalidOperationException(
                $"The environment variable {RingEngines.OverrideVariable} is '{asked}'; it must be kernel, managed or auto."),
        };
    }

    /// <summary>The engine that serves <paramref name="ring"/>. With managed chosen the kernel is never asked.</summary>
    internal IRingEngine EngineOf(int ring) =>
        _choice == Choice.Managed || (_choice == Choice.Best && Substitute.Exists && Substitute.Engine.Owns(ring))
            ? Substitute.Engine
            : KernelEngine.Instance;

    /// <summary>Setup that also tells why the ring it made, if it made one, is not the kernel's.</summary>
    internal int Setup(uint entries, nuint parameters, out FallbackReason? reason)
    {
        reason = null;
        if (_choice == Choice.Managed)
            return Substitute.Engine.Setup(entries, parameters);
        if (_choice == Choice.Kernel)
            return KernelEngine.Instance.Setup(entries, parameters);

        // What the kernel lacks is known before it is asked for the ring: a ring that came up short would have overwritten the parameters.
        int error = KernelProbe.Read(out KernelProbe? kernel);
        FallbackReason? lack = kernel is null ? null : FallbackReason.OfLack(_requires, kernel.Features, kernel.Supports);
        if (kernel is not null && lack is null)
        {
            int ring = KernelEngine.Instance.Setup(entries, parameters);
            if (ring >= 0)
                return ring;
            error = ring;
        }

        if (lack is null && !MayFallBack(error))
            return error;
        if (UserRing.Engine.FallbackReason.OfLack(_requires, ManagedEngine.SupportedFeatures, ManagedEngine.Supports) is not null)
            return error < 0 ? error : -Errno.EOPNOTSUPP;
        int substitute = Substitute.Engine.Setup(entries, parameters);
        if (substitute < 0)
            return error < 0 ? error : substitute;
        reason = lack ?? UserRing.Engine.FallbackReason.OfRefusal(error, entries);
        _reason = reason;
        UserRingEventSource.Log.FellBackOnce(reason);
        return substitute;
    }

    private bool MayFallBack(int error) => error switch
    {
        -Errno.ENOSYS or -Errno.EPERM or -Errno.EACCES or -Errno.EINVAL => true,
        -Errno.ENOMEM => _requires.FallBackWhenOutOfMemory,
        _ => false,
    };

    /// <summary>
    /// The managed engine in the kernel's place. It locks no memory, so it is not charged to RLIMIT_MEMLOCK: a program that asked for the
    /// kernel's ring must not fail on a limit that only the kernel's ring runs into.
    /// </summary>
    private static class Substitute
    {
        private static readonly Lazy<ManagedEngine> Made = new(() => new ManagedEngine(new ManagedEngineOptions { ChargeMemlock = false }));

        internal static bool Exists => Made.IsValueCreated;

        internal static ManagedEngine Engine => Made.Value;
    }
}
