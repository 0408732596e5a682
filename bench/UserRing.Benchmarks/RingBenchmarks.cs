using BenchmarkDotNet.Attributes;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Benchmarks;

/// <summary>A ring per benchmark, made on the thread that uses it, with the flags of a loop that owns its ring.</summary>
public abstract class RingBenchmarks
{
    protected const int Depth = 32;

    private const SetupFlags OwnLoop = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.CoopTaskrun | SetupFlags.NoSqArray;

    private readonly Cqe[] _reaped = new Cqe[Depth];

    private protected Ring Ring { get; private set; } = null!;

    private protected static Ring Open(IRingEngine engine, SetupFlags flags = OwnLoop) =>
        new(Depth, new RingOptions { Engine = engine, Flags = flags });

    private protected void Use(Ring ring) => Ring = ring;

    protected void Close() => Ring.Dispose();

    /// <summary>Submits what was prepared, waits for all of it and reaps it.</summary>
    protected int Go(uint count)
    {
        Ring.SubmitAndWait(count);
        return Ring.Reap(_reaped);
    }
}

/// <summary>The cheapest request there is: what a round trip costs, alone and in a batch.</summary>
[MemoryDiagnoser]
public class NopBenchmarks : RingBenchmarks
{
    [Params("kernel", "managed")]
    public string Engine = "";

    [GlobalSetup]
    public void Setup() => Use(Open(RingEngines.Parse(Engine)));

    [GlobalCleanup]
    public void Cleanup() => Close();

    [Benchmark]
    public int One()
    {
        Ring.GetSqe().PrepareNop().UserData = 1;
        return Go(1);
    }

    [Benchmark(OperationsPerInvoke = Depth)]
    public int Batch32()
    {
        for (ulong i = 0; i < Depth; i++)
        {
            Ring.GetSqe().PrepareNop().UserData = i;
        }
        return Go(Depth);
    }
}

/// <summary>What the client alone costs per request: get an SQE, prepare it, publish, reap. The engine does next to nothing.</summary>
[MemoryDiagnoser]
public class ClientBenchmarks : RingBenchmarks
{
    [GlobalSetup]
    public void Setup() => Use(Open(new NullEngine(), SetupFlags.NoSqArray));

    [GlobalCleanup]
    public void Cleanup() => Close();

    [Benchmark(OperationsPerInvoke = Depth)]
    public int PrepareAndReap32()
    {
        for (ulong i = 0; i < Depth; i++)
        {
            Ring.GetSqe().PrepareRead(0, 4096, 4096, i * 4096).UserData = i;
        }
        return Go(Depth);
    }
}
