using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Benchmarks.Traffic;

/// <summary>
/// One thread, one ring: submits what was queued, waits, hands out what completed, until the work is done. What a derived class does
/// with one completion may queue as many SQEs as <see cref="MostSqesPerCompletion"/>.
/// </summary>
internal abstract class RingLoop : IDisposable
{
    protected const int MostSqesPerCompletion = 8;

    private const int BatchSize = 256;
    private static readonly TimeSpan LookUp = TimeSpan.FromMilliseconds(100);

    private readonly Cqe[] _batch = new Cqe[BatchSize];

    protected RingLoop(IRingEngine engine, uint entries = 2048) =>
        Ring = new Ring(entries, new RingOptions { Engine = engine, CqEntries = 4 * entries });

    protected Ring Ring { get; }

    protected abstract bool IsDone { get; }

    public void Run(CancellationToken stop)
    {
        while (!IsDone)
        {
            stop.ThrowIfCancellationRequested();
            if (QueueMore())
                Ring.Submit();
            else
                Ring.SubmitAndWait(1, LookUp);
            // What the engine had no room to take stays queued until completions were reaped; then this loop comes by again.
            int room = (int)Ring.SqSpaceLeft / MostSqesPerCompletion;
            int count = Ring.Reap(_batch.AsSpan(0, Math.Min(BatchSize, Math.Max(1, room))));
            for (int i = 0; i < count; i++)
                Complete(_batch[i]);
        }
    }

    public virtual void Dispose() => Ring.Dispose();

    /// <summary>Queues what had to wait for something; true if there is more of it, so that the loop comes by again at once.</summary>
    protected virtual bool QueueMore() => false;

    protected abstract void Complete(in Cqe cqe);


    /// <summary>What a request does and for whom, in its user_data.</summary>
    protected static ulong Name(int kind, int index) => ((ulong)kind << 32) | (uint)index;

    protected static (int Kind, int Index) Named(in Cqe cqe) => ((int)(cqe.UserData >> 32), (int)(uint)cqe.UserData);
}
