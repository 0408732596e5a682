using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>What rings took they give back: descriptors, mappings, threads, memory.</summary>
public sealed class LeakTests
{
    private const int Rings = 2000;
    private const int Parked = 64;
    private const long SomeMemory = 12 << 20;

    [Theory, EveryEngine(InPlace = true)]
    public void Two_thousand_rings_leave_nothing(string engine) => InChild(ManyRings, engine);

    [Theory, EveryEngine(InPlace = true)]
    public void Rings_disposed_with_requests_in_flight_leave_nothing(string engine) => InChild(InFlight, engine);

    [Theory, EveryEngine(InPlace = true)]
    public void Storms_of_cancelled_reads_leave_nothing(string engine) => InChild(CancelStorm, engine);

    [Theory, EveryEngine(InPlace = true)]
    public void Registered_files_that_are_replaced_are_closed(string engine) => InChild(FilesReplaced, engine);

    [Theory, EveryEngine(InPlace = true)]
    public void Rings_with_a_polling_thread_leave_no_thread(string engine) => InChild(PollingThreads, engine);

    [Fact]
    public void An_idle_managed_ring_costs_its_mapped_memory_and_at_most_64_KiB() => Child.Succeeds(IdleRings);

    [Scenario]
    private static void ManyRings(string[] arguments) => LeavesNothing(Rings, () =>
    {
        using Ring ring = ClientRing.Open(arguments[0]);
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Take(2).Length);
    });

    [Scenario]
    private static void InFlight(string[] arguments)
    {
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        nuint hour = memory.PutTime(0, TimeSpan.FromHours(1));
        LeavesNothing(300, () =>
        {
            var own = new TestPipe();
            OwnedHandle handle = own.ReadEnd.Handle();
            using (Ring ring = ClientRing.Open(arguments[0]))
            {
                ring.GetSqe().PrepareRead(pipe.ReadEnd, memory.At(64), 1, ulong.MaxValue).UserData = 1;
                ring.GetSqe().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN).UserData = 2;
                ring.GetSqe().PrepareTimeout(hour).UserData = 3;
                ring.RegisterFiles([pipe.ReadEnd]);
                ring.GetSqe().PrepareRead(0, memory.At(64), 1, ulong.MaxValue).Flags = SqeFlags.FixedFile;
                ring.Read(handle, new byte[100], -1);
                Assert.Equal(5, ring.Submit());
                handle.Dispose();
            }

            Assert.True(handle.IsReleased);
            own.Dispose();
        });
    }

    [Scenario]
    private static void CancelStorm(string[] arguments)
    {
        using var memory = new TestMemory();
        using Ring ring = ClientRing.Open(arguments[0], 2 * Parked);
        using var pipe = new TestPipe();
        LeavesNothing(60, () =>
        {
            for (ulong i = 1; i <= Parked; i++)
                ring.ReadOf(pipe, memory, i);
            Assert.Equal(Parked, ring.Submit());
            Assert.Equal(0u, ring.CqReady);
            for (ulong i = 1; i <= Parked; i++)
                ring.GetSqe().PrepareAsyncCancel(i).UserData = 1000 + i;
            Cqe[] completions = ring.Take(2 * Parked);
            Assert.Equal(Parked, completions.Count(cqe => cqe.Res == -Errno.ECANCELED));
            Assert.Equal(Parked, completions.Count(cqe => cqe is { UserData: > 1000, Res: 0 }));
        });
    }

    [Scenario]
    private static void FilesReplaced(string[] arguments)
    {
        using var memory = new TestMemory();
        using Ring ring = ClientRing.Open(arguments[0], 64);
        LeavesNothing(150, () =>
        {
            using var first = new TestPipe();
            using var second = new TestPipe();
            ring.RegisterFiles([.. Enumerable.Repeat(first.ReadEnd.Number, 16)]);
            for (int i = 0; i < 16; i++)
            {
                ref Sqe sqe = ref ring.GetSqe().PrepareRead(i, memory.Address, 1, ulong.MaxValue);
                sqe.Flags = SqeFlags.FixedFile;
                sqe.UserData = 1;
            }

            Assert.Equal(16, ring.Submit());
            for (int round = 0; round < 5; round++)
                Assert.Equal(16, ring.UpdateFiles(0, [.. Enumerable.Repeat(second.ReadEnd.Number, 16)]));
            // Requests in flight keep the file they began with.
            first.Write("0123456789abcdef");
            Assert.All(ring.Take(16), cqe => Assert.Equal(1, cqe.Res));
            ring.UnregisterFiles();
        });
    }

    [Scenario]
    private static void PollingThreads(string[] arguments) => LeavesNothing(60, () =>
    {
        using Ring ring = ClientRing.Open(arguments[0], 8, SetupFlags.SqPoll);
        ring.Nops(1);
        Assert.Single(ring.Take(1));
    });

    [Scenario]
    private static void IdleRings()
    {
        const int Count = 200;
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        var rings = new Ring[Count];
        Use(ClientRing.Open(TestEngines.Managed, Parked), pipe, memory).Dispose();
        long before = Holdings.PrivateBytes(), mappedBefore = Holdings.RingBytes();
        for (int i = 0; i < Count; i++)
            rings[i] = Use(ClientRing.Open(TestEngines.Managed, Parked), pipe, memory);
        long mapped = Holdings.RingBytes() - mappedBefore;
        long more = Holdings.PrivateBytes() - before;
        Assert.InRange(mapped, Count * 4096L, long.MaxValue);
        Assert.True(more <= mapped + Count * 65536L, $"{Count} rings: {more} bytes resident, {mapped} of them mapped");
        Console.WriteLine($"{more / Count} bytes a ring, {mapped / Count} of them mapped");
        foreach (Ring ring in rings)
            ring.Dispose();
    }

    /// <summary>Uses a ring as much as it can be: all its entries at once in flight.</summary>
    private static Ring Use(Ring ring, TestPipe pipe, TestMemory memory)
    {
        for (ulong i = 0; i < Parked; i++)
            ring.ReadOf(pipe, memory, i);
        ring.Submit();
        pipe.Write(new string('x', Parked));
        ring.Take(Parked);
        return ring;
    }

    private static void LeavesNothing(int rounds, Action round)
    {
        Holdings first = Holdings.Now();
        for (int i = 0; i < rounds / 10; i++)
            round();
        // The engine opens a few descriptors for the process, once; a leak would show in the second part all the same.
        (first with { Descriptors = first.Descriptors + 8 }).AwaitReturn();
        Holdings before = Holdings.Now();
        long bytes = Holdings.PrivateBytes();
        for (int i = 0; i < rounds; i++)
            round();
        before.AwaitReturn();
        Assert.InRange(Holdings.PrivateBytes() - bytes, long.MinValue, SomeMemory);
    }

    private static void InChild(Action<string[]> scenario, string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(scenario, [engine]);
    }
}
