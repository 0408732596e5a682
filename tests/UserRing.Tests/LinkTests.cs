using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Chains: what the end of one request means for the next, and in which order completions come.</summary>
public sealed class LinkTests
{
    private const SqeFlags Link = SqeFlags.IoLink, Hard = SqeFlags.IoHardlink, Skip = SqeFlags.CqeSkipSuccess;

    [Theory, EveryEngine]
    public void What_follows_a_transfer_that_fails_in_a_worker_is_tried_by_the_submitter(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc", "/dev/shm");
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ref Sqe write = ref ring.Next().PrepareWrite(file, memory.Address, 3, 1UL << 63);
        (write.Flags, write.UserData) = (SqeFlags.IoHardlink, 1);
        ref Sqe read = ref ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 3, 0);
        (read.RwFlags, read.UserData) = (Libc.RWF_NOWAIT, 2); // a worker would wait all the same
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.EINVAL, -Errno.EAGAIN), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void A_chain_runs_in_order_and_behind_the_rest_of_its_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, Link);
        Nop(ring, 2);
        Nop(ring, 3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal([(1, 0), (3, 0), (2, 0)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void On_a_deferring_ring_the_next_of_a_chain_starts_when_events_are_asked_for(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
        Nop(ring, 1, Link);
        Nop(ring, 2);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([(1, 0)], Completions(ring));
        Assert.Equal(0, ring.GetEvents());
        Assert.Equal([(2, 0)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_failure_ends_the_rest_of_its_chain_but_not_a_hard_linked_one(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, Link, result: -5);
        Nop(ring, 2, Link);
        Nop(ring, 3);
        Nop(ring, 4, Hard, result: -5);
        Nop(ring, 5);
        Assert.Equal(5, ring.Submit());
        Assert.Equal([(1, -5), (4, -5), (2, -Errno.ECANCELED), (3, -Errno.ECANCELED), (5, 0)], Completions(ring));
    }

    [Theory, EveryEngine]
    [EveryEngine(SetupFlags.SubmitAll)]
    public void A_bad_member_keeps_the_whole_chain_from_starting(string engine, SetupFlags flags = 0)
    {
        using var ring = new SeamRing(engine, flags: flags);
        Nop(ring, 1, Hard);
        ring.Next(2).Opcode = (Opcode)255;
        Nop(ring, 3);
        Assert.Equal(flags == 0 ? 2 : 3, ring.Submit());
        (int, int)[] rest = flags == 0 ? [] : [(3, 0)];
        Assert.Equal([(1, -Errno.ECANCELED), .. rest, (2, -Errno.EINVAL)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_bad_member_that_links_on_does_not_end_the_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, Link);
        ring.Next(2) = new Sqe { Opcode = (Opcode)255, Flags = Link, UserData = 2 };
        Nop(ring, 3);
        Nop(ring, 4);
        Assert.Equal(4, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(4);
        Assert.Equal((-Errno.ECANCELED, -Errno.EINVAL, -Errno.ECANCELED, 0), (results[1], results[2], results[3], results[4]));
    }

    [Theory, EveryEngine]
    public void Behind_what_a_worker_executed_a_socket_is_waited_for_and_a_pipe_that_is_set_not_to_block_is_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(flags: Libc.O_NONBLOCK);
        using var pipe = new TestPipe(Libc.O_NONBLOCK);
        Nop(ring, 1, Link | SqeFlags.Async);
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 8, ulong.MaxValue).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.Equal([(1, 0), (2, -Errno.EAGAIN)], ring.Take(2).Select(cqe => ((int)cqe.UserData, cqe.Res)));
        Nop(ring, 3, Link | SqeFlags.Async);
        ring.Next().PrepareRecv(pair.A, memory.Address, 8).UserData = 4;
        Assert.Equal(2, ring.Submit());
        Assert.Equal((3ul, 0), ring.Take() is var first ? (first.UserData, first.Res) : default);
        pair.B.Send("at last");
        Assert.Equal((4ul, 7), ring.Take() is var second ? (second.UserData, second.Res) : default);
    }

    [Theory, EveryEngine]
    public void A_chain_that_the_call_cuts_off_runs_and_does_not_reach_into_the_next_call(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, Link, result: -5);
        Assert.Equal(1, ring.Submit());
        ring.Await(1);
        Nop(ring, 2);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(1, -5), (2, 0)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_short_read_ends_a_chain_whether_it_is_at_once_or_later(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(100);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next(1) = new Sqe { Opcode = Opcode.Read, Fd = file, Addr = memory.At(0), Len = 200, Flags = Link, UserData = 1 };
        Nop(ring, 2);
        ring.Next(3) = new Sqe { Opcode = Opcode.Read, Fd = file, Addr = memory.At(0), Len = 100, Flags = Link, UserData = 3 };
        Nop(ring, 4);
        ring.Next(5) = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 200, Flags = Link, UserData = 5 };
        Nop(ring, 6);
        Assert.Equal(6, ring.Submit());
        pipe.Write("12345678");
        Dictionary<ulong, int> results = ring.Results(6);
        Assert.Equal((100, -Errno.ECANCELED), (results[1], results[2]));
        Assert.Equal((100, 0), (results[3], results[4]));
        Assert.Equal((8, -Errno.ECANCELED), (results[5], results[6]));
    }

    [Theory, EveryEngine]
    public void A_chain_waits_for_its_head_and_goes_on_from_where_that_ended(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next(1) = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, Flags = Link, UserData = 1 };
        ring.Next(2) = new Sqe { Opcode = Opcode.Write, Fd = other.WriteEnd, Addr = memory.At(0), Len = 8, Flags = Link, UserData = 2 };
        ring.Next(3) = new Sqe { Opcode = Opcode.Read, Fd = other.ReadEnd, Addr = memory.At(64), Len = 8, UserData = 3 };
        Assert.Equal(3, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("12345678");
        ring.Await(3);
        Assert.Equal([(1, 8), (2, 8), (3, 8)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void Cancelling_the_head_ends_the_chain_behind_the_cancel_itself(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ring.Next(1) = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, Flags = Link, UserData = 1 };
        Nop(ring, 2);
        Assert.Equal(2, ring.Submit());
        Cancel(ring, 3, target: 2);
        Cancel(ring, 4, target: 1);
        Nop(ring, 5);
        Assert.Equal(3, ring.Submit());
        ring.Await(5);
        Assert.Equal([(3, -Errno.ENOENT), (4, 0), (5, 0), (1, -Errno.ECANCELED), (2, -Errno.ECANCELED)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_silent_success_posts_nothing_and_a_failure_speaks_for_its_chain(string engine)
    {
        using var ring = new SeamRing(engine);
        Nop(ring, 1, Skip);
        Nop(ring, 2, Skip | Link);
        Nop(ring, 3);
        Nop(ring, 4, Skip | Link, result: -5);
        Nop(ring, 5);
        Assert.Equal(5, ring.Submit());
        Assert.Equal([(4, -5), (3, 0)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_link_timeout_that_fires_cancels_its_target_and_is_reported_first(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ReadWithTimeout(ring, pipe, memory, TimeSpan.FromMilliseconds(10), Link);
        Nop(ring, 3);
        Assert.Equal(3, ring.Submit());
        ring.Await(3);
        Assert.Equal([(2, -Errno.ETIME), (1, -Errno.ECANCELED), (3, -Errno.ECANCELED)], Completions(ring));
    }

    [Theory, EveryEngine]
    public void A_link_timeout_of_no_time_at_all_still_finds_its_target(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        for (int round = 0; round < 200; round++)
        {
            ReadWithTimeout(ring, pipe, memory, TimeSpan.Zero);
            Assert.Equal(2, ring.Submit());
            ring.Await(2);
            Assert.Equal([(2, -Errno.ETIME), (1, -Errno.ECANCELED)], Completions(ring));
        }
    }

    [Theory, EveryEngine]
    public void A_target_that_ends_in_time_cancels_its_timeout_and_the_chain_goes_on(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        ReadWithTimeout(ring, pipe, memory, TimeSpan.FromSeconds(60), Link);
        Nop(ring, 3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal(0u, ring.Ready);
        Cancel(ring, 9, target: 2);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        pipe.Write("12345678");
        ring.Await(3);
        Assert.Equal([(1, 8), (2, -Errno.ECANCELED), (3, 0)], Completions(ring));
    }

    /// <summary>Both end at about the same time, again and again: whoever wins, all say so, once.</summary>
    [Theory, EveryEngine]
    public void A_link_timeout_and_its_target_that_race_end_each_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        bool stop = false;
        int round = 0;
        TestThread<int> writer = TestThread.Start(() =>
        {
            var random = new Random(1);
            for (int seen = 0; !Volatile.Read(ref stop);)
            {
                if (Volatile.Read(ref round) == seen)
                    continue;
                seen = Volatile.Read(ref round);
                Thread.SpinWait(random.Next(2000));
                pipe.TryWrite();
            }

            return 0;
        });
        int won = 0;
        const int Rounds = 2000, MostRounds = 100_000;
        // Until each of them has won, which on a busy machine takes as long as it takes.
        for (; round < Rounds || (won == 0 || won == round) && round < MostRounds; Volatile.Write(ref round, round + 1))
        {
            if (Libc.Poll(pipe.ReadEnd, Libc.POLLIN, 0, out _) > 0)
                pipe.Read();
            ReadWithTimeout(ring, pipe, memory, TimeSpan.FromMicroseconds(round % 60));
            Assert.Equal(2, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            bool isInTime = results[1] > 0;
            Assert.True(isInTime || results[1] == -Errno.ECANCELED, $"round {round}: the read ends with {results[1]}");
            int[] fair = isInTime
                ? [-Errno.ECANCELED, -Errno.ETIME, -Errno.ENOENT, -Errno.EALREADY]
                : [-Errno.ETIME, -Errno.EALREADY];
            Assert.Contains(results[2], fair);
            won += isInTime ? 1 : 0;
        }

        Volatile.Write(ref stop, true);
        Assert.Equal(0, writer.Answer);
        Assert.InRange(won, 1, round - 1);
    }

    [Theory, EveryEngine]
    public void A_link_timeout_without_a_request_before_it_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(4096);
        memory.PutTime(0, TimeSpan.FromSeconds(1));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.LinkTimeout, Addr = memory.At(0), Len = 1 }));
    }

    [Theory, EveryEngine]
    public void Releasing_a_ring_ends_chains_that_wait(string engine)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory(4096);
        using var ring = new SeamRing(engine, 64);
        for (ulong i = 0; i < 20; i++)
        {
            ReadWithTimeout(ring, pipe, memory, TimeSpan.FromSeconds(60), Link);
            Nop(ring, 3);
        }

        Assert.Equal(60, ring.Submit());
        Assert.Equal(0, ring.Release());
    }

    private static void ReadWithTimeout(SeamRing ring, TestPipe pipe, TestMemory memory, TimeSpan time, SqeFlags flags = 0)
    {
        memory.PutTime(512, time);
        ring.Next(1) = new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.At(0), Len = 8, Flags = Link, UserData = 1 };
        ring.Next(2) = new Sqe { Opcode = Opcode.LinkTimeout, Addr = memory.At(512), Len = 1, Flags = flags, UserData = 2 };
    }

    private static void Nop(SeamRing ring, ulong userData, SqeFlags flags = 0, int result = 0) =>
        ring.Next() = new Sqe
        {
            Opcode = Opcode.Nop, Flags = flags, UserData = userData, Len = (uint)result,
            NopFlags = result == 0 ? 0 : NopFlags.InjectResult,
        };

    private static void Cancel(SeamRing ring, ulong userData, ulong target) =>
        ring.Next() = new Sqe { Opcode = Opcode.AsyncCancel, Addr = target, UserData = userData };

    private static (int, int)[] Completions(SeamRing ring) =>
        [.. ring.TakeReady().Select(cqe => ((int)cqe.UserData, cqe.Res))];
}
