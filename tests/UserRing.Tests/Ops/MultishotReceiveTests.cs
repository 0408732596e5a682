using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>RECV that goes on: a completion for each piece, until it ends.</summary>
public sealed class MultishotReceiveTests
{
    private const ushort Group = 3;
    private const int First = TestBuffers.FirstId, NonBlocking = Libc.SOCK_NONBLOCK;
    private const ulong Receiving = 7, Cancelling = 100;

    [Theory]
    [EveryEngine(Transport.Unix, 0, BufferKind.Ring, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, BufferKind.Mapped, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, BufferKind.List, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, NonBlocking, BufferKind.Incremental, SqeFlags.None)]
    [EveryEngine(Transport.Datagrams, 0, BufferKind.Ring, SqeFlags.None)]
    [EveryEngine(Transport.Packets, 0, BufferKind.List, SqeFlags.None)]
    [EveryEngine(Transport.Tcp, 0, BufferKind.Ring, SqeFlags.Async)]
    [EveryEngine(Transport.Unix, NonBlocking, BufferKind.List, SqeFlags.Async)]
    public void Each_piece_is_reported_until_a_cancel(string engine, Transport transport, int mode, BufferKind kind, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport, mode);
        using var buffers = new TestBuffers(ring, Group, 8, 64, kind);
        Start(ring, pair.B, flags);
        Assert.True(ring.StaysQuiet(10));
        string[] pieces = ["one", "and", "another"];
        int at = 0;
        for (int i = 0; i < 3; i++)
        {
            pair.A.Send(pieces[i]);
            Cqe cqe = ring.Take();
            CqeFlags partly = kind == BufferKind.Incremental ? CqeFlags.BufMore : 0;
            Assert.Equal((Receiving, pieces[i].Length, CqeFlags.More | partly), (cqe.UserData, cqe.Res, Bits(cqe)));
            Assert.Equal(pieces[i], Encoding.ASCII.GetString(buffers[TestBuffers.IdOf(cqe)].Slice(at, cqe.Res)));
            Assert.Equal(kind == BufferKind.Incremental ? First : First + i, TestBuffers.IdOf(cqe));
            at += kind == BufferKind.Incremental ? cqe.Res : 0;
        }

        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(Receiving).UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(
            [(Receiving, -Errno.ECANCELED, CqeFlags.None), (Cancelling, 0, CqeFlags.None)],
            ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res, cqe.Flags)).Order());
        pair.A.Send("late");
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal("late", pair.B.ReceiveText());
        Assert.Equal(mode != 0, pair.B.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void What_is_there_already_comes_at_once_in_pieces(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        pair.A.Send("abcdefghij");
        Start(ring, pair.B);
        Cqe[] pieces = ring.Take(3);
        Assert.Equal([4, 4, 2], pieces.Select(cqe => cqe.Res));
        Assert.Equal("abcdefghij", string.Concat(pieces.Select(cqe => Encoding.ASCII.GetString(buffers.Of(cqe)))));
        const CqeFlags GoesOn = CqeFlags.More, HasMore = CqeFlags.More | CqeFlags.SockNonEmpty;
        Assert.Equal([HasMore, HasMore, GoesOn], pieces.Select(Bits));
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory]
    [EveryEngine(Transport.Unix, CqeFlags.None)]
    [EveryEngine(Transport.Tcp, CqeFlags.SockNonEmpty)]
    public void The_end_of_the_stream_ends_it_without_a_buffer(string engine, Transport transport, CqeFlags atEnd)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, 2, 8);
        Start(ring, pair.B);
        pair.A.Send("last");
        Assert.Equal(4, ring.Take().Res);
        pair.A.Close();
        Cqe cqe = ring.Take();
        Assert.Equal((Receiving, 0, atEnd), (cqe.UserData, cqe.Res, cqe.Flags));
        Assert.Equal(1, buffers.Head);
    }

    [Theory, EveryEngine]
    public void A_reset_ends_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using var buffers = new TestBuffers(ring, Group, 2, 8);
        Start(ring, pair.B);
        Assert.True(ring.StaysQuiet(10));
        pair.A.ResetOnClose();
        pair.A.Close();
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ECONNRESET, CqeFlags.None), (cqe.Res, cqe.Flags));
    }

    [Theory, EveryEngine]
    public void An_empty_datagram_ends_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 2, 8);
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver);
        sender.Send("");
        Cqe cqe = ring.Take();
        Assert.Equal((0, CqeFlags.None), (cqe.Res, cqe.Flags));
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    [EveryEngine(BufferKind.Incremental)]
    public void A_group_that_runs_empty_ends_it_and_loses_nothing(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 2, 4, kind);
        Start(ring, pair.B);
        pair.A.Send("abcdefgh and more");
        Cqe[] pieces = ring.Take(3);
        Assert.Equal([4, 4, -Errno.ENOBUFS], pieces.Select(cqe => cqe.Res));
        Assert.Equal([CqeFlags.More, CqeFlags.More, CqeFlags.None], pieces.Select(cqe => cqe.Flags & CqeFlags.More));
        Assert.Equal(CqeFlags.None, pieces[2].Flags);
        Assert.Equal(" and more", pair.B.ReceiveText());
        buffers.GiveBack(First);
        Start(ring, pair.B);
        pair.A.Send("next");
        Assert.Equal("next"u8, buffers.Of(ring.Take()));
        // The last buffer is used up, which is found out when there is data again.
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("x");
        Assert.Equal(-Errno.ENOBUFS, ring.Take().Res);
        Assert.Equal("x", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void A_full_queue_of_completions_ends_it_and_loses_nothing(string engine)
    {
        using var ring = new SeamRing(engine, 2, cqEntries: 2);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        Start(ring, pair.B);
        pair.A.Send("abcdefghijklmnop");
        Until.True(() => ring.Enter() == 0 && (ring.SqFlags & SqRingFlags.CqOverflow) != 0, "the overflow flag");
        Cqe[] pieces = ring.Take(3);
        Assert.Equal([4, 4, 4], pieces.Select(cqe => cqe.Res));
        Assert.Equal([CqeFlags.More, CqeFlags.More, CqeFlags.None], pieces.Select(cqe => cqe.Flags & CqeFlags.More));
        Assert.Equal("ijkl"u8, buffers.Of(pieces[2]));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal("mnop", pair.B.ReceiveText());
    }

    [Theory]
    [EveryEngine(12u, 0u, new[] { 4, 4, 4 })]
    [EveryEngine(10u, 0u, new[] { 4, 4, 4 })]
    [EveryEngine(10u, 3u, new[] { 3, 3, 3, 3 })]
    [EveryEngine(2u, 0u, new[] { 4 })]
    public void A_limit_that_is_reached_ends_it_and_cuts_nothing(string engine, uint limit, uint each, int[] expected)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        ring.Next().PrepareRecv(pair.B, 0, each, 0, RecvSendFlags.Multishot, limit).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        pair.A.Send("abcdefghijklmnop");
        Cqe[] pieces = ring.Take(expected.Length);
        Assert.Equal(expected, pieces.Select(cqe => cqe.Res));
        Assert.All(pieces[..^1], cqe => Assert.NotEqual(CqeFlags.None, cqe.Flags & CqeFlags.More));
        Assert.Equal(CqeFlags.SockNonEmpty, Bits(pieces[^1]));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal("abcdefghijklmnop"[expected.Sum()..], pair.B.ReceiveText());
    }

    [Theory]
    [EveryEngine(RecvSendFlags.PollFirst, 0u)]
    [EveryEngine(RecvSendFlags.None, TestSocket.MSG_DONTWAIT)]
    [EveryEngine(RecvSendFlags.PollFirst, TestSocket.MSG_DONTWAIT)]
    public void Polling_first_and_not_waiting(string engine, RecvSendFlags how, uint msgFlags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        pair.A.Send("abcdef");
        ring.Next().PrepareRecv(pair.B, 0, 0, msgFlags, how | RecvSendFlags.Multishot).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        List<(int, CqeFlags)> expected = how == 0 || msgFlags == 0 ? [(4, CqeFlags.More | CqeFlags.SockNonEmpty), (2, CqeFlags.More)] : [];
        if (msgFlags != 0)
            expected.Add((-Errno.EAGAIN, CqeFlags.None));
        Assert.Equal(expected, ring.Take(expected.Count).Select(cqe => (cqe.Res, Bits(cqe))));
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory]
    [EveryEngine(CancelFlags.Fd)]
    [EveryEngine(CancelFlags.Any)]
    [EveryEngine(CancelFlags.Op)]
    public void It_is_found_by_other_keys_as_well(string engine, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        Start(ring, pair.B);
        ref Sqe sqe = ref ring.Next().PrepareAsyncCancel(0, key);
        (sqe.UserData, sqe.Fd, sqe.Len) = (Cancelling, pair.B, (uint)Opcode.Recv);
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, key == CancelFlags.Any ? 1 : 0), (results[Receiving], results[Cancelling]));
    }

    [Theory, EveryEngine]
    public void A_chain_goes_on_when_it_ends(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        ring.Next().PrepareRecv(pair.B, 0, 0, 0, RecvSendFlags.Multishot, limit: 6).SelectBuffer(Group).Flags |= SqeFlags.IoLink;
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        pair.A.Send("abcd");
        Assert.Equal(4, ring.Take().Res);
        Assert.True(ring.StaysQuiet(10));
        pair.A.Send("ef");
        Assert.Equal([(0ul, 2), (2, 0)], ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Theory, EveryEngine]
    public void Through_a_slot_it_outlives_the_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        Assert.Equal(0, ring.RegisterFiles(pair.B));
        Start(ring, new TestDescriptor(0), SqeFlags.FixedFile);
        pair.A.Send("abcd");
        Assert.Equal(4, ring.Take().Res);
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        pair.A.Send("efgh");
        Assert.Equal("efgh"u8, buffers.Of(ring.Take()));
    }

    private static void Start(SeamRing ring, TestDescriptor socket, SqeFlags flags = SqeFlags.None)
    {
        ref Sqe sqe = ref ring.Next().PrepareRecv(socket, 0, 0, 0, RecvSendFlags.Multishot).SelectBuffer(Group);
        (sqe.Flags, sqe.UserData) = (sqe.Flags | flags, Receiving);
        Assert.Equal(1, ring.Submit());
    }

    private static CqeFlags Bits(Cqe cqe) => cqe.Flags & (CqeFlags)0xFFFE;
}
