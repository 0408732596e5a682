using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>A program that ends with rings open ends.</summary>
public sealed class ProcessExitTests
{
    private static readonly List<object> Kept = [];

    [Theory, EveryEngine]
    public void A_process_with_rings_open_and_requests_parked_ends_at_once_without_error(string engine)
    {
        long begin = Stopwatch.GetTimestamp();
        Child.Succeeds(LeaveOpen, [engine]);
        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Scenario]
    private static unsafe void LeaveOpen(string[] arguments)
    {
        var memory = new TestMemory();
        var pipe = new TestPipe();
        Kept.AddRange([memory, pipe]);
        foreach (SetupFlags flags in (SetupFlags[])[0, SetupFlags.SqPoll, SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun])
        {
            var ring = new SeamRing(arguments[0], 16, flags, idleMs: 1);
            Kept.Add(ring);
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 16, ulong.MaxValue);
            ring.Next().PreparePollAdd(pipe.ReadEnd, 1);
            ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.FromHours(1)));
            ring.Next().PrepareNop().Flags = SqeFlags.Async;
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 16, ulong.MaxValue).Flags = SqeFlags.Async;
            ring.Publish();
            Assert.InRange(ring.Enter(ring.Queued, 0, EnterFlags.SqWakeup), 1, 5);
            Until.True(() => ring.Queued == 0, "all was taken");
            if ((flags & SetupFlags.DeferTaskrun) == 0)
                Kept.Add(TestThread.Start(() => ring.Enter(0, 16, EnterFlags.GetEvents)));
        }

        foreach (TestThread<int> waiter in Kept.OfType<TestThread<int>>())
            waiter.AwaitSleep();
    }
}
