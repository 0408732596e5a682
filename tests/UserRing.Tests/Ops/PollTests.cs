using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>POLL_ADD, once.</summary>
public sealed class PollTests
{
    private const uint In = (uint)Libc.POLLIN, Out = (uint)Libc.POLLOUT, Err = (uint)Libc.POLLERR, Hup = (uint)Libc.POLLHUP;

    [Theory, EveryEngine]
    public void What_is_ready_completes_at_once_with_what_was_asked_for(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using TestDescriptor counter = TestDescriptor.EventFd(1);
        pipe.Write("x");
        Assert.Equal((int)In, Poll(ring, pipe.ReadEnd, In));
        Assert.Equal((int)In, Poll(ring, pipe.ReadEnd, In | Out));
        Assert.Equal((int)Out, Poll(ring, pipe.WriteEnd, Out));
        Assert.Equal((int)(In | Out), Poll(ring, counter, In | Out));
        Assert.Equal((int)Out, Poll(ring, counter, Out));
    }

    [Theory, EveryEngine]
    public void A_regular_file_is_always_ready(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("x");
        Assert.Equal((int)(In | Out), Poll(ring, file, In | Out));
        Assert.Equal((int)In, Poll(ring, file, In));
    }

    [Theory, EveryEngine]
    public void What_a_file_can_never_report_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("x");
        Assert.Equal(-Errno.EINVAL, Poll(ring, file, (uint)Libc.POLLPRI));
        Assert.Equal(-Errno.EINVAL, Poll(ring, file, 0));
    }

    [Theory, EveryEngine]
    public void A_hang_up_is_reported_unasked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        pipe.WriteEnd.Close();
        other.ReadEnd.Close();
        Assert.Equal((int)Hup, Poll(ring, pipe.ReadEnd, In));
        Assert.Equal((int)Hup, Poll(ring, pipe.ReadEnd, 0));
        Assert.Equal((int)(Out | Err), Poll(ring, other.WriteEnd, Out));
    }

    [Theory, EveryEngine]
    public void It_waits_until_something_happens(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 6;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("x");
        Cqe cqe = ring.Take();
        Assert.Equal((6ul, (int)In, CqeFlags.None), (cqe.UserData, cqe.Res, cqe.Flags));
        Assert.True(ring.StaysQuiet());
    }

    [Theory, EveryEngine]
    public void It_waits_for_a_hang_up_too(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, 0);
        Assert.Equal(1, ring.Submit());
        pipe.WriteEnd.Close();
        Assert.Equal((int)Hup, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void What_was_not_asked_for_does_not_end_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor counter = TestDescriptor.EventFd(0);
        ring.Next().PreparePollAdd(counter, In);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        Libc.SignalEventfd(counter);
        Assert.Equal((int)In, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Several_on_one_file_all_complete(string engine)
    {
        using var ring = new SeamRing(engine, 64);
        using var pipe = new TestPipe();
        for (ulong i = 0; i < 64; i++)
            ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = i;
        Assert.Equal(64, ring.Submit());
        pipe.Write("x");
        Dictionary<ulong, int> results = ring.Results(64);
        Assert.Equal(64, results.Count);
        Assert.All(results.Values, result => Assert.Equal((int)In, result));
    }

    [Theory, EveryEngine]
    public void A_file_closed_meanwhile_is_still_watched(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In);
        Assert.Equal(1, ring.Submit());
        pipe.ReadEnd.Close();
        pipe.Write("x");
        Assert.Equal((int)In, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_registered_file_is_watched(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd));
        for (int round = 0; round < 3; round++)
        {
            ring.Next(1).PreparePollAdd(0, In).Flags = SqeFlags.FixedFile;
            ring.Next(2).PreparePollAdd(0, In).Flags = SqeFlags.FixedFile;
            Assert.Equal(2, ring.Submit());
            pipe.Write("x");
            Assert.All(ring.Take(2), cqe => Assert.Equal((int)In, cqe.Res));
            pipe.Read();
        }
    }

    [Theory, EveryEngine]
    public void A_file_that_changes_hands_is_watched_by_what_it_was(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        using var other = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).UserData = 1;
        Assert.Equal(1, ring.Submit());
        // The number now means another pipe.
        Assert.Equal(pipe.ReadEnd, TestLibc.Dup2(other.ReadEnd, pipe.ReadEnd));
        other.Write("x");
        Assert.True(ring.StaysQuiet());
        pipe.Write("y");
        Assert.Equal((int)In, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Unused_fields_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        var sqe = new Sqe { Opcode = Opcode.PollAdd, Fd = pipe.WriteEnd, Poll32Events = Out };
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Len = 1 << 5 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Len = (uint)PollFlags.AddLevel }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { BufIndex = 1 }));
        Assert.Equal((int)Out, ring.Do(sqe));
    }

    [Theory, EveryEngine]
    public void Asked_for_a_worker_it_waits_as_well(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, In).Flags = SqeFlags.Async;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        pipe.Write("x");
        Assert.Equal((int)In, ring.Take().Res);
    }

    private static int Poll(SeamRing ring, int descriptor, uint events)
    {
        ring.Next().PreparePollAdd(descriptor, events);
        return ring.Result();
    }
}
