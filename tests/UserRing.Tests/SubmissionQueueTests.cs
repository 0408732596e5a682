using System.Reflection;
using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Tests;

/// <summary>What is taken from the SQ, in what order, and what is believed of it.</summary>
public sealed class SubmissionQueueTests
{
    [Theory, EveryEngine]
    public void User_data_comes_back_unchanged(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(0, 1, ulong.MaxValue, 0x8000_0000_0000_0001);
        Assert.Equal(4, ring.Submit());
        Assert.Equal([0ul, 1, ulong.MaxValue, 0x8000_0000_0000_0001], ring.Take(4).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Only_what_is_queued_is_taken(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(0, ring.Enter(5));
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.Enter(100));
        Assert.Equal((ring.SqTail, 3u), (ring.SqHead, ring.Ready));
    }

    [Theory, EveryEngine]
    public void No_more_is_taken_than_asked_for(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1, 2, 3);
        Assert.Equal(2, ring.Enter(2));
        Assert.Equal((1u, 2u), (ring.Queued, ring.Ready));
        Assert.Equal(1, ring.Enter(2));
        Assert.Equal((0u, 3u), (ring.Queued, ring.Ready));
    }

    [Theory, EveryEngine]
    public void All_entries_can_be_used_and_all_are_free_again_after_submission(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 8);
        for (int round = 0; round < 2; round++)
        {
            ring.Nops(1, 2, 3, 4);
            Assert.Equal(4, ring.Submit());
            Assert.Equal(0u, ring.Queued);
        }

        Assert.Equal(8u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void The_index_array_gives_the_order(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1, 2);
        (ring.SqArray(0), ring.SqArray(1)) = (1, 0);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([2ul, 1], ring.Take(2).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void An_sqe_named_twice_runs_twice(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(7, 8);
        ring.SqArray(1) = 0;
        Assert.Equal(2, ring.Submit());
        Assert.Equal([7ul, 7], ring.Take(2).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void Without_an_index_array_slots_are_taken_in_order(string engine)
    {
        using var ring = new SeamRing(engine, 4, SetupFlags.NoSqArray);
        for (ulong round = 0; round < 5; round++)
        {
            ring.Nops(3 * round, 3 * round + 1, 3 * round + 2);
            Assert.Equal(3, ring.Submit());
            Assert.Equal([3 * round, 3 * round + 1, 3 * round + 2], ring.Take(3).Select(cqe => cqe.UserData));
        }
    }

    [Theory, EveryEngine]
    public void An_index_out_of_range_is_dropped_and_ends_the_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Nops(1);
        ring.SqArray(0) = 8;
        Assert.Equal(0, ring.Enter(1));
        Assert.Equal((1u, 0u, 0u), (ring.Dropped, ring.Queued, ring.Ready));

        ring.Nops(2, 3, 4);
        ring.SqArray(2) = uint.MaxValue;
        Assert.Equal(1, ring.Enter(3));
        Assert.Equal((2u, 1u, 1u), (ring.Dropped, ring.Queued, ring.Ready));
        Assert.Equal(1, ring.Enter(1));
        Assert.Equal([2ul, 4], ring.Take(2).Select(cqe => cqe.UserData));
    }

    [Theory, EveryEngine]
    public void An_index_out_of_range_ends_the_batch_even_with_submit_all(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SubmitAll);
        ring.Nops(1, 2, 3);
        ring.SqArray(1) = 99;
        Assert.Equal(1, ring.Enter(3));
        Assert.Equal((1u, 1u), (ring.Dropped, ring.Queued));
    }

    [Theory, EveryEngine]
    public void A_tail_too_far_ahead_is_believed_up_to_the_ring_size(string engine)
    {
        using var ring = new SeamRing(engine, 4);
        ring.Nops(1, 2, 3, 4);
        ring.ContinueAt(100);
        Assert.Equal(4, ring.Enter(100));
        Assert.Equal((4u, 4u), (ring.Ready, ring.SqHead));
    }

    [Theory, EveryEngine]
    public void A_tail_behind_the_head_is_believed_up_to_the_ring_size(string engine)
    {
        using var ring = new SeamRing(engine, 4);
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Submit());
        ring.ContinueAt(1);
        Assert.Equal(4, ring.Enter(100));
        Assert.Equal(6u, ring.SqHead);
    }

    [Theory, EveryEngine]
    public void The_shared_head_is_output_only(string engine)
    {
        using var ring = new SeamRing(engine, 4);
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Submit());
        ring.Nops(3);
        ring.SqHead = 0x5555;
        Assert.Equal(1, ring.Enter(1));
        Assert.Equal(3u, ring.SqHead);
        Assert.Equal(3ul, ring.Take(3)[2].UserData);
    }

    [Theory, EveryEngine]
    public void Masks_and_sizes_in_shared_memory_are_output_only(string engine)
    {
        using var ring = new SeamRing(engine, 4);
        ring.Word(ring.Params.SqOff.RingMask) = 0xFFFF;
        ring.Word(ring.Params.SqOff.RingEntries) = 0xFFFF;
        ring.Word(ring.Params.CqOff.RingMask) = 0xFFFF;
        ring.Word(ring.Params.CqOff.RingEntries) = 0xFFFF;
        for (ulong i = 0; i < 20; i++)
        {
            ring.Nops(i);
            Assert.Equal(1, ring.Submit());
            Assert.Equal(i, ring.Take().UserData);
        }
    }

    [Theory, EveryEngine]
    public void A_bad_sqe_counts_and_ends_the_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Next(1).Opcode = (Opcode)255;
        ring.Nops(2);
        Assert.Equal(1, ring.Enter(2));
        Assert.Equal(1u, ring.Queued);
        Assert.Equal((1ul, -Errno.EINVAL), Pair(ring.Take()));
        Assert.Equal(1, ring.Enter(1));
        Assert.Equal((2ul, 0), Pair(ring.Take()));
    }

    [Theory, EveryEngine]
    public void With_submit_all_a_bad_sqe_does_not_end_the_batch(string engine)
    {
        using var ring = new SeamRing(engine, flags: SetupFlags.SubmitAll);
        ring.Next(1).Opcode = (Opcode)255;
        ring.Nops(2);
        Assert.Equal(2, ring.Enter(2));
        Assert.Equal([(1ul, -Errno.EINVAL), (2, 0)], ring.Take(2).Select(Pair));
    }

    [Theory, EveryEngine]
    public void A_request_that_fails_once_started_does_not_end_the_batch(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Next(1).PrepareRead(TestDescriptor.Closed, 0, 0, 0).UserData = 1;
        ring.Nops(2);
        Assert.Equal(2, ring.Enter(2));
        Assert.Equal([(1ul, -Errno.EBADF), (2, 0)], ring.Take(2).Select(Pair));
    }

    [Theory, EveryEngine]
    public void Sqes_may_be_overwritten_once_enter_returned(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 5, 0).UserData = 9;
        Assert.Equal(1, ring.Submit());
        ring.SqeAt(0) = new Sqe { Opcode = (Opcode)200, UserData = 77, Addr = TestMemory.Bad, Fd = -1, Len = 4000 };
        pipe.Write("hello, all");
        Assert.Equal((9ul, 5), Pair(ring.Take()));
        Assert.Equal("hello"u8, memory[..5]);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine((int)SetupFlags.NoSqArray)]
    public void Counters_run_on_far_beyond_the_ring(string engine, int flags)
    {
        using var ring = new SeamRing(engine, 4, (SetupFlags)flags);
        ulong sent = 0, seen = 0;
        var random = new Random(4);
        for (int round = 0; round < 3000; round++)
        {
            int count = random.Next(1, 5);
            for (int i = 0; i < count; i++)
                ring.Nops(sent++);
            Assert.Equal(count, ring.Submit());
            while (ring.TryTake(out Cqe cqe))
                Assert.Equal(seen++, cqe.UserData);
        }

        Assert.Equal((sent, (uint)sent, (uint)sent), (seen, ring.SqHead, ring.CqTail));
        Assert.Equal(0u, ring.Overflow);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void Counters_wrap_around_at_32_bits(string engine)
    {
        // The kernel's counters cannot be set, and counting that far takes minutes: the managed engine's are moved close to the end.
        using var ring = new SeamRing(engine, 4);
        RingContext context = RingTable.Find(ring.Descriptor)!;
        const uint Start = uint.MaxValue - 5;
        Set(context.Submission, "_head", Start);
        Set(context.Completions, "_tail", Start);
        (ring.SqHead, ring.SqTail, ring.CqHead, ring.CqTail) = (Start, Start, Start, Start);
        ring.ContinueAt(Start);
        ulong sent = 0, seen = 0;
        for (int round = 0; round < 8; round++)
        {
            ring.Nops(sent++, sent++, sent++, sent++);
            Assert.Equal(4, ring.Enter(4, 4, EnterFlags.GetEvents));
            Assert.Equal(4u, ring.Ready);
            foreach (Cqe cqe in ring.Take(4))
                Assert.Equal(seen++, cqe.UserData);
        }

        Assert.Equal((26u, 26u), (ring.SqHead, ring.CqTail));
        using var pipe = new TestPipe();
        ring.Next(99).PreparePollAdd(pipe.ReadEnd, 1).UserData = 99;
        ring.Submit();
        pipe.Write("x");
        Assert.Equal(99ul, ring.Take().UserData);
    }

    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_backlog_and_waits_survive_the_wrap(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        const uint Start = uint.MaxValue - 1;
        Set(RingTable.Find(ring.Descriptor)!.Completions, "_tail", Start);
        Set(RingTable.Find(ring.Descriptor)!.Completions, "_counted", Start);
        (ring.CqHead, ring.CqTail) = (Start, Start);
        using var memory = new TestMemory();
        ring.Next().PrepareTimeout(memory.PutTime(0, SeamRing.Patience), 5).UserData = 100;
        ring.Submit();
        for (ulong i = 0; i < 6; i += 2)
        {
            ring.Nops(i, i + 1);
            Assert.Equal(2, ring.Submit());
        }

        Assert.Equal((4u, SqRingFlags.CqOverflow), (ring.Ready, ring.SqFlags));
        Assert.Equal([0ul, 1, 2, 3], ring.Take(4).Select(cqe => cqe.UserData));
        // The timeout waited for five completions across the wrap.
        Assert.Equal([4ul, 5, 100], ring.Take(3).Select(cqe => cqe.UserData).Order().ToArray());
    }

    private static void Set(object part, string field, uint value) =>
        part.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(part, value);

    private static (ulong UserData, int Res) Pair(Cqe cqe) => (cqe.UserData, cqe.Res);
}
