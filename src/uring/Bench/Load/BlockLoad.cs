using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Tool.Bench.Load;

/// <summary>Refuses an engine with the reason it gave: it cannot run here, which is a finding and not a failure.</summary>
internal sealed class LoadUnavailableException(string reason) : Exception(reason);

/// <summary>
/// One thread's share of the load. <see cref="Open"/>, <see cref="Run"/> and Dispose happen on that thread (rings with one issuer insist);
/// the counters are written by it and read by the thread that measures.
/// </summary>
internal abstract class BlockLoad(WorkerOrder order, int thread, LoadSwitches switches) : IDisposable
{
    private readonly int _expected = order.Load.Nop ? 0 : order.Load.Block;
    private LoadCounters _counters;
    private string? _firstError;

    public long Requests => Volatile.Read(ref _counters.Requests);

    public long Calls => Volatile.Read(ref _counters.Calls);

    public long Errors => Volatile.Read(ref _counters.Errors);

    public long VerifiedBlocks => Volatile.Read(ref _counters.Verified);

    public string? FirstError => Volatile.Read(ref _firstError);

    public LatencyRecorder? Latency { get; } = order.Load.Latency ? new LatencyRecorder() : null;

    protected LoadSpec Spec { get; } = order.Load;

    protected int Thread { get; } = thread;

    protected LoadSwitches Switches { get; } = switches;

    protected TargetFile[] Files { get; private set; } = [];

    protected BlockSource Source { get; private set; } = new([], order.Load, 0);

    /// <summary>The files' descriptors, in the same order.</summary>
    protected int[] Descriptors { get; private set; } = [];

    protected BlockCheck? Check { get; private set; }

    protected RequestSlots Slots { get; private set; } = null!;

    /// <summary>How many requests this engine has in flight at most.</summary>
    protected virtual int SlotCount => Spec.Depth;

    /// <summary>Files, buffers, rings. Throws <see cref="LoadUnavailableException"/> where this engine cannot run.</summary>
    public virtual void Open()
    {
        Files = [.. order.Files.Select(path => TargetFile.Open(path, Spec.Direct))];
        Source = new BlockSource([.. Files.Select(file => file.Bytes)], Spec, Thread);
        Descriptors = [.. Files.Select(file => file.Descriptor)];
        Check = Spec.Verify ? new BlockCheck(order.Files, Spec.Block) : null;
        Slots = new RequestSlots(SlotCount, Spec.Nop ? 1 : Spec.Block, Check);
    }

    /// <summary>Steps until told to stop, then brings home what is in flight.</summary>
    public virtual void Run()
    {
        while (!Switches.Stop)
        {
            Step();
        }
        Drain();
    }

    public void Dispose()
    {
        Close();
        Slots?.Dispose();
        Check?.Dispose();
        foreach (TargetFile file in Files)
        {
            file.Dispose();
        }
    }

    protected virtual void Step() => throw new NotSupportedException();

    protected virtual void Drain()
    {
    }

    protected virtual void Close()
    {
    }

    protected void Count(int requests, int calls)
    {
        Volatile.Write(ref _counters.Requests, _counters.Requests + requests);
        Volatile.Write(ref _counters.Calls, _counters.Calls + calls);
    }

    /// <summary>When what follows began; 0 where nobody asks.</summary>
    protected long Now() => Latency is null ? 0 : Stopwatch.GetTimestamp();

    /// <summary>A request came back: counts what is wrong with it, times it, and frees its slot.</summary>
    protected void Completed(int slot, long result, long now)
    {
        if (result != _expected || Check is not null)
        {
            Judge(slot, result);
        }
        if (Latency is not null && Switches.Recording)
        {
            Latency.Record(Slots.Elapsed(slot, now));
        }
        Slots.Return(slot);
    }

    protected void CountVerified() => Volatile.Write(ref _counters.Verified, _counters.Verified + 1);

    protected void CountError(string error)
    {
        Interlocked.CompareExchange(ref _firstError, error, null);
        Interlocked.Increment(ref _counters.Errors);
    }

    private void Judge(int slot, long result)
    {
        if (result != _expected)
        {
            CountError(result < 0
                ? $"a request failed with {Errno.Name((int)-result)}"
                : $"a request transferred {result} bytes of {_expected}");
        }
        else if (Slots.Fault(slot) is { } fault)
        {
            CountError(fault);
        }
        else
        {
            CountVerified();
        }
    }
}
