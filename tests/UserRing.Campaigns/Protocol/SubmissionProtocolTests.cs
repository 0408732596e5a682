using UserRing.Abi;

namespace UserRing.Campaigns.Protocol;

/// <summary>
/// The SQ between two threads: what is published before the tail is taken once, whole and in order, and a polling thread that says it
/// sleeps has not overlooked it.
/// </summary>
public sealed class SubmissionProtocolTests
{
    private const double Seconds = 0.25;
    private const ulong FewestNops = 5_000;
    private const int FewestWakeUps = 50;
    private const uint LongMs = 60_000;

    [Theory, EveryEngine]
    public void A_polling_thread_takes_each_sqe_once_and_whole(string engine)
    {
        using var ring = new SeamRing(engine, 64, SetupFlags.SqPoll, cqEntries: 256, idleMs: LongMs);
        var nops = new NumberedNops(ring);
        Race.Run(Seconds, nops.AreEnough, nops.ToString, ("producer", race => Publish(race, ring, nops)), ("reaper", nops.Reap));
    }

    [Theory, EveryEngine]
    public void Nothing_is_lost_between_a_polling_thread_that_falls_asleep_and_a_program_that_submits(string engine)
    {
        using var ring = new SeamRing(engine, 64, SetupFlags.SqPoll, cqEntries: 256, idleMs: 1);
        var nops = new NumberedNops(ring);
        Race.Run(
            4 * Seconds, () => nops.WakeUps >= FewestWakeUps, nops.ToString,
            ("producer", race => PublishToOneThatFallsAsleep(race, ring, nops)), ("reaper", nops.Reap));
    }

    [Theory]
    [EveryEngine(1)]
    [EveryEngine(2)]
    public void Threads_that_enter_take_each_sqe_once_and_whole_while_another_publishes(string engine, int enterers)
    {
        using var ring = new SeamRing(engine, 64, cqEntries: 256);
        var nops = new NumberedNops(ring);
        IEnumerable<(string, Action<Race>)> parts = Enumerable.Range(1, enterers).Select(seed => ($"enterer {seed}", Enterer(seed)));
        Race.Run(
            Seconds, nops.AreEnough, nops.ToString,
            [("producer", race => Publish(race, ring, nops)), ("reaper", nops.Reap), .. parts]);

        Action<Race> Enterer(int seed) => race =>
        {
            var random = new Random(seed);
            while (!race.IsDone)
            {
                // Often more than there is: what is taken is what the tail says.
                int result = ring.Engine.Enter(ring.Descriptor, (uint)random.Next(1, 80), 0, 0, 0, 0);
                Assert.InRange(result, 0, (int)ring.SqEntries);
                Race.Linger(random);
            }
        };
    }

    private static void Publish(Race race, SeamRing ring, NumberedNops nops)
    {
        var random = new Random(1);
        bool polled = (ring.Params.Flags & SetupFlags.SqPoll) != 0;
        while (!race.IsOver)
        {
            bool fills = polled && random.Next(4) == 0;
            int burst = fills ? (int)ring.SqEntries : random.Next(3) == 0 ? 1 : random.Next(1, 48);
            AwaitRoom(race, ring, nops, burst);
            nops.Queue(burst);
            PublishAndWake(ring, nops, polled);
            if (fills)
                Assert.Equal(0, ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.SqWait, 0, 0));
            Race.Linger(random);
        }

        race.Until(() => nops.Taken == nops.Sent, nops.ToString);
        race.Done();
        Assert.Equal(0u, ring.Dropped);
    }

    /// <summary>
    /// Publishes in the very moment in which the thread falls asleep, as near as can be: later if it was found awake, sooner if not. Then
    /// nothing more until all is taken, since with the next wake-up nobody would notice that one was missing.
    /// </summary>
    private static void PublishToOneThatFallsAsleep(Race race, SeamRing ring, NumberedNops nops)
    {
        var random = new Random(1);
        double microseconds = 1000;
        while (!race.IsOver)
        {
            int burst = random.Next(1, 4);
            Race.SpinFor(microseconds);
            nops.Queue(burst);
            bool slept = PublishAndWake(ring, nops, polled: true);
            nops.WakeUps += slept ? 1 : 0;
            microseconds = Math.Clamp(microseconds + (slept ? -1 : 1) * random.NextDouble() * 4, 0, 20_000);
            race.Until(() => nops.Taken == nops.Sent, nops.ToString);
        }

        race.Done();
    }

    /// <summary>What is in flight fits the CQ, so that nothing but the protocol of the SQ is needed.</summary>
    private static void AwaitRoom(Race race, SeamRing ring, NumberedNops nops, int burst) =>
        race.Until(
            () => ring.Queued + burst <= ring.SqEntries && nops.Sent - nops.Taken + (ulong)burst <= ring.CqEntries,
            () => $"room for {burst}: {nops}");

    /// <summary>Publish, fence, look: the client's half of the protocol.</summary>
    private static bool PublishAndWake(SeamRing ring, NumberedNops nops, bool polled)
    {
        nops.Publish();
        if (!polled)
            return false;
        Interlocked.MemoryBarrier();
        if ((ring.SqFlags & SqRingFlags.NeedWakeup) == 0)
            return false;
        Assert.Equal(0, ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.SqWakeup, 0, 0));
        return true;
    }

    /// <summary>
    /// NOPs by number, each asked for a result that belongs to its number. Slots of the SQ that are the program's hold what must not be
    /// taken until the moment they are filled: an unknown operation behind an index beyond the ring.
    /// </summary>
    private sealed class NumberedNops(SeamRing ring)
    {
        private uint _tail;
        private ulong _sent, _taken;

        public int WakeUps { get; set; }

        public ulong Sent => Volatile.Read(ref _sent);

        public ulong Taken => Volatile.Read(ref _taken);

        public bool AreEnough() => Taken >= FewestNops;

        public override string ToString() =>
            $"{Sent} sent, {Taken} completed, {ring.Queued} queued, {ring.SqFlags}, {WakeUps} wake-ups";

        public void Queue(int count)
        {
            for (int i = 0; i < count; i++)
                ring.SqArray(_tail + (uint)i) = uint.MaxValue;
            for (int i = 0; i < count; i++, _tail++)
            {
                // Not in the order of the slots.
                uint index = (_tail & (ring.SqEntries - 1)) ^ 5;
                ref Sqe sqe = ref ring.SqeAt(index);
                (sqe.Opcode, sqe.UserData) = ((Opcode)200, ulong.MaxValue);
                Thread.SpinWait(1);
                sqe = new Sqe { Opcode = Opcode.Nop, NopFlags = NopFlags.InjectResult, UserData = _sent, Len = (uint)ResultOf(_sent) };
                ring.SqArray(_tail) = index;
                Volatile.Write(ref _sent, _sent + 1);
            }
        }

        public void Publish() => Volatile.Write(ref ring.SqTail, _tail);

        public void Reap(Race race)
        {
            var wait = default(SpinWait);
            while (!race.IsDone)
            {
                if (!ring.TryTake(out Cqe cqe))
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                    continue;
                }

                Assert.Equal((_taken, ResultOf(_taken)), (cqe.UserData, cqe.Res));
                Volatile.Write(ref _taken, _taken + 1);
            }
        }

        private static int ResultOf(ulong number) => (int)((number * 0x9E37_79B9_7F4A_7C15) >> 33);
    }
}
