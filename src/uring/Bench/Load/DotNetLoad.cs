using System.Diagnostics;
using System.Runtime.InteropServices;

namespace UserRing.Tool.Bench.Load;

/// <summary>
/// RandomAccess.ReadAsync as a program would use it: as many loops as the depth, each awaiting one read after the other. On Linux every
/// read is a system call on a thread of .NET's pool.
/// </summary>
internal sealed class DotNetLoad(WorkerOrder order, int thread, LoadSwitches switches) : BlockLoad(order, thread, switches)
{
    private const int Alignment = 4096;

    private readonly Lock _gate = new();

    /// <summary>Each loop has a buffer of its own instead.</summary>
    protected override int SlotCount => 0;

    public override void Open()
    {
        base.Open();
        if (Spec.Nop)
        {
            throw new LoadUnavailableException("RandomAccess has no NOP");
        }
    }

    public override void Run() => Task.WaitAll(Enumerable.Range(0, Spec.Depth).Select(_ => Task.Run(Loop)));

    private async Task Loop()
    {
        byte[] array = GC.AllocateArray<byte>(Spec.Block + Alignment, pinned: true);
        Memory<byte> buffer = array.AsMemory((int)(-Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) & (Alignment - 1)), Spec.Block);
        while (!Switches.Stop)
        {
            ulong offset = Next(out int file);
            if (Check is not null)
            {
                BlockCheck.Prepare(buffer.Span);
            }
            long started = Stopwatch.GetTimestamp();
            await Read(file, offset, buffer);
            Finished(Stopwatch.GetTimestamp() - started);
        }
    }

    private async ValueTask Read(int file, ulong offset, Memory<byte> buffer)
    {
        try
        {
            int bytes = await RandomAccess.ReadAsync(Files[file].Handle, buffer, (long)offset);
            Judge(bytes, file, offset, buffer.Span);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            CountError(error.Message);
        }
    }

    /// <summary>The loops run on any thread of the pool, so what other engines do unlocked is guarded here.</summary>
    private ulong Next(out int file)
    {
        lock (_gate)
        {
            return Source.Next(out file);
        }
    }

    private void Finished(long ticks)
    {
        lock (_gate)
        {
            Count(1, 1);
            if (Latency is not null && Switches.Recording)
            {
                Latency.Record(ticks);
            }
        }
    }

    private void Judge(int bytes, int file, ulong offset, ReadOnlySpan<byte> block)
    {
        if (bytes != Spec.Block)
        {
            CountError($"a read transferred {bytes} bytes of {Spec.Block}");
        }
        else if (Check is not null)
        {
            lock (_gate)
            {
                if (Check.Matches(file, offset, block))
                {
                    CountVerified();
                }
                else
                {
                    CountError($"the block at offset {offset} differs from what a plain read returns");
                }
            }
        }
    }
}
