using UserRing.Abi;

namespace UserRing.Campaigns.Protocol;

/// <summary>Timeouts that wait for completions, while those are posted by workers and by others who submit.</summary>
public sealed class TimeoutProtocolTests
{
    private const double Seconds = 0.25;
    private const int MostInFlight = 100, Most = 8, FewestTimeouts = 200;
    private const ulong TimeoutBit = 1ul << 62;

    /// <summary>None ends before its number was posted, all end once it was: nothing but completions ends them.</summary>
    [Theory]
    [EveryEngine(SetupFlags.None, 1)]
    [EveryEngine(SetupFlags.None, 20)]
    [EveryEngine(SetupFlags.SqPoll, 1)]
    [EveryEngine(SetupFlags.SqPoll, 20)]
    public void A_timeout_ends_when_as_many_completions_were_posted(string engine, SetupFlags flags, int atOnce)
    {
        using var ring = new SeamRing(engine, 32, flags, cqEntries: 512, idleMs: 1);
        using var memory = new TestMemory();
        nuint never = memory.PutTime(0, TimeSpan.FromHours(1));
        var account = new Account(atOnce, isExact: engine != TestEngines.Kernel || atOnce == 1);
        Race.Run(
            Seconds,
            () => account.Timeouts >= FewestTimeouts,
            account.ToString,
            ("submitter", race =>
            {
                var random = new Random(1);
                while (!race.IsOver)
                {
                    race.Until(() => account.InFlight < MostInFlight, () => account.ToString());
                    Submit(ring, never, account, random, withTimeouts: true);
                    Race.Linger(random);
                }

                // Now so many more that each has all that it waits for.
                long enough = account.Sent + Most;
                while (!race.HasFailed && account.Sent < enough)
                    Submit(ring, never, account, random, withTimeouts: false);
                race.Until(() => account.InFlight == 0, () => $"all end: {account}");
                race.Done();
            }),
            ("reaper", race =>
            {
                var random = new Random(2);
                while (!race.IsDone)
                {
                    while (ring.TryTake(out Cqe cqe))
                        account.Take(cqe);
                    Race.Linger(random);
                }
            }));
        Assert.Equal(0u, ring.Overflow);
    }

    /// <summary>They are submitted with what they wait for: nothing comes afterwards that would end one that was overlooked.</summary>
    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.SqPoll)]
    public void Timeouts_end_with_the_last_completion_that_they_wait_for(string engine, SetupFlags flags)
    {
        const int FewestRounds = 100;
        using var ring = new SeamRing(engine, 32, flags, idleMs: 1);
        using var memory = new TestMemory();
        nuint never = memory.PutTime(0, TimeSpan.FromHours(1));
        int rounds = 0;
        Race.Run(Seconds, () => rounds >= FewestRounds, () => $"{rounds} rounds", ("program", race =>
        {
            var random = new Random(1);
            for (; !race.IsOver; rounds++)
            {
                int timeouts = random.Next(1, 3), others = random.Next(1, Most);
                for (int i = 0; i < timeouts; i++)
                    ring.Next().PrepareTimeout(never, (uint)others).UserData = (ulong)i;
                for (int i = 0; i < others; i++)
                    ring.Next((ulong)(timeouts + i)).Flags = SqeFlags.Async;
                Submit(ring, timeouts + others);
                // Not by a call that asks for events, which would look after them.
                race.Until(() => ring.Ready == timeouts + others, () => $"{timeouts} timeouts, {others} others, {ring.Ready} have ended");
                Assert.All(ring.TakeReady(), cqe => Assert.Equal(0, cqe.Res));
            }
        }));
    }

    private static void Submit(SeamRing ring, int count)
    {
        if ((ring.Params.Flags & SetupFlags.SqPoll) != 0)
            ring.PublishAndWake();
        else
            Assert.Equal(count, ring.Submit());
    }

    private static void Submit(SeamRing ring, nuint never, Account account, Random random, bool withTimeouts)
    {
        int count = (int)Math.Min(random.Next(1, 8), ring.SqEntries - ring.Queued);
        for (int i = 0; i < count; i++)
        {
            if (withTimeouts && account.HasRoom && random.Next(4) == 0)
            {
                int awaited = random.Next(1, Most + 1);
                ring.Next().PrepareTimeout(never, (uint)awaited).UserData = TimeoutBit | account.AddTimeout(awaited);
                continue;
            }

            ref Sqe nop = ref ring.Next().PrepareNop();
            (nop.UserData, nop.Flags) = (account.AddOther(), random.Next(2) == 0 ? SqeFlags.Async : 0);
        }

        Submit(ring, count);
    }

    /// <summary>
    /// What was sent and came back, in the order of the CQ. When several end together on the kernel, others may end early: they count as
    /// ended before their CQEs are posted, its count goes back by that, and the difference to the last one wraps around
    /// (io_uring/timeout.c, io_flush_timeouts).
    /// </summary>
    private sealed class Account(int mostTimeouts, bool isExact)
    {
        private readonly List<(long Before, int Awaited)> _timeouts = [];
        private readonly HashSet<ulong> _ended = [];
        private long _others, _counted, _taken, _sent, _timeoutsTaken;

        public int Timeouts => _timeouts.Count;

        public bool HasRoom => Timeouts - Volatile.Read(ref _timeoutsTaken) < mostTimeouts;

        public long Sent => Volatile.Read(ref _sent);

        public long InFlight => Sent - Volatile.Read(ref _taken);

        public ulong AddOther()
        {
            Volatile.Write(ref _sent, _sent + 1);
            return (ulong)_others++;
        }

        /// <summary>What was reaped by now was certainly posted before.</summary>
        public ulong AddTimeout(int awaited)
        {
            Volatile.Write(ref _sent, _sent + 1);
            lock (_timeouts)
            {
                _timeouts.Add((Volatile.Read(ref _counted), awaited));
                return (ulong)_timeouts.Count - 1;
            }
        }

        public void Take(in Cqe cqe)
        {
            Assert.Equal(0, cqe.Res);
            Assert.True(_ended.Add(cqe.UserData), $"{cqe.UserData:x} came twice");
            bool isTimeout = (cqe.UserData & TimeoutBit) != 0;
            if (isTimeout)
                Judge((int)(cqe.UserData & ~TimeoutBit));
            if (!isTimeout)
                Volatile.Write(ref _counted, _counted + 1);
            else
                Volatile.Write(ref _timeoutsTaken, _timeoutsTaken + 1);
            Volatile.Write(ref _taken, _taken + 1);
        }

        public override string ToString() => $"{Sent} sent, {_taken} taken, {_counted} counted, {_timeouts.Count} timeouts";

        private void Judge(int timeout)
        {
            lock (_timeouts)
            {
                (long before, int awaited) = _timeouts[timeout];
                Assert.True(!isExact || _counted - before >= awaited, $"after {_counted - before} of {awaited}");
            }
        }
    }
}
