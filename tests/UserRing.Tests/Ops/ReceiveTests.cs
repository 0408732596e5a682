using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>RECV into the program's own memory, on sockets of both modes, none of which it changes.</summary>
public sealed class ReceiveTests
{
    private const int NonBlocking = Libc.SOCK_NONBLOCK;
    private const uint WaitAll = TestSocket.MSG_WAITALL, DontWait = TestSocket.MSG_DONTWAIT;
    private const ulong Receiving = 7, Cancelling = 100;

    [Theory]
    [EveryEngine(Transport.Unix, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.None)]
    [EveryEngine(Transport.Packets, 0, SqeFlags.None)]
    [EveryEngine(Transport.Datagrams, NonBlocking, SqeFlags.None)]
    [EveryEngine(Transport.Unix, 0, SqeFlags.Async)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.Async)]
    public void What_is_there_is_received_and_what_is_not_is_waited_for(string engine, Transport transport, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport, mode);
        pair.A.Send("here");
        ring.Next().PrepareRecv(pair.B, memory.Address, 100).Flags = flags;
        Assert.Equal(4, ring.Result());
        Assert.Equal("here"u8, memory[..4]);
        Assert.Equal(0, memory.Bytes[4]);
        ring.Next().PrepareRecv(pair.B, memory.Address, 100).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        pair.A.Send("later");
        Assert.Equal(5, ring.Take().Res);
        Assert.Equal("later"u8, memory[..5]);
        Assert.Equal(mode != 0, pair.B.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(Transport.Unix, CqeFlags.None)]
    [EveryEngine(Transport.Tcp, CqeFlags.SockNonEmpty)] // as if the end were something to be received
    [EveryEngine(Transport.Packets, CqeFlags.None)]
    public void The_end_is_nothing_received(string engine, Transport transport, CqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport);
        ring.Next().PrepareRecv(pair.B, memory.Address, 100);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.Close();
        Assert.Equal((0, flags), Outcome(ring.Take()));
        ring.Next().PrepareRecv(pair.B, memory.Address, 100, WaitAll);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_reset_is_an_error_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        ring.Next().PrepareRecv(pair.B, memory.Address, 100);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.ResetOnClose();
        pair.A.Close();
        Assert.Equal(-Errno.ECONNRESET, ring.Take().Res);
        ring.Next().PrepareRecv(pair.B, memory.Address, 100);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void Told_not_to_wait_it_does_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        foreach (RecvSendFlags first in (RecvSendFlags[])[RecvSendFlags.None, RecvSendFlags.PollFirst])
        {
            ring.Next().PrepareRecv(pair.B, memory.Address, 8, DontWait, first);
            Assert.Equal(-Errno.EAGAIN, ring.Result());
        }

        ring.Next().PrepareRecv(pair.B, memory.Address, 8, DontWait).Flags = SqeFlags.Async;
        Assert.Equal(-Errno.EAGAIN, ring.Result());
        pair.A.Send("here");
        ring.Next().PrepareRecv(pair.B, memory.Address, 8, DontWait);
        Assert.Equal(4, ring.Result());
    }

    [Theory]
    [EveryEngine(RecvSendFlags.None)]
    [EveryEngine(RecvSendFlags.PollFirst)]
    public void Polling_first_changes_nothing_that_shows(string engine, RecvSendFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        pair.A.Send("here");
        ring.Next().PrepareRecv(pair.B, memory.Address, 8, 0, flags);
        Assert.Equal(4, ring.Result());
        ring.Next().PrepareRecv(pair.B, memory.Address, 8, 0, flags);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("later");
        Assert.Equal(5, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(Transport.Unix, 0, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, SqeFlags.Async)]
    public void Waiting_for_all_takes_what_a_slow_peer_sends(string engine, Transport transport, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport, mode);
        pair.A.Send("one ");
        ring.Next().PrepareRecv(pair.B, memory.Address, 14, WaitAll).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        pair.A.Send("two ");
        Assert.True(ring.StaysQuiet(20));
        pair.A.Send("threefour");
        Assert.Equal((14, CqeFlags.SockNonEmpty), Outcome(ring.Take()));
        Assert.Equal("one two threef"u8, memory[..14]);
        Assert.Equal("our", pair.B.ReceiveText());
    }

    [Theory]
    [EveryEngine(Ending.PeerEnds)]
    [EveryEngine(Ending.Cancel)]
    [EveryEngine(Ending.CancelByFile)]
    [EveryEngine(Ending.Reset)]
    public void Waiting_for_all_in_vain_tells_what_came_and_ends_the_chain(string engine, Ending ending)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.Send("half");
        ref Sqe sqe = ref ring.Next().PrepareRecv(pair.B, memory.Address, 8, WaitAll);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Receiving);
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        End(ring, pair, ending);
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((4, -Errno.ECANCELED), (results[Receiving], results[8]));
        Assert.Equal("half"u8, memory[..4]);
        Assert.Equal(0, memory.Bytes[4]);
    }

    [Theory, EveryEngine]
    public void Waiting_for_all_and_for_nothing_takes_what_is_there(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        pair.A.Send("half");
        ref Sqe sqe = ref ring.Next().PrepareRecv(pair.B, memory.Address, 8, WaitAll | DontWait);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Receiving);
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((4, -Errno.ECANCELED), (results[Receiving], results[8]));
    }

    [Theory]
    [EveryEngine(Transport.Datagrams, 4)]
    [EveryEngine(Transport.Packets, 8)]
    public void Waiting_for_all_of_messages(string engine, Transport transport, int expected)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport);
        pair.A.Send("half");
        pair.A.Send("more");
        ref Sqe sqe = ref ring.Next().PrepareRecv(pair.B, memory.Address, 8, WaitAll);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Receiving);
        ring.Nops(8);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((expected, expected == 8 ? 0 : -Errno.ECANCELED), (results[Receiving], results[8]));
    }

    [Theory]
    [EveryEngine(Transport.Unix, true)]
    [EveryEngine(Transport.Tcp, true)]
    [EveryEngine(Transport.Packets, false)]
    [EveryEngine(Transport.Datagrams, false)]
    public void Of_streams_it_tells_whether_there_is_more(string engine, Transport transport, bool tells)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport);
        pair.A.Send("abc");
        pair.A.Send("def");
        ring.Next().PrepareRecv(pair.B, memory.Address, 2);
        Assert.Equal(1, ring.Submit());
        Assert.Equal((2, tells ? CqeFlags.SockNonEmpty : CqeFlags.None), Outcome(ring.Take()));
        ring.Next().PrepareRecv(pair.B, memory.Address, 100);
        Assert.Equal(1, ring.Submit());
        Assert.Equal((tells ? 4 : 3, CqeFlags.None), Outcome(ring.Take()));
    }

    [Theory, EveryEngine]
    public void Of_tcp_it_tells_that_the_end_is_there(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        pair.A.Send("abc");
        pair.A.ShutDown(1);
        Assert.Equal(1, Libc.Poll(pair.B, Libc.POLLRDHUP, 10_000, out _));
        ring.Next().PrepareRecv(pair.B, memory.Address, 100);
        Assert.Equal(1, ring.Submit());
        Assert.Equal((3, CqeFlags.SockNonEmpty), Outcome(ring.Take()));
        pair.B.ShutDown(0); // says nothing of the peer
        using var other = new TestPair(Transport.Tcp);
        other.B.ShutDown(0);
        ring.Next().PrepareRecv(other.B, memory.Address, 100);
        Assert.Equal(1, ring.Submit());
        Assert.Equal((0, CqeFlags.None), Outcome(ring.Take()));
    }

    [Theory, EveryEngine]
    public void Of_a_message_what_does_not_fit_is_lost_and_may_be_counted(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Datagrams);
        pair.A.Send("a message");
        ring.Next().PrepareRecv(pair.B, memory.Address, 4, TestSocket.MSG_PEEK);
        Assert.Equal(4, ring.Result());
        ring.Next().PrepareRecv(pair.B, memory.Address, 4, TestSocket.MSG_TRUNC);
        Assert.Equal(9, ring.Result());
        Assert.Equal("a me\0"u8, memory[..5]);
        ring.Next().PrepareRecv(pair.B, memory.Address, 4, DontWait);
        Assert.Equal(-Errno.EAGAIN, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_message_that_does_not_fit_ends_a_chain_that_waits_for_all(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Datagrams);
        foreach ((uint flags, int next) in ((uint, int)[])[(0, 0), (WaitAll, -Errno.ECANCELED)])
        {
            pair.A.Send("a message");
            ring.Next().PrepareRecv(pair.B, memory.Address, 4, flags).Flags = SqeFlags.IoLink;
            ring.Nops(8);
            Assert.Equal(2, ring.Submit());
            Assert.Equal([4, next], ring.Take(2).Select(cqe => cqe.Res));
        }
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None, Ending.Cancel)]
    [EveryEngine(0, SqeFlags.Async, Ending.Cancel)]
    [EveryEngine(NonBlocking, SqeFlags.None, Ending.CancelByFile)]
    public void A_cancel_takes_nothing_from_the_socket(string engine, int mode, SqeFlags flags, Ending ending)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Unix, mode);
        ref Sqe sqe = ref ring.Next().PrepareRecv(pair.B, memory.Address, 8);
        (sqe.UserData, sqe.Flags) = (Receiving, flags);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        End(ring, pair, ending);
        Assert.Equal((-Errno.ECANCELED, CqeFlags.None), Outcome(ring.Take()));
        pair.A.Send("kept");
        Assert.Equal("kept", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void Its_socket_may_be_closed_and_is_held(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair();
        ring.Next().PrepareRecv(pair.B, memory.Address, 8);
        Assert.Equal(1, ring.Submit());
        pair.B.Close();
        pair.A.Send("last");
        Assert.Equal(4, ring.Take().Res);
        Until.True(() => pair.A.TrySend([1]) == -Errno.EPIPE, "the socket goes with the request");
    }

    [Theory, EveryEngine]
    public void A_chain_echoes_what_is_received_through_a_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(Transport.Tcp);
        Assert.Equal(0, ring.RegisterFiles(pair.B));
        for (int round = 0; round < 3; round++)
        {
            ring.Next().PrepareRecv(0, memory.Address, 10, WaitAll).Flags = SqeFlags.FixedFile | SqeFlags.IoLink;
            ring.Next().PrepareSend(0, memory.Address, 10, WaitAll).Flags = SqeFlags.FixedFile;
            Assert.Equal(2, ring.Submit());
            pair.A.Send("hello");
            pair.A.Send("hallo");
            Assert.Equal([10, 10], ring.Take(2).Select(cqe => cqe.Res));
            Assert.Equal("hellohallo"u8, pair.A.ReceiveAll(10));
        }
    }

    /// <summary>A caller that lends copies loses what a socket gave; the one in place does not.</summary>
    [Theory, EveryEngine(InPlace = true)]
    public void Memory_that_cannot_be_written_is_found_out_when_there_is_data(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        ring.Next().PrepareRecv(pair.B, TestMemory.Bad, 8);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("data");
        Assert.Equal(-Errno.EFAULT, ring.Take().Res);
        Assert.Equal("data", pair.B.ReceiveText());
    }

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Datagrams)]
    public void Receiving_nothing_still_waits_for_something(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pair = new TestPair(transport);
        ring.Next().PrepareRecv(pair.B, memory.Address, 0);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("x");
        Assert.Equal(0, ring.Take().Res);
    }

    public enum Ending
    {
        PeerEnds,
        Reset,
        Cancel,
        CancelByFile,
    }

    private static void End(SeamRing ring, TestPair pair, Ending ending)
    {
        switch (ending)
        {
            case Ending.PeerEnds:
                pair.A.ShutDown(1);
                break;
            case Ending.Reset:
                pair.A.ResetOnClose();
                pair.A.Close();
                break;
            default:
                ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(Receiving, ending == Ending.CancelByFile ? CancelFlags.Fd : 0);
                (sqe.UserData, sqe.Flags, sqe.Fd) = (Cancelling, SqeFlags.CqeSkipSuccess, pair.B);
                Assert.Equal(1, ring.Submit());
                break;
        }
    }

    private static (int Res, CqeFlags Flags) Outcome(Cqe cqe) => (cqe.Res, cqe.Flags);
}
