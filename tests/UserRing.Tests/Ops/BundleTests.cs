using System.Text;
using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>Several provided buffers in one receive or send. Their finer points: ReceiveShapesTests, SendShapesTests.</summary>
public sealed class BundleTests
{
    private const ushort Group = 3;
    private const int First = TestBuffers.FirstId;
    private const RecvSendFlags Bundle = RecvSendFlags.Bundle;
    private const CqeFlags Bits = (CqeFlags)0xFFFE;

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void What_is_there_goes_into_buffers_that_follow_each_other(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        pair.A.Send("abcdefghij");
        Cqe cqe = Receive(ring, pair.B);
        // The last buffer is not cut short for it, so what would not fill it stays for another receive.
        Assert.Equal((8, First, CqeFlags.SockNonEmpty), (cqe.Res, TestBuffers.IdOf(cqe), cqe.Flags & Bits));
        Assert.Equal("abcdefgh", Text(buffers, First, 2));
        Assert.Equal(2, buffers.Head);
        cqe = Receive(ring, pair.B);
        Assert.Equal((2, First + 2, CqeFlags.None), (cqe.Res, TestBuffers.IdOf(cqe), cqe.Flags & Bits));
        Assert.Equal(3, buffers.Head);
    }

    [Theory, EveryEngine]
    public void An_incremental_ring_is_filled_to_the_last_byte(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4, BufferKind.Incremental);
        pair.A.Send("abcdefghij");
        Cqe cqe = Receive(ring, pair.B);
        Assert.Equal((10, First, CqeFlags.BufMore), (cqe.Res, TestBuffers.IdOf(cqe), cqe.Flags & Bits));
        Assert.Equal("abcdefghij", Text(buffers, First, 3)[..10]);
        Assert.Equal(2, buffers.Head);
    }

    [Theory, EveryEngine]
    public void A_length_limits_each_turn_of_a_multishot_one(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        pair.A.Send("abcdefghijklmnop");
        ring.Next().PrepareRecv(pair.B, 0, 8, 0, Bundle | RecvSendFlags.Multishot).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        Assert.Equal(
            [(8, CqeFlags.More | CqeFlags.SockNonEmpty), (8, CqeFlags.More)], ring.Take(2).Select(cqe => (cqe.Res, cqe.Flags & Bits)));
    }

    [Theory, EveryEngine]
    public void A_length_does_not_limit_the_second_turn_of_a_single_one(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4);
        pair.A.Send("abcdefghijklmnopqrst");
        Assert.Equal(20, Receive(ring, pair.B, length: 8).Res);
    }

    [Theory, EveryEngine]
    public void A_multishot_bundle_ends_with_the_last_buffer(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 5, 4);
        ring.Next().PrepareRecv(pair.B, 0, 0, 0, Bundle | RecvSendFlags.Multishot).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        pair.A.Send("abcdefgh");
        Cqe cqe = ring.Take();
        Assert.Equal((8, CqeFlags.More), (cqe.Res, cqe.Flags & Bits));
        pair.A.Send("ijklmnopqrstuv");
        cqe = ring.Take();
        Assert.Equal((12, First + 2, CqeFlags.SockNonEmpty), (cqe.Res, TestBuffers.IdOf(cqe), cqe.Flags & Bits));
        Assert.Equal("abcdefghijklmnopqrst", Text(buffers, First, 5));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal("uv", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void Of_a_list_it_takes_one_buffer_at_a_time(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 8, 4, BufferKind.List);
        pair.A.Send("abcdef");
        Cqe cqe = Receive(ring, pair.B);
        Assert.Equal((6, First), (cqe.Res, TestBuffers.IdOf(cqe))); // once more for the same completion
        pair.A.Send("x");
        Assert.Equal(First + 2, TestBuffers.IdOf(Receive(ring, pair.B)));
    }

    [Theory, EveryEngine]
    public void A_group_that_is_not_there_is_not_called_empty(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        ring.Next().PrepareRecv(pair.B, 0, 0, 0, Bundle).SelectBuffer(9);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PrepareSend(pair.A, 0, 0, 0, Bundle).SelectBuffer(9);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PrepareSend(pair.A, 0, 0).SelectBuffer(9);
        Assert.Equal(-Errno.ENOENT, ring.Result());
        ring.Next().PrepareRecv(pair.B, 0, 0).SelectBuffer(9);
        Assert.Equal(-Errno.ENOBUFS, ring.Result());
    }

    [Theory]
    [EveryEngine(BufferKind.Ring)]
    [EveryEngine(BufferKind.Mapped)]
    public void A_send_takes_all_that_the_group_holds(string engine, BufferKind kind)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using var buffers = new TestBuffers(ring, Group, 4, 4, kind);
        Fill(buffers, "abcdefghijklmnop");
        ring.Next().PrepareSend(pair.A, 0, 0, 0, Bundle).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((16, First, CqeFlags.None), (cqe.Res, TestBuffers.IdOf(cqe), cqe.Flags & Bits));
        Assert.Equal("abcdefghijklmnop", pair.B.ReceiveText());
        Assert.Equal(4, buffers.Head);
    }

    [Theory, EveryEngine]
    public void A_send_of_a_length_goes_on_with_the_rest(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 4, 4);
        Fill(buffers, "abcdefghijklmnop");
        ring.Next().PrepareSend(pair.A, 0, 8, 0, Bundle).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(8, CqeFlags.More), (8, CqeFlags.None)], ring.Take(2).Select(cqe => (cqe.Res, cqe.Flags & Bits)));
        Assert.Equal("abcdefghijklmnop", pair.B.ReceiveText());
    }

    [Theory, EveryEngine]
    public void More_than_one_call_takes_is_sent_in_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 1000, 4);
        for (int i = 0; i < 1000; i++)
            BitConverter.TryWriteBytes(buffers[First + i], i);
        ring.Next().PrepareSend(pair.A, 0, 0, 0, Bundle).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        int[] sizes = [1024, 1024, 1024, 928];
        Assert.Equal(sizes, ring.Take(4).Select(cqe => cqe.Res));
        byte[] all = pair.B.ReceiveAll(4000);
        Assert.Equal(Enumerable.Range(0, 1000), Enumerable.Range(0, 1000).Select(i => BitConverter.ToInt32(all, i * 4)));
    }

    [Theory, EveryEngine]
    public void A_send_that_had_to_wait_is_the_last(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 4, 4);
        Fill(buffers, "abcdefghijklmnop");
        pair.A.Fill();
        ring.Next().PrepareSend(pair.A, 0, 8, 0, Bundle).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        string received = "";
        Until.True(
            () => (received += pair.B.ReceiveText(1 << 16)).EndsWith("abcdefgh", StringComparison.Ordinal), "what was sent arrives");
        Cqe cqe = ring.Take();
        Assert.Equal((8, CqeFlags.None), (cqe.Res, cqe.Flags & Bits));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(2, buffers.Head);
    }

    [Theory]
    [EveryEngine(RecvSendFlags.None)]
    [EveryEngine(RecvSendFlags.Bundle)]
    public void A_cancelled_send_has_used_its_buffers_up(string engine, RecvSendFlags how)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var buffers = new TestBuffers(ring, Group, 4, 4);
        pair.A.Fill();
        ring.Next().PrepareSend(pair.A, 0, 0, 0, how).SelectBuffer(Group).UserData = 1;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(1).Flags = SqeFlags.CqeSkipSuccess;
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ECANCELED, First), (cqe.Res, TestBuffers.IdOf(cqe)));
        Assert.Equal(how == Bundle ? 4 : 1, buffers.Head);
    }

    private static Cqe Receive(SeamRing ring, TestSocket socket, uint length = 0)
    {
        ring.Next().PrepareRecv(socket, 0, length, 0, Bundle).SelectBuffer(Group);
        Assert.Equal(1, ring.Submit());
        return ring.Take();
    }

    private static void Fill(TestBuffers buffers, string text)
    {
        for (int i = 0; i < text.Length / 4; i++)
            Encoding.ASCII.GetBytes(text.AsSpan(i * 4, 4), buffers[First + i]);
    }

    private static string Text(TestBuffers buffers, int first, int count) =>
        string.Concat(Enumerable.Range(first, count).Select(id => Encoding.ASCII.GetString(buffers[id])));
}
