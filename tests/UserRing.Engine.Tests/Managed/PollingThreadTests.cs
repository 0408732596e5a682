using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>NEED_WAKEUP: a program that looks at the flag after it published its tail never waits for a thread that sleeps.</summary>
public sealed class PollingThreadTests
{
    private const int FewestNops = 5_000, FewestWakeUps = 10;

    [Theory, EveryEngine]
    public void Nothing_is_lost_between_a_polling_thread_that_falls_asleep_and_a_program_that_submits(string engine)
    {
        const int Nops = 1_000_000;
        using var ring = new SeamRing(engine, 64, SetupFlags.SqPoll, cqEntries: 256, idleMs: 1);
        ulong limit = (ulong)Campaign.Rounds(Nops), taken = 0, sent = ulong.MaxValue;
        long end = Stopwatch.GetTimestamp() + Campaign.Rounds(2) * Stopwatch.Frequency;
        int wakeUps = 0, givenUp = 0;

        TestThread<ulong> reaper = TestThread.Start(() =>
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref taken) != Volatile.Read(ref sent) && Volatile.Read(ref givenUp) == 0)
            {
                if (!ring.TryTake(out Cqe cqe))
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                    continue;
                }

                Assert.Equal((taken, 0), (cqe.UserData, cqe.Res));
                Volatile.Write(ref taken, taken + 1);
            }

            return taken;
        });

        var random = new Random(1);
        ulong queued = 0;
        while (queued < limit && (Stopwatch.GetTimestamp() < end || queued < FewestNops || wakeUps < FewestWakeUps))
        {
            int burst = random.Next(3) == 0 ? 1 : random.Next(1, 48);
            // What is in flight fits the CQ, so that nothing but the wake-up protocol is needed.
            if (!Reached(() => queued - Volatile.Read(ref taken) + (ulong)burst <= ring.CqEntries
                && ring.Queued + burst <= ring.SqEntries))
                break;
            for (int i = 0; i < burst; i++)
                ring.Next(queued++).Opcode = Opcode.Nop;
            wakeUps += PublishAndWake(ring) ? 1 : 0;
            // To meet the thread as it falls asleep: now and then the time it idles, a little less or more, or until it says it will.
            switch (random.Next(48))
            {
                case 0 or 1:
                    SpinFor(TimeSpan.FromMicroseconds(900 + random.Next(300)));
                    break;
                case 2:
                    Assert.True(Reached(() => (ring.SqFlags & SqRingFlags.NeedWakeup) != 0), "the thread never slept");
                    break;
            }
        }

        bool all = Reached(() => Volatile.Read(ref taken) == queued);
        Volatile.Write(ref sent, queued);
        Volatile.Write(ref givenUp, all ? 0 : 1);
        Assert.Equal(queued, reaper.Answer);
        Assert.True(wakeUps >= FewestWakeUps, $"{queued} NOPs, {wakeUps} wake-ups");
    }

    /// <summary>Publish, fence, look: the client's half of the protocol.</summary>
    private static bool PublishAndWake(SeamRing ring)
    {
        ring.Publish();
        Interlocked.MemoryBarrier();
        if ((ring.SqFlags & SqRingFlags.NeedWakeup) == 0)
            return false;
        Assert.Equal(0, ring.Enter(0, 0, EnterFlags.SqWakeup));
        return true;
    }

    private static bool Reached(Func<bool> condition)
    {
        long end = Stopwatch.GetTimestamp() + (long)(SeamRing.Patience.TotalSeconds * Stopwatch.Frequency);
        var wait = default(SpinWait);
        while (!condition())
        {
            if (Stopwatch.GetTimestamp() > end)
                return false;
            wait.SpinOnce(sleep1Threshold: -1);
        }

        return true;
    }

    private static void SpinFor(TimeSpan time)
    {
        long begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < time)
            Thread.SpinWait(20);
    }
}
