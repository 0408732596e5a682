using System.Text;
using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>RECV and RECVMSG into a provided buffer.</summary>
public sealed class SelectedReceiveTests
{
    private const ushort Group = 3;
    private const uint WaitAll = TestSocket.MSG_WAITALL, DontWait = TestSocket.MSG_DONTWAIT;
    private const int First = TestBuffers.FirstId;

    [Theory]
    [EveryEngine(BufferKind.Ring, SqeFlags.None)]
    [EveryEngine(BufferKind.Mapped, SqeFlags.None)]
    [EveryEngine(BufferKind.Incremental, SqeFlags.None)]
    [EveryEngine(BufferKind.List, SqeFlags.None)]
    [EveryEngine(BufferKind.Ring, SqeFlags.Async)]
    [EveryEngine(BufferKind.List, SqeFlags.Async)]
    public void A_buffer_is_taken_when_there_is_data(string engine, BufferKind kind, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using var buffers = new TestBuffers(ring, Group, 4, 32, kind);
        ring.Next().PrepareRecv(pair.B, 0, 0).SelectBuffer(Group).Flags |= flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        if (kind != BufferKind.List)
            Until.True(() => buffers.Head == (flags == SqeFlags.Async ? 1 : 0), "only a worker takes it for good");
        pair.A.Send("hello");
        Cqe cqe = ring.Take();
        Assert.Equal((5, First), (cqe.Res, TestBuffers.IdOf(cqe)));
        Assert.Equal("hello"u8, buffers.Of(cqe));
        Assert.Equal(kind == BufferKind.Incremental ? CqeFlags.BufMore : 0, cqe.Flags & (CqeFlags)0xFFFE);
        if (kind != BufferKind.List)
            Assert.Equal(kind == BufferKind.Incremental ? 0 : 1, buffers.Head);
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    public void One_buffer_is_used_for_one_receive(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 4, 8, kind);
        pair.A.Send("twelve bytes");
        Cqe first = Receive(ring, pair.B), second = Receive(ring, pair.B);
        Assert.Equal((8, 4), (first.Res, second.Res));
        Assert.Equal((First, First + 1), (TestBuffers.IdOf(first), TestBuffers.IdOf(second)));
        Assert.Equal((CqeFlags.SockNonEmpty, CqeFlags.None), (More(first), More(second)));
        Assert.Equal("twelve bytes", Encoding.ASCII.GetString([.. buffers.Of(first), .. buffers.Of(second)]));
        pair.A.Send("abc");
        Assert.Equal((2, First + 2), (Receive(ring, pair.B, 2) is var third ? third.Res : 0, TestBuffers.IdOf(third)));
    }

    [Theory, EveryEngine]
    public void An_incremental_buffer_is_filled_piece_by_piece(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 2, 10, BufferKind.Incremental);
        int[] ids = new int[4];
        CqeFlags[] more = new CqeFlags[4];
        string[] pieces = ["abcd", "efgh", "ij", "kl"];
        for (int i = 0; i < 4; i++)
        {
            pair.A.Send(pieces[i]);
            Cqe cqe = Receive(ring, pair.B);
            Assert.Equal(pieces[i].Length, cqe.Res);
            (ids[i], more[i]) = (TestBuffers.IdOf(cqe) - First, cqe.Flags & CqeFlags.BufMore);
        }

        Assert.Equal([0, 0, 0, 1], ids);
        Assert.Equal([CqeFlags.BufMore, CqeFlags.BufMore, CqeFlags.None, CqeFlags.BufMore], more);
        Assert.Equal("abcdefghij"u8, buffers[First]);
        Assert.Equal("kl"u8, buffers[First + 1][..2]);
        Assert.Equal(1, buffers.Head);
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    [EveryEngine(BufferKind.Incremental)]
    public void An_empty_group_is_found_out_before_there_is_data(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 1, 4, kind);
        pair.A.Send("data");
        Assert.Equal(4, Receive(ring, pair.B).Res);
        Cqe cqe = Receive(ring, pair.B);
        Assert.Equal((-Errno.ENOBUFS, CqeFlags.None), (cqe.Res, cqe.Flags));
        ring.Next().PrepareRecv(pair.B, 0, 0).SelectBuffer(9);
        Assert.Equal(-Errno.ENOBUFS, ring.Result());
        buffers.GiveBack(First);
        pair.A.Send("more");
        Assert.Equal(4, Receive(ring, pair.B).Res);
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    public void What_gives_no_byte_uses_no_buffer(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using TestSocket apart = TestSocket.Tcp();
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 1, 4, kind);
        ring.Next().PrepareRecv(apart, 0, 0).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ENOTCONN, CqeFlags.None), (cqe.Res, cqe.Flags));
        ring.Next().PrepareRecv(pair.B, 0, 0, DontWait).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        cqe = ring.Take();
        Assert.Equal((-Errno.EAGAIN, CqeFlags.None), (cqe.Res, cqe.Flags));
        pair.A.ShutDown(1);
        cqe = Receive(ring, pair.B);
        Assert.Equal((0, CqeFlags.None), (cqe.Res, cqe.Flags));
        using var other = new TestPair();
        other.A.Send("ok");
        Assert.Equal(First, TestBuffers.IdOf(Receive(ring, other.B)));
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    [EveryEngine(BufferKind.Incremental)]
    public void Those_that_wait_share_the_buffers_that_are_there(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using TestPair first = new(), second = new(), third = new();
        using var buffers = new TestBuffers(ring, Group, 2, 4, kind);
        foreach (TestPair pair in (TestPair[])[first, second, third])
            ring.Next().PrepareRecv(pair.B, 0, 0).SelectBuffer(Group);
        Assert.Equal(3, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        third.A.Send("3333");
        Assert.Equal("3333"u8, buffers.Of(ring.Take()));
        first.A.Send("1111");
        Assert.Equal("1111"u8, buffers.Of(ring.Take()));
        second.A.Send("2222");
        Assert.Equal(-Errno.ENOBUFS, ring.Take().Res);
        Assert.Equal("2222", second.B.ReceiveText());
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    [EveryEngine(BufferKind.Incremental)]
    public void Waiting_for_all_keeps_the_buffer_that_is_begun(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using TestPair pair = new(), other = new();
        using var buffers = new TestBuffers(ring, Group, 2, 8, kind);
        ring.Next().PrepareRecv(pair.B, 0, 0, WaitAll).SelectBuffer(Group).UserData = 1;
        Assert.Equal(1, ring.Submit());
        pair.A.Send("abc");
        Assert.True(ring.StaysQuiet(100));
        other.A.Send("zz");
        Cqe cqe = Receive(ring, other.B);
        int whole = TestBuffers.IdOf(cqe);
        pair.A.Send("defgh");
        Cqe all = ring.Take();
        Assert.Equal((1ul, 8), (all.UserData, all.Res));
        Assert.Equal(First, TestBuffers.IdOf(all));
        if (kind == BufferKind.Incremental)
        {
            // The other took what was left behind the first piece, where this one went on all the same.
            Assert.Equal((First, CqeFlags.None), (whole, all.Flags & CqeFlags.BufMore));
            Assert.Equal("abcdefgh"u8, buffers[First]);
            return;
        }

        Assert.Equal(First + 1, whole);
        Assert.Equal("abcdefgh"u8, buffers.Of(all));
        Assert.Equal("zz"u8, buffers.Of(cqe));
    }

    [Theory]
    [EveryEngine(BufferKind.Ring, false)]
    [EveryEngine(BufferKind.List, false)]
    [EveryEngine(BufferKind.Incremental, false)]
    [EveryEngine(BufferKind.Ring, true)]
    [EveryEngine(BufferKind.List, true)]
    public void Waiting_for_all_in_vain_gives_the_buffer_that_is_begun(string engine, BufferKind kind, bool cancels)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 2, 8, kind);
        ring.Next().PrepareRecv(pair.B, 0, 0, WaitAll).SelectBuffer(Group).UserData = 1;
        ring.SqeAt(ring.SqTail & 7).Flags |= SqeFlags.IoLink;
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        pair.A.Send("abc");
        Assert.True(ring.StaysQuiet(20));
        if (cancels)
        {
            ring.Next().PrepareAsyncCancel(1).Flags = SqeFlags.CqeSkipSuccess;
            Assert.Equal(1, ring.Submit());
        }
        else
        {
            pair.A.ShutDown(1);
        }

        Cqe cqe = ring.Take();
        Assert.Equal((1ul, 3, First), (cqe.UserData, cqe.Res, TestBuffers.IdOf(cqe)));
        Assert.Equal(CqeFlags.None, cqe.Flags & CqeFlags.BufMore); // though an incremental one has room behind
        Assert.Equal("abc"u8, buffers.Of(cqe));
        Assert.Equal(-Errno.ECANCELED, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    public void A_cancel_while_it_waits_leaves_the_buffers(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 1, 8, kind);
        ring.Next().PrepareRecv(pair.B, 0, 0).SelectBuffer(Group).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(1).Flags = SqeFlags.CqeSkipSuccess;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ECANCELED, CqeFlags.None), (cqe.Res, cqe.Flags));
        pair.A.Send("ok");
        Assert.Equal(First, TestBuffers.IdOf(Receive(ring, pair.B)));
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.List)]
    public void A_message_goes_to_a_provided_buffer_as_well(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 2, 8, kind);
        using TestMessage message = new TestMessage().WithNameRoom(16);
        Assert.Equal(0, sender.Connect(receiver.Address));
        foreach ((int room, int expected) in ((int, int)[])[(0, 8), (5, 5)])
        {
            message.With(room);
            message.Header.IovLen = room == 0 ? 0u : 1;
            ring.Next().PrepareRecvmsg(receiver, message.Address).SelectBuffer(Group);
            Assert.Equal(1, ring.Submit());
            Assert.True(ring.StaysQuiet(10));
            sender.Send("a message");
            Cqe cqe = ring.Take();
            Assert.Equal(expected, cqe.Res);
            Assert.Equal("a message"[..expected], Encoding.ASCII.GetString(buffers.Of(cqe)));
            Assert.Equal((int)TestSocket.MSG_TRUNC, message.Header.Flags);
            Assert.Equal(sender.Address, message.Name[..16].ToArray());
        }
    }

    private static CqeFlags More(Cqe cqe) => cqe.Flags & (CqeFlags.SockNonEmpty | CqeFlags.More);

    private static Cqe Receive(SeamRing ring, TestSocket socket, uint length = 0)
    {
        ring.Next().PrepareRecv(socket, 0, length).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        return ring.Take();
    }
}
