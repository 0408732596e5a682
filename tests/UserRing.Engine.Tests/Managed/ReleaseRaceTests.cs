using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>Release at any moment: whoever is inside leaves, whatever is in flight ends, everything is given back.</summary>
public sealed unsafe class ReleaseRaceTests
{
    private const int Waiters = 2, Submitters = 2, FileBytes = 1 << 20, Block = 4096;
    private const uint SqEntries = 64, CqEntries = 1 << 15;

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void Release_amid_everything_leaves_nothing_and_nobody_behind(string engine) => Campaign.Children(Everything, engine);

    [Theory]
    [InlineData(TestEngines.Managed, false)]
    [InlineData(TestEngines.Managed, true)]
    [InlineData(TestEngines.Copying, false)]
    public void A_waiter_leaves_with_EBADF_although_the_release_completes_what_it_waits_for(string engine, bool masked)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        for (int round = 0; round < Campaign.Rounds(50); round++)
        {
            using var ring = new SeamRing(engine);
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 1, ulong.MaxValue);
            Assert.Equal(1, ring.Submit());
            TestThread<int> waiter = TestThread.Start(() =>
            {
                int result;
                do
                    result = masked ? WaitMasked(ring) : ring.Enter(0, 1, EnterFlags.GetEvents);
                while (result == -Errno.EINTR);
                return result;
            });
            waiter.AwaitSleep();
            Assert.Equal(0, ring.Release());
            Assert.Equal(-Errno.EBADF, waiter.Answer);
        }
    }

    /// <summary>
    /// A mapping made while its ring is released is of that ring or is refused; the number may be another file's at once.
    /// </summary>
    [Fact]
    public void Mapping_while_the_ring_is_released_never_maps_another_file() => Child.Succeeds(MapAndRelease);

    [Scenario]
    private static void MapAndRelease()
    {
        int rounds = Campaign.Rounds(400), mapped = 0, refused = 0;
        var engine = (ManagedEngine)TestEngines.Get(TestEngines.Managed);
        using TestFile file = TestFile.Create([.. Enumerable.Repeat((byte)0xEE, Block)]);
        using var meet = new Barrier(2);
        int number = -1;
        TestThread<int> mapper = TestThread.Start(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                Assert.True(meet.SignalAndWait(SeamRing.Patience));
                nint at;
                while ((at = engine.Map(number, 0, Block, Libc.PROT_READ, Libc.MAP_SHARED, MmapOffsets.SqRing)) is > 0 or < -4095)
                {
                    Assert.Equal(0u, *(uint*)at); // the SQ head
                    Assert.Equal(0, Libc.Munmap((nuint)at, Block));
                    Volatile.Write(ref mapped, mapped + 1);
                }

                Assert.True(at is -Errno.EBADF or -Errno.ENODEV, $"{at}");
                refused++;
                Assert.True(meet.SignalAndWait(SeamRing.Patience));
            }

            return rounds;
        });
        var random = new Random(1);
        for (int round = 0; round < rounds && !mapper.IsDone; round++)
        {
            RingParams parameters = default;
            number = engine.Setup(1, (nuint)(&parameters));
            Assert.True(number >= 0);
            int before = Volatile.Read(ref mapped);
            _ = meet.SignalAndWait(SeamRing.Patience); // if not, the mapper's own failure says why
            // On a busy machine the ring may be gone before the mapper runs, in every round.
            while (round % 8 == 0 && Volatile.Read(ref mapped) == before && !mapper.IsDone)
                Thread.Yield();
            Thread.SpinWait(random.Next(300));
            Assert.Equal(0, engine.Release(number));
            int taken = Libc.Dup(file); // most likely the number that has just become free
            _ = meet.SignalAndWait(SeamRing.Patience);
            Assert.Equal(0, Libc.Close(taken));
        }

        Assert.Equal(rounds, mapper.Answer);
        Assert.True(mapped >= rounds / 8 && refused == rounds, $"{mapped} mapped, {refused} refused");
    }

    [Scenario]
    private static void Everything(string[] arguments)
    {
        const int Rounds = 40;
        int seed = int.Parse(arguments[1]) * 1000;
        using TestFile file = TestFile.Numbered(FileBytes, Libc.O_RDONLY | Libc.O_DIRECT);
        using var memory = new TestMemory(1 << 16);
        Round(arguments[0], SetupFlags.SqPoll, file, memory, seed);
        ProcessState before = ProcessState.Settled("uring-sqp");
        long submitted = 0;
        for (int round = 1; round <= Rounds; round++)
            submitted += Round(arguments[0], (round & 1) == 0 ? 0 : SetupFlags.SqPoll, file, memory, seed + round);
        before.AwaitReturn("uring-sqp");
        Assert.Equal((0, 0), (CopyingCaller.LiveLoans, CopyingCaller.LiveDescriptors));
        // Workers end after five idle seconds; the poller stays for the process.
        Until.True(() => !ProcessState.Now().Threads.Contains("uring-work"), "the workers have ended");
        Assert.True(submitted > Rounds * 20, $"only {submitted} requests");
    }

    /// <summary>How many requests it submitted.</summary>
    private static long Round(string engine, SetupFlags flags, int file, TestMemory memory, int seed)
    {
        TestPipe[] pipes = [new(), new()];
        var ring = new SeamRing(engine, SqEntries, flags, CqEntries, idleMs: 1);
        Assert.True(((ManagedEngine)ring.Engine).PollDescriptor(ring.Descriptor) >= 0);
        long submitted = 0;
        Lock sq = new();
        TestThread<int>[] waiters = [.. Enumerable.Range(0, Waiters).Select(_ => TestThread.Start(() => Wait(ring, CqEntries)))];
        foreach (TestThread<int> waiter in waiters)
            waiter.AwaitSleep();
        TestThread<int>[] submitters = [.. Enumerable.Range(0, Submitters).Select(i => TestThread.Start(() => Submit(seed * 7 + i)))];
        TestThread<int> writer = TestThread.Start(() =>
        {
            for (int i = 0; i < 20; i++)
                pipes[i & 1].Write("x");
            return 0;
        });

        var random = new Random(seed);
        int some = random.Next(20, 400);
        Until.True(() => Volatile.Read(ref submitted) >= some || submitters.Any(submitter => submitter.IsDone), "requests");
        Thread.SpinWait(random.Next(20_000));
        Assert.Equal(0, ring.Release());
        // The number is free again: who enters a second time may find some other file there.
        Assert.All(
            (TestThread<int>[])[.. waiters, .. submitters], thread => Assert.True(thread.Answer is -Errno.EBADF or -Errno.EOPNOTSUPP));
        Assert.Equal(0, writer.Answer);
        ring.Unmap();
        foreach (TestPipe pipe in pipes)
            pipe.Dispose();
        return submitted;

        int Submit(int seed)
        {
            var own = new Random(seed);
            while (true)
            {
                uint count = 0;
                lock (sq)
                {
                    // Bounded, so that the CQ never holds what the waiters wait for.
                    for (int most = own.Next(1, 12); count < most && ring.Queued + count < SqEntries && submitted < CqEntries / 2; count++)
                    {
                        Queue(ring, own, pipes, file, memory);
                        submitted++;
                    }

                    ring.Publish();
                }

                int result = ring.Engine.Enter(ring.Descriptor, count, 0, EnterFlags.SqWakeup, 0, 0);
                if (result < 0 && result != -Errno.EINTR)
                    return result;
            }
        }
    }

    private static void Queue(SeamRing ring, Random random, TestPipe[] pipes, int file, TestMemory memory)
    {
        TestPipe pipe = pipes[random.Next(2)];
        nuint block = memory.At(random.Next(1, 15) * Block);
        ref Sqe sqe = ref ring.Next();
        switch (random.Next(8))
        {
            case 0:
            case 1:
                sqe.PrepareNop().Flags = random.Next(2) == 0 ? 0 : SqeFlags.Async;
                break;
            case 2:
                sqe.PrepareRead(pipe.ReadEnd, block, 1, ulong.MaxValue).Flags = random.Next(4) == 0 ? SqeFlags.Async : 0;
                break;
            case 3:
                sqe.PreparePollAdd(pipe.ReadEnd, 1);
                break;
            case 4:
                // Written once, the same by everybody.
                sqe.PrepareTimeout(memory.PutTime(0, TimeSpan.FromMilliseconds(1)), random.Next(2) == 0 ? 0u : 50u);
                break;
            case 5:
                sqe.PrepareFsync(file);
                break;
            default:
                sqe.PrepareRead(file, block, Block, (ulong)random.Next(FileBytes / Block) * Block);
                break;
        }
    }

    private static int Wait(SeamRing ring, uint count)
    {
        int result;
        do
            result = ring.Engine.Enter(ring.Descriptor, 0, count, EnterFlags.GetEvents, 0, 0);
        // The runtime's own signals end a wait (EINTR, or 0 if anything is unread), and so does each timeout.
        while (result is -Errno.EINTR or 0);
        return result;
    }

    private static int WaitMasked(SeamRing ring)
    {
        ulong mask = 0;
        return ring.Enter(0, 1, EnterFlags.GetEvents, (nuint)(&mask), 8);
    }
}
