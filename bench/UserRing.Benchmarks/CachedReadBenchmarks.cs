using BenchmarkDotNet.Attributes;
using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;
using UserRing.Tool.Bench;
using UserRing.Tool.Bench.Load;

namespace UserRing.Benchmarks;

/// <summary>4 KiB reads of a cached file, 32 at a time, beside as many plain preadv2 calls.</summary>
[MemoryDiagnoser]
public class CachedReadBenchmarks : RingBenchmarks
{
    private const int Block = 4096;

    private BenchFile _made = null!;
    private TargetFile _file = null!;
    private AlignedMemory _buffers = null!;
    private AlignedMemory _vectors = null!;
    private BlockSource _source = null!;

    [Params("kernel", "managed")]
    public string Engine = "";

    [GlobalSetup]
    public void Setup()
    {
        _made = BenchFile.Create(Environment.CurrentDirectory, CancellationToken.None);
        _file = TargetFile.Open(_made.Path, direct: false);
        _buffers = new AlignedMemory(Depth * Block);
        _vectors = new AlignedMemory(Depth * 16);
        _source = new BlockSource([_file.Bytes], new LoadSpec { Depth = Depth, Batch = Depth, Block = Block, Seconds = 1 }, 0);
        for (int i = 0; i < Depth; i++)
        {
            _vectors.As<IoVec>()[i] = new IoVec { Base = Buffer(i), Len = Block };
        }
        Use(Open(RingEngines.Parse(Engine)));
        Ring.RegisterBuffers(_vectors.As<IoVec>());
        Ring.RegisterFiles([_file.Descriptor]);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        Close();
        _vectors.Dispose();
        _buffers.Dispose();
        _file.Dispose();
        _made.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Depth)]
    public int Read32()
    {
        for (int i = 0; i < Depth; i++)
        {
            Ring.GetSqe().PrepareRead(_file.Descriptor, Buffer(i), Block, _source.Next(out _)).UserData = (ulong)i;
        }
        return Go(Depth);
    }

    [Benchmark(OperationsPerInvoke = Depth)]
    public int ReadFixed32()
    {
        for (int i = 0; i < Depth; i++)
        {
            ref Sqe sqe = ref Ring.GetSqe().PrepareReadFixed(0, Buffer(i), Block, _source.Next(out _), (ushort)i);
            sqe.Flags |= SqeFlags.FixedFile;
            sqe.UserData = (ulong)i;
        }
        return Go(Depth);
    }

    [Benchmark(OperationsPerInvoke = Depth, Baseline = true)]
    public nint Preadv2()
    {
        nint bytes = 0;
        for (int i = 0; i < Depth; i++)
        {
            bytes += Libc.Preadv2(_file.Descriptor, _vectors.Address + (nuint)(i * 16), 1, (long)_source.Next(out _), 0);
        }
        return bytes;
    }

    private nuint Buffer(int i) => _buffers.Address + (nuint)(i * Block);
}
