using System.Diagnostics;
using System.Runtime.ExceptionServices;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Bench.Load;

/// <summary>
/// Runs a load on its threads and measures from outside: the counters are read once at the end of the warm-up and once at the end, so the
/// loops themselves look at no clock.
/// </summary>
internal sealed class LoadRun : IDisposable
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(0.25);

    /// <summary>How long what is in flight at the end may take to come back.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(20);

    private readonly LoadSwitches _switches = new();
    private readonly BlockLoad[] _loads;
    private readonly Thread[] _threads;
    private readonly CountdownEvent _opened;
    private readonly ManualResetEventSlim _go = new();
    private Exception? _failure;

    private LoadRun(WorkerOrder order)
    {
        _loads = [.. Enumerable.Range(0, order.Load.Threads).Select(thread => Create(order, thread, _switches))];
        _opened = new CountdownEvent(_loads.Length);
        _threads = [.. _loads.Select(load => new Thread(() => Carry(load)) { IsBackground = true, Name = $"{order.Engine} load" })];
    }

    public static WorkerResult Measure(WorkerOrder order, Action<WorkerProgress> progress)
    {
        using LoadRun run = new(order);
        run.Start();
        Thread.Sleep(WarmUp);
        WorkerResult result = run.Sample(TimeSpan.FromSeconds(order.Load.Seconds), progress);
        run.Finish();
        return result with
        {
            Errors = run._loads.Sum(load => load.Errors),
            FirstError = run._loads.Select(load => load.FirstError).FirstOrDefault(error => error is not null),
            VerifiedBlocks = run._loads.Sum(load => load.VerifiedBlocks),
            Latency = LatencyRecorder.Percentiles(run._loads.Select(load => load.Latency).OfType<LatencyRecorder>()),
        };
    }

    public void Dispose()
    {
        _opened.Dispose();
        _go.Dispose();
    }

    private static BlockLoad Create(WorkerOrder order, int thread, LoadSwitches switches) => order.Engine switch
    {
        BenchEngines.Sync => new SyncLoad(order, thread, switches),
        BenchEngines.Aio => new AioLoad(order, thread, switches),
        BenchEngines.DotNet => new DotNetLoad(order, thread, switches),
        _ => new RingLoad(order, thread, switches),
    };

    private void Start()
    {
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
        _opened.Wait();
        bool refused = _failure is not null;
        _switches.Stop = refused;
        _go.Set();
        if (refused)
        {
            Finish();
        }
    }

    /// <summary>A load's whole life, on its own thread. One that cannot open keeps the others from starting.</summary>
    private void Carry(BlockLoad load)
    {
        try
        {
            if (TryOpen(load))
            {
                _go.Wait();
                load.Run();
            }
            load.Dispose();
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
        }
    }

    private bool TryOpen(BlockLoad load)
    {
        try
        {
            load.Open();
            return true;
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
            return false;
        }
        finally
        {
            _opened.Signal();
        }
    }

    private WorkerResult Sample(TimeSpan duration, Action<WorkerProgress> progress)
    {
        _switches.Recording = true;
        (long requests, long calls, long cpu) = Totals();
        long started = Stopwatch.GetTimestamp();
        TimeSpan elapsed = TimeSpan.Zero;
        while (elapsed < duration)
        {
            Thread.Sleep(Shorter(ProgressInterval, duration - elapsed));
            elapsed = Stopwatch.GetElapsedTime(started);
            progress(new WorkerProgress(elapsed.TotalSeconds, Totals().Requests - requests));
        }
        elapsed = Stopwatch.GetElapsedTime(started);
        (long requestsEnd, long callsEnd, long cpuEnd) = Totals();
        _switches.Recording = false;
        return new WorkerResult
        {
            Seconds = elapsed.TotalSeconds,
            Requests = requestsEnd - requests,
            Calls = callsEnd - calls,
            CpuSeconds = (cpuEnd - cpu) / 1e6,
            Errors = 0,
            VerifiedBlocks = 0,
        };
    }

    private void Finish()
    {
        _switches.Stop = true;
        foreach (Thread thread in _threads)
        {
            if (!thread.Join(DrainLimit))
            {
                throw new TimeoutException("requests in flight did not complete");
            }
        }
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    private (long Requests, long Calls, long CpuMicroseconds) Totals()
    {
        Libc.GetrusageMicroseconds(Libc.RUSAGE_SELF, out long user, out long system);
        return (_loads.Sum(load => load.Requests), _loads.Sum(load => load.Calls), user + system);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
