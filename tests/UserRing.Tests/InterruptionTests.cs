using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>
/// Requests that a worker executes in a call that blocks. On a terminal the kernel's engine blocks elsewhere (in the submitter, or not
/// at all, as its own work interrupts it), which is why only the managed one is asked here.
/// </summary>
public sealed unsafe class InterruptionTests
{
    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_cancel_interrupts_a_call_that_blocks_in_a_worker(string engine)
    {
        using var terminal = new BlockingTerminal();
        using var memory = new TestMemory();
        using var ring = new SeamRing(engine);
        for (int round = 0; round < 50; round++)
        {
            ring.Next().PrepareRead(terminal.End, memory.Address, 100, ulong.MaxValue).UserData = 1;
            Assert.Equal(1, ring.Submit());
            terminal.Write();
            Assert.Equal((-Errno.EALREADY, 1), CancelRunning(ring));
        }
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_released_ring_leaves_no_call_behind(string engine)
    {
        using var terminal = new BlockingTerminal();
        using var memory = new TestMemory();
        for (int round = 0; round < 50; round++)
        {
            using var ring = new SeamRing(engine);
            ring.Next().PrepareRead(terminal.End, memory.Address, 100, ulong.MaxValue);
            Assert.Equal(1, ring.Submit());
            terminal.Write();
        }

        Until.True(static () => !WorkerIsBlocked(), "no worker is in a read any more");
    }

    private static (int Cancel, int Target) CancelRunning(SeamRing ring)
    {
        // Until the worker has it, it waits for readiness and a cancel would take it out: so the cancel is for what has begun.
        Until.True(WorkerIsBlocked, "a worker reads");
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        return (results[2], results[1]);
    }

    private static bool WorkerIsBlocked() => Directory.EnumerateDirectories("/proc/self/task").Any(static task =>
    {
        try
        {
            return File.ReadAllText($"{task}/comm").StartsWith("uring-work", StringComparison.Ordinal)
                && File.ReadAllText($"{task}/wchan").Contains("wait_woken", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });

    /// <summary>A terminal of which a read blocks although it was readable.</summary>
    private sealed class BlockingTerminal : IDisposable
    {
        private readonly TestDescriptor _master;

        public BlockingTerminal()
        {
            (int master, int end) = TestLibc.OpenTerminal();
            (_master, End) = (new TestDescriptor(master), new TestDescriptor(end));
        }

        public TestDescriptor End { get; }

        public void Write()
        {
            byte one = 1;
            Assert.Equal(1, Libc.Write(_master, &one, 1));
        }

        public void Dispose()
        {
            End.Dispose();
            _master.Dispose();
        }
    }
}
