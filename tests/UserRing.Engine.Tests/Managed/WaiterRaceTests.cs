using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>Several threads wait for different counts while another submits and workers complete.</summary>
public sealed unsafe class WaiterRaceTests
{
    private static readonly uint[] Counts = [1, 3, 8, 16, 16];

    [Theory, EveryEngine]
    public void Every_waiter_returns_and_none_before_its_count_is_there(string engine)
    {
        const int Requests = 16;
        int rounds = Campaign.Rounds(400);
        using var ring = new SeamRing(engine, 32);
        using var meet = new Barrier(Counts.Length + 1);
        TestThread<int>[] waiters = [.. Counts.Select(count => TestThread.Start(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                Meet(meet);
                // Nobody reaps before all have returned, so the count stands still once it is reached.
                WaitFor(ring, count);
                Assert.True(ring.Ready >= count, $"waited for {count}, {ring.Ready} unread");
                Meet(meet);
            }

            return rounds;
        }))];

        var random = new Random(1);
        for (int round = 0; round < rounds && !waiters.Any(waiter => waiter.IsDone); round++)
        {
            Meet(meet);
            for (int sent = 0; sent < Requests;)
            {
                int part = Math.Min(Requests - sent, random.Next(1, 6));
                for (int i = 0; i < part; i++)
                    QueueNop(ring, (ulong)sent++, onWorker: random.Next(3) != 0);
                Assert.Equal(part, ring.Submit());
                Thread.SpinWait(random.Next(2000));
            }

            Meet(meet);
            Assert.Equal(Requests, ring.TakeReady().Select(cqe => cqe.UserData).Distinct().Count());
        }

        Assert.All(waiters, waiter => Assert.Equal(rounds, waiter.Answer));
        Assert.Equal(0u, ring.Ready);
    }

    private static void QueueNop(SeamRing ring, ulong userData, bool onWorker)
    {
        ref Sqe sqe = ref ring.Next().PrepareNop();
        sqe.UserData = userData;
        sqe.Flags = onWorker ? SqeFlags.Async : 0;
    }

    private static void Meet(Barrier barrier) => Assert.True(barrier.SignalAndWait(SeamRing.Patience), "a thread did not come");

    /// <summary>Not by the harness's own enter, which publishes the submitter's tail.</summary>
    private static void WaitFor(SeamRing ring, uint count)
    {
        KernelTimespec limit = new() { TvSec = (long)SeamRing.Patience.TotalSeconds };
        GetEventsArg argument = new() { Ts = (ulong)&limit };
        int result;
        do
            result = ring.Engine.Enter(
                ring.Descriptor, 0, count, EnterFlags.GetEvents | EnterFlags.ExtArg, (nuint)(&argument), (nuint)sizeof(GetEventsArg));
        // The runtime's own signals end a wait, and look like success while anything is unread.
        while (result == -Errno.EINTR);
        Assert.Equal(0, result);
    }
}
