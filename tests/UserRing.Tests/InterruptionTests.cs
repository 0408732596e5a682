using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Requests that a worker executes in a call that blocks. In processes of their own, whose workers can be told apart.</summary>
public sealed unsafe class InterruptionTests
{
    /// <summary>ERESTARTSYS, the kernel's own code for a call that a signal interrupted.</summary>
    private const int Restart = 512;

    private const string InFifo = "wait_for_partner", InTerminal = "wait_woken";

    [Theory, EveryEngine]
    public void A_cancel_interrupts_an_open_that_waits_for_a_partner(string engine) => Child.Succeeds(OpenAndCancel, [engine]);

    [Scenario]
    private static void OpenAndCancel(string[] arguments)
    {
        using var fifo = new Fifo();
        using var ring = new SeamRing(arguments[0]);
        for (int round = 0; round < 50; round++)
        {
            fifo.Open(ring, 1);
            Assert.Equal(1, ring.Submit());
            AwaitBlocked(1, InFifo);
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            AssertInterrupted(arguments[0], results[2], results[1]);
        }

        Assert.False(fifo.HasReader);
    }

    [Theory, EveryEngine]
    public void Running_requests_do_not_count_for_a_cancel_of_all(string engine) => Child.Succeeds(CancelAll, [engine]);

    [Scenario]
    private static void CancelAll(string[] arguments) => OnNewThread(() => CancelAll(arguments[0]));

    private static void CancelAll(string engine)
    {
        using var fifo = new Fifo();
        using var pipe = new TestPipe();
        using var ring = new SeamRing(engine, 16);
        foreach (CancelFlags flags in (CancelFlags[])[CancelFlags.All, CancelFlags.Any])
        {
            for (int i = 0; i < 3; i++)
                fifo.Open(ring, 1);
            for (int i = 0; i < 2; i++)
                ring.Next().PreparePollAdd(pipe.ReadEnd, 1).UserData = 1;
            Assert.Equal(5, ring.Submit());
            AwaitBlocked(3, InFifo);
            ring.Next().PrepareAsyncCancel(1, flags).UserData = 2;
            Assert.Equal(1, ring.Submit());
            ILookup<ulong, int> results = ring.Take(6).ToLookup(cqe => cqe.UserData, cqe => cqe.Res);
            Assert.Equal([2], results[2]);
            Assert.Equal([-Restart, -Restart, -Restart, -Errno.ECANCELED, -Errno.ECANCELED], results[1].Order());
        }
    }

    [Theory, EveryEngine]
    public void A_released_ring_interrupts_what_its_workers_execute(string engine) => Child.Succeeds(OpenAndRelease, [engine]);

    [Scenario]
    private static void OpenAndRelease(string[] arguments) => OnNewThread(() => OpenAndRelease(arguments[0]));

    private static void OpenAndRelease(string engine)
    {
        using var fifo = new Fifo();
        for (int round = 0; round < 30; round++)
        {
            using var ring = new SeamRing(engine);
            for (ulong i = 0; i < 3; i++)
                fifo.Open(ring, i);
            Assert.Equal(3, ring.Submit());
            if (round % 2 == 0)
                AwaitBlocked(3, InFifo);
        }

        AwaitBlocked(0, InFifo);
    }

    [Theory, EveryEngine]
    public void A_cancel_that_meets_a_worker_at_any_moment_ends_the_request(string engine) => Child.Succeeds(Race, [engine]);

    [Scenario]
    private static void Race(string[] arguments)
    {
        using var fifo = new Fifo();
        using var ring = new SeamRing(arguments[0], 16);
        var random = new Random(7);
        int early = 0, late = 0;
        for (int round = 0; round < 400; round++)
        {
            fifo.Open(ring, 1);
            Assert.Equal(1, ring.Submit());
            Thread.SpinWait(random.Next(4000));
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            if (results[1] == -Errno.ECANCELED)
            {
                Assert.Contains(results[2], (int[])[0, -Errno.EALREADY]);
                early++;
            }
            else
            {
                AssertInterrupted(arguments[0], results[2], results[1]);
                late++;
            }
        }

        Console.WriteLine($"{early} taken out, {late} interrupted");
        Assert.False(fifo.HasReader);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_signal_that_comes_from_no_cancel_is_not_seen(string engine) => Child.Succeeds(SendToWorkers, [engine]);

    [Scenario]
    private static void SendToWorkers(string[] arguments)
    {
        int signal = TestSignals.Plain;
        using var fifo = new Fifo();
        using var ring = new SeamRing(arguments[0]);
        fifo.Open(ring, 1);
        Assert.Equal(1, ring.Submit());
        AwaitBlocked(1, InFifo);
        for (int i = 0; i < 50; i++)
        {
            foreach (int worker in Workers())
                Assert.Equal(0, Libc.Tgkill(Environment.ProcessId, worker, signal));
            AwaitBlocked(1, InFifo);
        }

        Assert.Equal(0u, ring.Ready);
        Assert.True(fifo.HasReader); // which lets it through
        Assert.InRange(ring.Take().Res, 0, int.MaxValue);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void What_an_interrupted_read_has_is_its_result(string engine) => Child.Succeeds(ReadTerminal, [engine]);

    /// <summary>On a terminal the kernel's engine blocks elsewhere: in the submitter, or not at all.</summary>
    [Scenario]
    private static void ReadTerminal(string[] arguments)
    {
        using var terminal = new BlockingTerminal();
        using var memory = new TestMemory();
        using var ring = new SeamRing(arguments[0]);
        for (int round = 0; round < 20; round++)
        {
            ring.Next().PrepareRead(terminal.End, memory.Address, 100, ulong.MaxValue).UserData = 1;
            Assert.Equal(1, ring.Submit());
            terminal.Write();
            AwaitBlocked(1, InTerminal);
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Equal((-Errno.EALREADY, 1), (results[2], results[1]));
        }
    }

    /// <summary>
    /// The kernel's worker may have been interrupted by what was meant for the request before; then the cancel finds none.
    /// </summary>
    private static void AssertInterrupted(string engine, int cancel, int target)
    {
        Assert.Equal(-Restart, target);
        int expected = engine == TestEngines.Kernel && cancel == -Errno.ENOENT ? -Errno.ENOENT : -Errno.EALREADY;
        Assert.Equal(expected, cancel);
    }

    /// <summary>
    /// The kernel's workers are those of the thread, as many as its first ring has entries; the first of this one is made to see whether
    /// there are any, and has one.
    /// </summary>
    private static void OnNewThread(Action work)
    {
        _ = TestEngines.HasKernel;
        Assert.True(TestThread.Start(() =>
        {
            work();
            return true;
        }).Answer);
    }

    private static void AwaitBlocked(int workers, string where) =>
        Until.True(() => Workers().Count(worker => Read(worker, "wchan") == where) == workers, $"{workers} workers are in {where}");

    /// <summary>The process's workers, of either engine.</summary>
    private static IEnumerable<int> Workers() =>
        from task in Directory.EnumerateDirectories("/proc/self/task")
        let number = int.Parse(Path.GetFileName(task))
        let name = Read(number, "comm")
        where name.StartsWith("uring-work", StringComparison.Ordinal) || name.StartsWith("iou-wrk", StringComparison.Ordinal)
        select number;

    private static string Read(int task, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/self/task/{task}/{file}").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>A FIFO without a partner.</summary>
    private sealed class Fifo : IDisposable
    {
        private readonly TestFolder _folder = new();
        private readonly TestMemory _memory = new();
        private readonly nuint _path;

        public Fifo()
        {
            Assert.Equal(0, TestLibc.MakeFifo(_folder["fifo"]));
            _path = _memory.PutPath(0, "fifo");
        }

        /// <summary>Whether somebody has it open, or waits in an open, for reading. Lets such a one through.</summary>
        public bool HasReader
        {
            get
            {
                int writer = Libc.Open(_folder["fifo"], Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
                if (writer == -Errno.ENXIO)
                    return false;
                Assert.Equal(0, Libc.Close(writer));
                return true;
            }
        }

        public void Open(SeamRing ring, ulong userData)
        {
            ref Sqe sqe = ref ring.Next().PrepareOpenat(_folder, _path, Libc.O_RDONLY);
            (sqe.Flags, sqe.UserData) = (SqeFlags.Async, userData);
        }

        public void Dispose()
        {
            _folder.Dispose();
            _memory.Dispose();
        }
    }

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
