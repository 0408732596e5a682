using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Requests that complete more than once.</summary>
public sealed class MultishotTests
{
    [Theory, EveryEngine]
    public void A_poll_reports_each_new_event_until_it_is_cancelled(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        Poll(ring, pipe.ReadEnd, 1);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet());
        for (int i = 0; i < 3; i++)
        {
            pipe.Write("x");
            Assert.Equal((1ul, Libc.POLLIN, CqeFlags.More), Parts(ring.Take()));
        }

        Assert.True(ring.StaysQuiet());
        ring.Next(9) = new Sqe { Opcode = Opcode.AsyncCancel, Addr = 1, UserData = 9 };
        Assert.Equal(1, ring.Submit());
        Assert.Equal((9ul, 0, CqeFlags.None), Parts(ring.Take()));
        Assert.Equal((1ul, -Errno.ECANCELED, CqeFlags.None), Parts(ring.Take()));
    }

    [Theory, EveryEngine]
    public void A_poll_of_what_is_ready_says_so_at_once_and_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        pipe.Write("x");
        Poll(ring, pipe.ReadEnd, 1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1u, ring.Ready);
        Assert.Equal((1ul, Libc.POLLIN, CqeFlags.More), Parts(ring.Take()));
        Assert.True(ring.StaysQuiet());
        pipe.WriteEnd.Close();
        Assert.Equal((1ul, Libc.POLLIN | Libc.POLLHUP, CqeFlags.More), Parts(ring.Take()));
    }

    [Theory, EveryEngine]
    public void A_poll_that_finds_no_room_ends_and_its_last_completion_is_kept(string engine)
    {
        using var ring = new SeamRing(engine, 4, cqEntries: 4);
        using var pipe = new TestPipe();
        Poll(ring, pipe.ReadEnd, 1);
        Assert.Equal(1, ring.Submit());
        for (uint i = 1; i <= 4; i++)
        {
            pipe.Write("x");
            ring.Await(i);
        }

        pipe.Write("x");
        Until.True(() => ring.Enter() == 0 && (ring.SqFlags & SqRingFlags.CqOverflow) != 0, "the overflow flag");
        Assert.All(ring.Take(4), cqe => Assert.Equal(CqeFlags.More, cqe.Flags));
        Assert.Equal((1ul, Libc.POLLIN, CqeFlags.None), Parts(ring.Take()));
        pipe.Write("x");
        Assert.True(ring.StaysQuiet());
    }

    [Theory, EveryEngine]
    public void A_poll_of_a_file_that_is_always_ready_reports_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Numbered(16);
        Poll(ring, file, 1);
        Assert.Equal(1, ring.Submit());
        Assert.Equal((1ul, Libc.POLLIN, CqeFlags.None), Parts(ring.Take()));
    }

    [Theory, EveryEngine]
    public void A_timeout_fires_as_often_as_asked(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(4096);
        memory.PutTime(0, TimeSpan.FromMilliseconds(2));
        ring.Next(1) = new Sqe
        {
            Opcode = Opcode.Timeout, Addr = memory.At(0), Len = 1, Off = 3, TimeoutFlags = TimeoutFlags.Multishot, UserData = 1,
        };
        Assert.Equal(1, ring.Submit());
        Assert.Equal(
            [(1ul, -Errno.ETIME, CqeFlags.More), (1ul, -Errno.ETIME, CqeFlags.More), (1ul, -Errno.ETIME, CqeFlags.None)],
            ring.Take(3).Select(Parts));
    }

    [Theory, EveryEngine]
    public void A_timeout_without_end_goes_on_until_it_is_cancelled(string engine)
    {
        using var ring = new SeamRing(engine, 8, cqEntries: 512);
        using var memory = new TestMemory(4096);
        memory.PutTime(0, TimeSpan.FromMilliseconds(1));
        ring.Next(1) = new Sqe
        {
            Opcode = Opcode.Timeout, Addr = memory.At(0), Len = 1, TimeoutFlags = TimeoutFlags.Multishot, UserData = 1,
        };
        Assert.Equal(1, ring.Submit());
        Assert.All(ring.Take(10), cqe => Assert.Equal((1ul, -Errno.ETIME, CqeFlags.More), Parts(cqe)));
        ring.Next(9) = new Sqe { Opcode = Opcode.AsyncCancel, Addr = 1, UserData = 9 };
        Assert.Equal(1, ring.Submit());
        Cqe last = ring.Take();
        for (int more = 0; (last.Flags & CqeFlags.More) != 0 || last.UserData == 9; more++)
        {
            Assert.True(more < 2000, "the cancelled timeout goes on");
            last = ring.Take();
        }

        Assert.Equal((1ul, -Errno.ECANCELED, CqeFlags.None), Parts(last));
    }

    /// <summary>
    /// Events, cancels and their deliveries meet at every moment: each poll ends once, and the cancel says that it found it.
    /// </summary>
    [Theory, EveryEngine]
    public void A_cancel_always_finds_a_poll_that_has_not_ended(string engine)
    {
        using var ring = new SeamRing(engine, 8, cqEntries: 4096);
        using var pipe = new TestPipe(Libc.O_NONBLOCK);
        bool stop = false;
        TestThread<int> writer = TestThread.Start(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                if (pipe.TryWrite() < 0)
                    pipe.Read();
                Thread.SpinWait(200);
            }

            return 0;
        });
        for (int round = 0; round < 500; round++)
        {
            Poll(ring, pipe.ReadEnd, 1);
            Assert.Equal(1, ring.Submit());
            Thread.SpinWait(round * 7 % 900);
            ring.Next(9) = new Sqe { Opcode = Opcode.AsyncCancel, Addr = 1, UserData = 9 };
            Assert.Equal(1, ring.Submit());
            int found = int.MinValue, ends = 0;
            while (ends == 0 || found == int.MinValue)
            {
                Cqe cqe = ring.Take();
                if (cqe.UserData == 9)
                    found = cqe.Res;
                else if ((cqe.Flags & CqeFlags.More) == 0)
                    ends++;
            }

            Assert.Equal((0, 1), (found, ends));
        }

        Volatile.Write(ref stop, true);
        Assert.Equal(0, writer.Answer);
    }

    private static void Poll(SeamRing ring, int file, ulong userData) =>
        ring.Next() = new Sqe
        {
            Opcode = Opcode.PollAdd, Fd = file, Poll32Events = (uint)Libc.POLLIN, Len = (uint)PollFlags.AddMulti, UserData = userData,
        };

    private static (ulong UserData, int Res, CqeFlags Flags) Parts(Cqe cqe) => (cqe.UserData, cqe.Res, cqe.Flags);
}
