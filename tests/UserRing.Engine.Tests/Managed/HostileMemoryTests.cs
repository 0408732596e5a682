using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>
/// A program that scribbles over the memory it shares with its ring while it is served harms its own ring at most: the engine neither
/// crashes nor hangs, another ring goes on untouched, and when the ring is closed nothing of it is left.
/// </summary>
public sealed class HostileMemoryTests
{
    private const int FewestEnters = 100, FewestOfTheOther = 20;
    private const SetupFlags Plain = SetupFlags.None, Deferred = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;

    public static TheoryData<string, SetupFlags> Rings => new()
    {
        { TestEngines.Managed, Plain },
        { TestEngines.Managed, SetupFlags.SqPoll },
        { TestEngines.Managed, SetupFlags.NoMmap },
        { TestEngines.Managed, SetupFlags.Sqe128 | SetupFlags.Cqe32 },
        { TestEngines.Managed, SetupFlags.CqeMixed },
        { TestEngines.Managed, Deferred },
        { TestEngines.Copying, Plain },
        { TestEngines.Copying, SetupFlags.NoMmap | SetupFlags.CqeMixed },
    };

    [Theory, MemberData(nameof(Rings))]
    public void Scribbling_over_shared_memory_harms_no_other_ring(string engine, SetupFlags flags) =>
        Campaign.Children(Scribble, engine, ((uint)flags).ToString());

    [Scenario]
    private static void Scribble(string[] arguments)
    {
        using var other = new TestMemory();
        ProcessState? before = null;
        int seed = int.Parse(arguments[2]);
        foreach (bool warmUp in (bool[])[true, false])
        {
            long end = Stopwatch.GetTimestamp() + (warmUp ? Stopwatch.Frequency / 10 : 2 * Stopwatch.Frequency);
            var victim = new HostileProgram(arguments[0], (SetupFlags)uint.Parse(arguments[1]));
            RingContext context = RingTable.Find(victim.Ring.Descriptor)!;
            TestThread<long> enterer = TestThread.Start(() =>
            {
                victim.Enable();
                return victim.Enter(-seed, end);
            });
            TestThread<long> scribbler = TestThread.Start(() => victim.Scribble(seed, end));
            TestThread<long> honest = TestThread.Start(() => WorkHonestly(arguments[0], other, end));
            long scribbled = Ended(scribbler, end), entered = Ended(enterer, end), worked = Ended(honest, end);
            Assert.Equal(0, victim.Ring.Release());
            // Every request that was taken and is not completed holds the ring.
            Until.True(() => context.InFlight == 0 && IsGone(context), "all that was in flight has ended, and the ring with it");
            victim.Dispose();
            if (before is null)
                before = ProcessState.Settled("uring-sqp");
            else
                AssertMet(scribbled, entered, worked);
        }

        before!.AwaitReturn("uring-sqp");
        Assert.Equal((0, 0), (CopyingCaller.LiveLoans, CopyingCaller.LiveDescriptors));
    }

    private static bool IsGone(RingContext ring)
    {
        if (!ring.TryAddReference())
            return true;
        ring.DropReference();
        return false;
    }

    private static void AssertMet(long scribbled, long entered, long worked) => Assert.True(
        scribbled >= FewestEnters && entered >= FewestEnters && worked >= FewestOfTheOther,
        $"{scribbled} scribbles, {entered} enters, {worked} rounds of the other");

    private static long Ended(TestThread<long> thread, long end)
    {
        TimeSpan left = TimeSpan.FromSeconds(Math.Max(0, end - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
        SpinWait.SpinUntil(() => thread.IsDone, left);
        return thread.Answer;
    }

    /// <summary>Another ring of the same engine: every answer is checked.</summary>
    private static long WorkHonestly(string engine, TestMemory memory, long end)
    {
        using var ring = new SeamRing(engine, 8);
        using var pipe = new TestPipe();
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            memory.Bytes[..4].Clear();
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 4, ulong.MaxValue).UserData = 1;
            ring.Next().PrepareNop().UserData = 2;
            ref Sqe nop = ref ring.Next().PrepareNop();
            (nop.UserData, nop.Flags) = (3, SqeFlags.Async);
            Assert.Equal(3, ring.Submit());
            pipe.Write("data");
            Dictionary<ulong, int> results = ring.Results(3);
            Assert.Equal((4, 0, 0), (results[1], results[2], results[3]));
            Assert.True(memory.Bytes[..4].SequenceEqual("data"u8));
        }

        return count;
    }
}
