using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.Protocol;

/// <summary>
/// The CQ between those who post and those who reap or wait: nothing is lost, comes twice or is seen half written; who waits is woken; a
/// program that looks at the flags and at nothing else misses nothing.
/// </summary>
public sealed unsafe class CompletionProtocolTests
{
    private const double Seconds = 0.25;
    private const int FewestTaken = 1_000, FewestWaits = 20, FewestFlags = 20;
    private const EnterFlags Waiting = EnterFlags.GetEvents | EnterFlags.ExtArg;

    [Theory]
    [EveryEngine(SetupFlags.None, 1)]
    [EveryEngine(SetupFlags.None, 3)]
    [EveryEngine(SetupFlags.CoopTaskrun, 1)]
    [EveryEngine(SetupFlags.SqPoll, 1)]
    [EveryEngine(SetupFlags.SqPoll, 3)]
    public void Each_completion_is_reaped_once_and_every_waiter_is_woken(string engine, SetupFlags flags, int waiters)
    {
        using var ring = new SeamRing(engine, 32, flags, cqEntries: 512, idleMs: 1);
        using var traffic = new Traffic(ring, mostInFlight: 500, timeouts: false);
        var waits = new Waits(ring, waiters);
        Race.Run(
            Seconds,
            () => traffic.Taken >= FewestTaken && waits.Count >= FewestWaits,
            () => $"{traffic.Account}, {waits.Count} waits",
            [
                ("submitter", race => traffic.Submit(race, waits.AreGoingOn)), ("trigger", traffic.Trigger), ("reaper", Reap(traffic)),
                .. waits.Parts,
            ]);
        Assert.Equal(0u, ring.Overflow);
    }

    /// <summary>The only thing the reader goes by is the flag: it enters if that is set and never else.</summary>
    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.SqPoll)]
    public void What_a_full_queue_holds_back_is_announced_and_comes_once_and_in_order(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, 8, flags, cqEntries: 8, idleMs: 1);
        using var traffic = new Traffic(ring, mostInFlight: 1000);
        int flushes = 0;
        Race.Run(
            Seconds,
            () => traffic.Taken >= FewestTaken && Volatile.Read(ref flushes) >= FewestFlags,
            () => $"{traffic.Account}, {flushes} flushes",
            ("submitter", race => traffic.Submit(race)),
            ("trigger", traffic.Trigger),
            ("reaper", race =>
            {
                var random = new Random(3);
                while (!race.IsDone)
                {
                    if (traffic.TakeReady() == 0 && (ring.SqFlags & SqRingFlags.CqOverflow) != 0)
                    {
                        Assert.Equal(0, ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.GetEvents, 0, 0));
                        flushes++;
                    }

                    Race.Linger(random);
                }
            }));
        Assert.Equal(0u, ring.Overflow);
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.SqPoll)]
    public void Waiters_are_woken_although_the_queue_overflows_and_they_empty_what_it_holds_back(string engine, SetupFlags flags)
    {
        using var ring = new SeamRing(engine, 8, flags, cqEntries: 8, idleMs: 1);
        using var traffic = new Traffic(ring, mostInFlight: 1000, timeouts: false);
        var waits = new Waits(ring, number: 2);
        Race.Run(
            Seconds,
            () => traffic.Taken >= FewestTaken && waits.Count >= FewestWaits,
            () => $"{traffic.Account}, {waits.Count} waits",
            [
                ("submitter", race => traffic.Submit(race, waits.AreGoingOn)), ("trigger", traffic.Trigger), .. waits.Parts,
                ("reaper", race =>
                {
                    var random = new Random(3);
                    while (!race.IsDone)
                    {
                        if (traffic.TakeReady() == 0)
                            Assert.Equal(0, ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.GetEvents, 0, 0));
                        Race.Linger(random);
                    }
                }),
            ]);
        Assert.Equal(0u, ring.Overflow);
    }

    /// <summary>The ring's owner asks for events if the flag says that there are some and never else.</summary>
    [Theory]
    [EveryEngine(SetupFlags.DeferTaskrun)]
    [EveryEngine(SetupFlags.CoopTaskrun)]
    public void An_owner_that_asks_for_events_only_when_the_flag_says_so_misses_none(string engine, SetupFlags how)
    {
        long taken = 0, asked = 0;
        Traffic? traffic = null;
        Race.Run(
            Seconds,
            () => Volatile.Read(ref taken) >= FewestTaken
                && (Volatile.Read(ref asked) >= FewestFlags || how != SetupFlags.DeferTaskrun),
            () => $"{taken} taken, asked {asked} times",
            ("owner", race =>
            {
                using var ring = new SeamRing(engine, 32, how | SetupFlags.SingleIssuer | SetupFlags.TaskrunFlag, cqEntries: 512);
                using var own = new Traffic(ring, mostInFlight: 400);
                Volatile.Write(ref traffic, own);
                var random = new Random(4);
                while (!race.IsOver)
                {
                    if (own.Sent - own.Taken < 400)
                        own.SubmitSome(anything: true);
                    Look(own, ring);
                    Race.Linger(random);
                    if (random.Next(8) == 0)
                        race.Until(() => Look(own, ring), () => $"all comes: {own.Account}");
                }

                race.Until(() => Look(own, ring), () => $"all comes: {own.Account}");
                race.Done();
            }),
            ("trigger", race =>
            {
                if (race.Until(() => Volatile.Read(ref traffic) is not null, () => "there is a ring"))
                    traffic!.Trigger(race);
            }));

        bool Look(Traffic own, SeamRing ring)
        {
            if ((ring.SqFlags & SqRingFlags.Taskrun) != 0)
            {
                int result = ring.Engine.Enter(ring.Descriptor, 0, 0, EnterFlags.GetEvents, 0, 0);
                Assert.True(result is 0 or -Errno.EINTR, Errno.Name(-result));
                asked++;
            }

            Volatile.Write(ref taken, taken + own.TakeReady());
            return own.IsQuiet;
        }
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.DeferTaskrun)]
    public void An_owner_that_waits_for_what_is_to_come_is_woken(string engine, SetupFlags how)
    {
        long taken = 0;
        Traffic? traffic = null;
        Race.Run(
            Seconds,
            () => Volatile.Read(ref taken) >= FewestTaken,
            () => $"{taken} taken",
            ("owner", race =>
            {
                using var ring = new SeamRing(engine, 32, how | SetupFlags.SingleIssuer, cqEntries: 512);
                using var own = new Traffic(ring, mostInFlight: 400, timeouts: false);
                Volatile.Write(ref traffic, own);
                var random = new Random(4);
                while (!race.IsOver || !own.IsQuiet)
                {
                    if (own.Sent - own.Taken < 100 && !race.IsOver)
                        own.SubmitSome(anything: true);
                    // Often for all there is: nothing comes afterwards that could wake it.
                    uint due = (uint)(own.Sent - own.Taken), count = random.Next(2) == 0 ? due : (uint)random.Next((int)due + 1);
                    int result = ring.EnterFor(0, count, SeamRing.Patience / 2);
                    Assert.True(result is 0 or -Errno.EINTR, $"waiting for {count}: {Errno.Name(-result)}, {own.Account}");
                    Volatile.Write(ref taken, taken + own.TakeReady());
                }

                race.Done();
            }),
            ("trigger", race =>
            {
                if (race.Until(() => Volatile.Read(ref traffic) is not null, () => "there is a ring"))
                    traffic!.Trigger(race);
            }));
    }

    /// <summary>The reader looks at the CQ only when the eventfd told it to.</summary>
    [Theory]
    [EveryEngine(SetupFlags.None, false)]
    [EveryEngine(SetupFlags.None, true)]
    [EveryEngine(SetupFlags.SqPoll, false)]
    [EveryEngine(SetupFlags.SqPoll, true)]
    public void The_last_completion_is_always_told_by_the_eventfd(string engine, SetupFlags flags, bool disables)
    {
        using var ring = new SeamRing(engine, 32, flags, cqEntries: 512, idleMs: 1);
        using TestDescriptor told = TestDescriptor.EventFd();
        using var traffic = new Traffic(ring, mostInFlight: 500);
        int number = told, times = 0;
        Assert.Equal(0, ring.Register(RegisterOp.RegisterEventFd, (nuint)(&number), 1));
        Race.Run(
            Seconds,
            () => traffic.Taken >= FewestTaken && Volatile.Read(ref times) >= FewestFlags,
            () => $"{traffic.Account}, told {times} times",
            ("submitter", race =>
            {
                traffic.Submit(race);
                Libc.SignalEventfd(told); // ends the reader
            }),
            ("trigger", traffic.Trigger),
            ("reader", race =>
            {
                var random = new Random(5);
                for (; !race.IsDone; times++)
                {
                    int ready = Libc.Poll(told, Libc.POLLIN, (int)SeamRing.Patience.TotalMilliseconds / 2, out _);
                    if (ready == -Errno.EINTR)
                        continue;
                    Assert.True(ready == 1 || traffic.IsQuiet, $"not told: {traffic.Account}");
                    if (ready == 1)
                        Libc.DrainEventfd(told);
                    if (disables && random.Next(2) == 0)
                        TakeUntold(race, ring, traffic, random);
                    traffic.TakeReady();
                }
            }));
    }

    /// <summary>Busy, it does not want to be told; then it does, and looks again (the engine: first the tail, then the flag).</summary>
    private static void TakeUntold(Race race, SeamRing ring, Traffic traffic, Random random)
    {
        ring.CqFlags = CqRingFlags.EventFdDisabled;
        for (int i = random.Next(20); i > 0 && !race.IsDone; i--)
        {
            traffic.TakeReady();
            Race.Linger(random);
        }

        ring.CqFlags = CqRingFlags.None;
        Interlocked.MemoryBarrier();
    }

    private static Action<Race> Reap(Traffic traffic) => race =>
    {
        var random = new Random(2);
        while (!race.IsDone)
        {
            if (traffic.TakeReady() == 0)
                Race.Linger(random);
        }
    };

    /// <summary>Threads that wait in enter for a number of completions, again and again, while somebody else reaps them.</summary>
    private sealed class Waits
    {
        private readonly SeamRing _ring;
        private int _going, _count;

        public Waits(SeamRing ring, int number)
        {
            (_ring, _going) = (ring, number);
            Parts = [.. Enumerable.Range(1, number).Select(seed => ($"waiter {seed}", WaitingWith(seed)))];
        }

        public IReadOnlyList<(string Name, Action<Race> Run)> Parts { get; }

        public int Count => Volatile.Read(ref _count);

        public bool AreGoingOn() => Volatile.Read(ref _going) > 0;

        private Action<Race> WaitingWith(int seed) => race =>
        {
            var random = new Random(seed);
            KernelTimespec limit = new() { TvSec = (long)SeamRing.Patience.TotalSeconds / 2 };
            GetEventsArg argument = new() { Ts = (ulong)&limit };
            while (!race.IsOver)
            {
                uint count = (uint)random.Next(1, 7);
                int result = _ring.Engine.Enter(_ring.Descriptor, 0, count, Waiting, (nuint)(&argument), (nuint)sizeof(GetEventsArg));
                Assert.True(result is 0 or -Errno.EINTR, $"waiting for {count}, {_ring.Ready} unread: {Errno.Name(-result)}");
                Interlocked.Increment(ref _count);
                Race.Linger(random);
            }

            Interlocked.Decrement(ref _going);
        };
    }
}
