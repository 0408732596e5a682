using System.Reflection;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Managed;
using Xunit.Sdk;
using Xunit.v3;

namespace UserRing.Testing;

/// <summary>
/// The engines that every behaviour is tested on. The kernel is the oracle; "managed-copying" is the managed engine with a caller that
/// lends nothing in place, which keeps honest what later serves other processes.
/// </summary>
internal static class TestEngines
{
    public const string Kernel = "kernel", Managed = "managed", Copying = "managed-copying";

    private static readonly ManagedEngine CopyingEngine = new(null, CopyingCaller.Instance);
    private static readonly Lazy<int> KernelAnswer = new(AskKernel);

    public static bool HasKernel => KernelAnswer.Value == 0;

    /// <summary>The engine of that name; skips the test if it is the kernel's and the kernel refuses.</summary>
    public static IRingEngine Get(string name)
    {
        switch (name)
        {
            case Managed:
                return RingEngines.Managed;
            case Copying:
                return CopyingEngine;
            case Kernel:
                RequireKernel();
                return RingEngines.Kernel;
            default:
                throw new ArgumentException($"No engine {name}.", nameof(name));
        }
    }

    public static void RequireKernel() =>
        Requirements.SkipUnless(HasKernel, $"The kernel refuses io_uring here: {Errno.Name(-KernelAnswer.Value)}.");

    private static unsafe int AskKernel()
    {
        RingParams parameters = default;
        int ring = RingEngines.Kernel.Setup(1, (nuint)(&parameters));
        if (ring < 0)
            return ring;
        RingEngines.Kernel.Release(ring);
        return 0;
    }
}

/// <summary>A theory row for each engine: its name, then the values given here.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class EveryEngineAttribute(params object?[] values) : DataAttribute
{
    /// <summary>For what only makes sense where memory is lent in place: without the copying caller.</summary>
    public bool InPlace { get; init; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        string[] names = InPlace
            ? [TestEngines.Kernel, TestEngines.Managed]
            : [TestEngines.Kernel, TestEngines.Managed, TestEngines.Copying];
        return new([.. names.Select(name => new TheoryDataRow([name, .. values]))]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
