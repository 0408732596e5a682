using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>POLL_REMOVE: which poll it ends, and what it can change of one.</summary>
public sealed class PollRemoveTests
{
    private const uint In = (uint)Libc.POLLIN, Out = (uint)Libc.POLLOUT, Hup = (uint)Libc.POLLHUP;
    private const PollFlags Events = PollFlags.UpdateEvents, Name = PollFlags.UpdateUserData, Multi = PollFlags.AddMulti;

    [Theory, EveryEngine]
    public void It_ends_the_poll_which_completes_behind_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        ring.Next().PreparePollRemove(1).UserData = 2;
        ring.Nops(3);
        Assert.Equal(3, ring.Submit());
        Assert.Equal([(2ul, 0), (3, 0), (1, -Errno.ECANCELED)], ring.Take(3).Select(cqe => (cqe.UserData, cqe.Res)));
        ring.Next().PreparePollRemove(1);
        Assert.Equal(-Errno.ENOENT, ring.Result());
    }

    [Theory, EveryEngine]
    public void It_finds_polls_alone(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PreparePollRemove(1);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 10, 0).UserData = 1;
        ring.Next().PrepareTimeout(memory.PutTime(64, TimeSpan.FromSeconds(100))).UserData = 1;
        Assert.Equal(2, ring.Submit());
        ring.Next().PreparePollRemove(1).UserData = 2;
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PreparePollAdd(pipe.ReadEnd, Out).UserData = 1;
        Assert.Equal(1, ring.Submit());
        ring.Next().PreparePollRemove(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(2ul, 0), (1, -Errno.ECANCELED)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
        Assert.True(ring.StaysQuiet());
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void Of_several_with_one_name_the_latest_is_found(string engine, bool byCancel)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        ring.Next().PreparePollAdd(pipe.ReadEnd, Out).UserData = 1;
        Assert.Equal(3, ring.Submit());
        if (byCancel)
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
        else
            ring.Next().PreparePollRemove(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(2ul, 0), (1, -Errno.ECANCELED)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
        pipe.Write("x");
        Assert.Equal([(int)In, (int)In], ring.Take(2).Select(cqe => cqe.Res)); // the one for what never comes was it
    }

    [Theory, EveryEngine]
    public void Fields_that_mean_nothing_must_be_zero(string engine)
    {
        using var ring = new SeamRing(engine);
        var remove = new Sqe { Opcode = Opcode.PollRemove, Addr = 1 };
        foreach (Sqe bad in (Sqe[])[
            remove with { BufIndex = 1 }, remove with { SpliceFdIn = 1 }, remove with { Len = 1 << 3 }, remove with { Len = 1 << 4 },
            remove with { Len = (uint)Multi }, remove with { Off = 1 }, remove with { Off = 1, Len = (uint)Events },
            remove with { Poll32Events = 1 }, remove with { Poll32Events = 1, Len = (uint)Name }, remove with { IoPrio = 1 }])
        {
            Assert.Equal(-Errno.EINVAL, ring.Do(bad));
        }

        foreach (Sqe good in (Sqe[])[
            remove with { Fd = 99 }, remove with { Flags = SqeFlags.FixedFile },
            remove with { Len = (uint)(Events | Name | Multi), Off = 1 }])
        {
            Assert.Equal(-Errno.ENOENT, ring.Do(good));
        }
    }

    [Theory]
    [EveryEngine(false)]
    [EveryEngine(true)]
    public void A_new_name_is_what_it_completes_with_and_is_found_by(string engine, bool isMultishot)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.ReadEnd, In, 1, isMultishot);
        Assert.Equal(0, Update(ring, 1, Name, newUserData: 7));
        Assert.Equal(-Errno.ENOENT, Update(ring, 1, Name, newUserData: 8));
        pipe.Write("x");
        Cqe cqe = ring.Take();
        Assert.Equal((7ul, (int)In, isMultishot), (cqe.UserData, cqe.Res, (cqe.Flags & CqeFlags.More) != 0));
        ring.Next().PreparePollRemove(7).UserData = 2;
        Assert.Equal(1, ring.Submit());
        if (isMultishot)
            Assert.Equal([(2ul, 0), (7, -Errno.ECANCELED)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
        else
            Assert.Equal(-Errno.ENOENT, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Another_of_the_batch_finds_it_by_its_new_name(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        ring.Next().PreparePollUpdate(1, Name, newUserData: 5).UserData = 2;
        ring.Next().PreparePollUpdate(5, Name | Events, Out, 6).UserData = 3;
        ring.Next().PrepareAsyncCancel(6).UserData = 4;
        Assert.Equal(4, ring.Submit());
        Assert.Equal([(2ul, 0), (3, 0), (4, 0), (6, -Errno.ECANCELED)], ring.Take(4).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void New_events_are_what_is_waited_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.ReadEnd, In, 1);
        Assert.Equal(0, Update(ring, 1, Events, Out));
        pipe.Write("x");
        Assert.True(ring.StaysQuiet());
        Assert.Equal("x", pipe.Read());
        Assert.Equal(0, Update(ring, 1, Events, In));
        Assert.True(ring.StaysQuiet());
        pipe.Write("x");
        Assert.Equal((int)In, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void What_is_ready_for_its_new_events_completes_behind_the_update(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.WriteEnd, In, 1);
        ring.Next().PreparePollUpdate(1, Events | Name, Out, 5).UserData = 2;
        ring.Nops(3);
        Assert.Equal(2, ring.Submit());
        Assert.Equal([(2ul, 0), (3, 0), (5, (int)Out)], ring.Take(3).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void A_hang_up_is_reported_whatever_the_events_are_now(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.ReadEnd, In, 1);
        Assert.Equal(0, Update(ring, 1, Events, 0));
        pipe.Write("x");
        Assert.True(ring.StaysQuiet());
        pipe.WriteEnd.Close();
        Assert.Equal((int)Hup, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Whether_it_is_multishot_stays_as_it_was(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.ReadEnd, Out, 1);
        Assert.Equal(0, Update(ring, 1, Events | Multi, In));
        pipe.Write("x");
        Cqe cqe = ring.Take();
        Assert.Equal(((int)In, CqeFlags.None), (cqe.Res, cqe.Flags));
        Add(ring, pipe.ReadEnd, Out, 2, isMultishot: true);
        ring.Next().PreparePollUpdate(2, Events, In).UserData = 3;
        Assert.Equal(1, ring.Submit());
        cqe = ring.Take(2).Single(cqe => cqe.UserData == 2);
        Assert.Equal(((int)In, CqeFlags.More), (cqe.Res, cqe.Flags));
        pipe.Write("x");
        Assert.Equal(CqeFlags.More, ring.Take().Flags);
    }

    [Theory, EveryEngine]
    public void What_a_multishot_poll_has_reported_is_reported_again_after_an_update(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Add(ring, pipe.ReadEnd, In, 1, isMultishot: true);
        pipe.Write("x");
        Assert.Equal(1ul, ring.Take().UserData);
        ring.Next().PreparePollUpdate(1, Name, newUserData: 2).UserData = 3;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, Cqe> both = ring.Take(2).ToDictionary(cqe => cqe.UserData);
        Assert.Equal((0, (int)In, CqeFlags.More), (both[3].Res, both[2].Res, both[2].Flags));
        Assert.Equal(0, Update(ring, 2, Events, Out));
        Assert.True(ring.StaysQuiet());
        pipe.Write("x");
        Assert.True(ring.StaysQuiet());
    }

    [Theory, EveryEngine]
    public void A_multishot_poll_for_writing_goes_on(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        int bytes = pipe.Fill();
        Add(ring, pipe.WriteEnd, Out, 1, isMultishot: true);
        for (int round = 0; round < 3; round++)
        {
            Assert.True(ring.StaysQuiet(10));
            pipe.Read();
            Assert.Equal((int)Out, ring.Take().Res);
            pipe.Write(new string('x', bytes));
        }
    }

    [Theory, EveryEngine]
    public void Updates_that_race_with_events_lose_none(string engine)
    {
        using var ring = new SeamRing(engine, 32);
        using var pipe = new TestPipe();
        int found = 0, late = 0;
        for (int round = 0; round < 500; round++)
        {
            ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
            Assert.Equal(1, ring.Submit());
            using var go = new ManualResetEventSlim();
            TestThread<int> writer = TestThread.Start(() =>
            {
                go.Wait();
                pipe.Write("x");
                return 0;
            });
            go.Set();
            Thread.SpinWait(round * 4);
            ring.Next().PreparePollUpdate(1, Name, newUserData: 2).UserData = 3;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Contains(results[3], (int[])[0, -Errno.ENOENT, -Errno.EALREADY]);
            Assert.Equal((int)In, results[results[3] == 0 ? 2ul : 1ul]);
            (found, late) = results[3] == 0 ? (found + 1, late) : (found, late + 1);
            Assert.Equal(0, writer.Answer);
            Assert.Equal("x", pipe.Read());
        }

        Assert.True(found > 0, $"{found} found, {late} late");
    }

    private static void Add(SeamRing ring, int file, uint events, ulong userData, bool isMultishot = false)
    {
        ref Sqe sqe = ref ring.Next().PreparePollAdd(file, events);
        (sqe.Len, sqe.UserData) = (isMultishot ? (uint)Multi : 0, userData);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0u, ring.Ready);
    }

    /// <summary>The update's own answer; what else comes is left.</summary>
    private static int Update(SeamRing ring, ulong userData, PollFlags flags, uint events = 0, ulong newUserData = 0)
    {
        ring.Next().PreparePollUpdate(userData, flags, events, newUserData).UserData = 1000;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal(1000ul, cqe.UserData);
        return cqe.Res;
    }
}
