using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>RECVMSG that goes on: in each buffer a head, the name, the control data and the payload.</summary>
public sealed class MultishotMessageTests
{
    private const ushort Group = 3;
    private const int NameRoom = 32, ControlRoom = 64;
    private static readonly int HeadBytes = Unsafe.SizeOf<RecvMsgOut>();

    [Theory]
    [EveryEngine(BufferKind.Ring, true, SqeFlags.None)]
    [EveryEngine(BufferKind.Ring, false, SqeFlags.None)]
    [EveryEngine(BufferKind.List, false, SqeFlags.Async)]
    public void Each_message_has_its_head(string engine, BufferKind kind, bool hasPointers, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 4, 256, kind);
        using TestMessage message = new TestMessage().WithNameRoom(NameRoom).WithControlRoom(ControlRoom);
        if (!hasPointers)
            (message.Header.Name, message.Header.Control) = (0, 0);
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver, message, flags);
        foreach (string text in (string[])["one", "and another"])
        {
            sender.Send(text);
            Cqe cqe = ring.Take();
            Assert.Equal(CqeFlags.More, cqe.Flags & (CqeFlags)0xFFFE);
            Assert.Equal(HeadBytes + NameRoom + ControlRoom + text.Length, cqe.Res);
            Parts parts = Split(buffers.Of(cqe), NameRoom, ControlRoom);
            Assert.Equal(new RecvMsgOut { NameLen = 16, PayloadLen = (uint)text.Length }, parts.Head);
            Assert.Equal(sender.Address, parts.Name);
            Assert.Equal(text, Encoding.ASCII.GetString(parts.Payload));
            Assert.Equal(0xEE, buffers.Of(cqe)[HeadBytes + 16]); // behind the name nothing is written
        }

        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void The_header_may_go_once_it_is_submitted(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 4, 256);
        using TestMessage message = new TestMessage().WithNameRoom(NameRoom);
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver, message);
        message.Spoil();
        byte[] spoiled = message.Memory[..512].ToArray();
        sender.Send("hello");
        Cqe cqe = ring.Take();
        Assert.Equal("hello"u8, Split(buffers.Of(cqe), NameRoom, 0).Payload);
        Assert.Equal(spoiled, message.Memory[..512].ToArray()); // nor is it written to
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(6)]
    [EveryEngine(200)]
    public void A_name_is_told_where_there_is_room_for_one(string engine, int room)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 4, 512);
        using TestMessage message = new TestMessage().WithNameRoom(room);
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver, message);
        sender.Send("hello");
        Parts parts = Split(buffers.Of(ring.Take()), room, 0);
        Assert.Equal(new RecvMsgOut { NameLen = room == 0 ? 0u : 16, PayloadLen = 5 }, parts.Head);
        Assert.Equal(sender.Address[..Math.Min(room, 16)], parts.Name);
    }

    [Theory, EveryEngine]
    public void A_payload_that_does_not_fit_is_cut_and_told_in_full(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 4, 64);
        using TestMessage message = new TestMessage().WithNameRoom(32);
        Assert.Equal(0, sender.Connect(receiver.Address));
        foreach (uint flags in (uint[])[0, TestSocket.MSG_TRUNC])
        {
            Start(ring, receiver, message, msgFlags: flags);
            sender.Send("twenty-four bytes of it.");
            Cqe cqe = ring.Take();
            Assert.Equal(64, cqe.Res);
            Parts parts = Split(buffers.Of(cqe), 32, 0);
            Assert.Equal((TestSocket.MSG_TRUNC, flags == 0 ? 16u : 24), (parts.Head.Flags, parts.Head.PayloadLen));
            Assert.Equal("twenty-four byte"u8, parts.Payload);
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            ring.Take(2);
        }
    }

    [Theory]
    [EveryEngine(47, -Errno.EFAULT)]
    [EveryEngine(49, 49)]
    public void A_buffer_must_have_room_for_the_head(string engine, int size, int result)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 4, size);
        using TestMessage message = new TestMessage().WithNameRoom(32);
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver, message);
        if (result > 0)
            sender.Send("x");
        Cqe cqe = ring.Take();
        Assert.Equal((result, result > 0), (cqe.Res, (cqe.Flags & CqeFlags.More) != 0));
        Assert.Equal(result > 0, (cqe.Flags & CqeFlags.Buffer) != 0);
        if (result < 0)
            Assert.Equal(0, buffers.Head);
    }

    [Theory]
    [EveryEngine(0u)]
    [EveryEngine(0x40000000u)]
    public void Descriptors_come_in_the_buffer(string engine, uint msgFlags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair();
        using var pipe = new TestPipe();
        using var buffers = new TestBuffers(ring, Group, 4, 256);
        using TestMessage message = new TestMessage().WithControlRoom(ControlRoom);
        using TestMessage sent = new TestMessage().WithData("one"u8).WithRights(pipe.WriteEnd);
        Start(ring, pair.B, message, msgFlags: msgFlags);
        Assert.Equal(3, sent.Send(pair.A));
        Parts parts = Split(buffers.Of(ring.Take()), 0, ControlRoom);
        Assert.Equal(new RecvMsgOut { ControlLen = 24, PayloadLen = 3, Flags = msgFlags }, parts.Head);
        using TestDescriptor right = Assert.Single(TestMessage.RightsIn(parts.Control));
        Assert.Equal(msgFlags != 0, (Libc.Fcntl(right, Libc.F_GETFD, 0) & 1) != 0);
    }

    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void The_end_of_a_stream_is_a_head_without_payload(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, 4, 64);
        using var message = new TestMessage();
        Start(ring, pair.B, message);
        pair.A.Send("last");
        Cqe cqe = ring.Take();
        Assert.Equal((HeadBytes + 4, CqeFlags.More), (cqe.Res, cqe.Flags & CqeFlags.More));
        pair.A.Close();
        cqe = ring.Take();
        Assert.Equal((HeadBytes, CqeFlags.None), (cqe.Res, cqe.Flags & CqeFlags.More));
        Assert.Equal(default, Split(buffers.Of(cqe), 0, 0).Head);
    }

    [Theory, EveryEngine]
    public void Rooms_that_are_too_large_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket receiver = TestSocket.Udp();
        using var message = new TestMessage();
        Sqe sqe = default;
        sqe.PrepareRecvmsg(receiver, message.Address, 0, RecvSendFlags.Multishot).SelectBuffer(Group);
        message.Header.NameLen = -1;
        Assert.Equal(-Errno.EOVERFLOW, ring.DoRefused(sqe));
        message.Header.NameLen = int.MaxValue - 15;
        Assert.Equal(-Errno.EOVERFLOW, ring.DoRefused(sqe));
        (message.Header.NameLen, message.Header.ControlLen) = (0, nuint.MaxValue);
        Assert.Equal(-Errno.EOVERFLOW, ring.DoRefused(sqe));
        message.Header.ControlLen = int.MaxValue;
        Assert.Equal(-Errno.EOVERFLOW, ring.DoRefused(sqe));
        message.Header.ControlLen = int.MaxValue - 16;
        Assert.Equal(-Errno.ENOBUFS, ring.Do(sqe));
    }

    [Theory, EveryEngine]
    public void A_group_that_runs_empty_ends_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket sender = TestSocket.Udp(), receiver = TestSocket.Udp();
        using var buffers = new TestBuffers(ring, Group, 1, 64);
        using var message = new TestMessage();
        Assert.Equal(0, sender.Connect(receiver.Address));
        Start(ring, receiver, message);
        sender.Send("one");
        Assert.Equal(HeadBytes + 3, ring.Take().Res);
        sender.Send("two");
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.ENOBUFS, CqeFlags.None), (cqe.Res, cqe.Flags));
        Assert.Equal("two", receiver.ReceiveText());
    }

    private static void Start(SeamRing ring, TestSocket socket, TestMessage message, SqeFlags flags = 0, uint msgFlags = 0)
    {
        ref Sqe sqe = ref ring.Next().PrepareRecvmsg(socket, message.Address, msgFlags, RecvSendFlags.Multishot).SelectBuffer(Group);
        (sqe.Flags, sqe.UserData) = (sqe.Flags | flags, 1);
        Assert.Equal(1, ring.Submit());
    }

    private static Parts Split(ReadOnlySpan<byte> buffer, int nameRoom, int controlRoom)
    {
        RecvMsgOut head = MemoryMarshal.Read<RecvMsgOut>(buffer);
        int controlAt = HeadBytes + nameRoom;
        return new Parts(
            head,
            buffer.Slice(HeadBytes, Math.Min((int)head.NameLen, nameRoom)).ToArray(),
            buffer.Slice(controlAt, (int)head.ControlLen).ToArray(),
            buffer[(controlAt + controlRoom)..].ToArray());
    }

    private sealed record Parts(RecvMsgOut Head, byte[] Name, byte[] Control, byte[] Payload);
}
