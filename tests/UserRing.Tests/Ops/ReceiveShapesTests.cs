using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>
/// Receives into provided buffers in all their shapes: bundles or not, multishot or not, with lengths, limits and MSG_WAITALL, into
/// buffers of every kind. The managed engine is to answer what the kernel answers, completion by completion, and to put the same
/// bytes into the same buffers.
/// </summary>
public sealed class ReceiveShapesTests
{
    private const ushort Group = 3;

    [Theory]
    [InlineData(TestEngines.Managed, Transport.Unix, 300)]
    [InlineData(TestEngines.Managed, Transport.Tcp, 120)]
    [InlineData(TestEngines.Managed, Transport.Datagrams, 60)]
    [InlineData(TestEngines.Copying, Transport.Unix, 80)]
    public void Every_shape_is_answered_as_the_kernel_does(string engine, Transport transport, int shapes)
    {
        TestEngines.RequireKernel();
        Comparison.AssertAlike(shapes, Differs);

        string? Differs(int seed)
        {
            string expected = Shape.Make(seed, transport).Run(TestEngines.Kernel);
            var shape = Shape.Make(seed, transport);
            string actual = shape.Run(engine);
            return expected == actual
                ? null
                : $"shape {seed}: {shape} [{string.Join(' ', shape.Before)}] [{string.Join(' ', shape.After)}]\nkernel:\n{expected}\n"
                    + $"{engine}:\n{actual}";
        }
    }

    /// <summary>One receive, what is sent to it, and how it ends.</summary>
    private sealed record Shape(
        Transport Transport, BufferKind Kind, int Count, int Size, RecvSendFlags How, uint Length, uint MsgFlags, uint Limit,
        SqeFlags Flags,
        bool IsMessage, int[] Before, int[] After, bool IsCancelled)
    {
        private readonly List<(ulong UserData, string Text)> _seen = [];
        private int _sent, _sends, _received, _receives;
        private byte _next = 1;
        private bool _hasEnded;

        public static Shape Make(int seed, Transport transport)
        {
            var random = new Random(seed);
            bool isMessage = random.Next(6) == 0, isMultishot = !isMessage && random.Next(2) == 0;
            bool isBundle = !isMessage && random.Next(5) < 3;
            SqeFlags flags = random.Next(10) == 0 ? SqeFlags.Async : 0;
            int[] Sizes(int most) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => random.Next(1, 40))];
            return new Shape(
                transport,
                random.Next(5) switch { 0 => BufferKind.List, 1 or 2 => BufferKind.Incremental, _ => BufferKind.Ring },
                random.Next(1, 8), random.Next(1, 17),
                (isMultishot ? RecvSendFlags.Multishot : 0) | (isBundle ? RecvSendFlags.Bundle : 0)
                    | (random.Next(8) == 0 ? RecvSendFlags.PollFirst : 0),
                random.Next(2) == 0 ? 0 : (uint)random.Next(1, 50),
                (!isMultishot && random.Next(3) == 0 ? TestSocket.MSG_WAITALL : 0)
                | (random.Next(10) == 0 && flags == 0 ? TestSocket.MSG_DONTWAIT : 0),
                isMultishot && random.Next(3) == 0 ? (uint)random.Next(1, 60) : 0,
                flags, isMessage, Sizes(3), Sizes(4), random.Next(2) == 0);
        }

        public string Run(string engine)
        {
            using var ring = new SeamRing(engine, 8, cqEntries: 64);
            using var pair = new TestPair(Transport);
            using var buffers = new TestBuffers(ring, Group, Count, Size, Kind);
            using TestMessage message = new TestMessage().With((int)Length);
            foreach (int size in Before)
                Send(pair.A, size);
            if (IsMessage)
                ring.Next().PrepareRecvmsg(pair.B, message.Address, MsgFlags, How).SelectBuffer(Group);
            else
                ring.Next().PrepareRecv(pair.B, 0, Length, MsgFlags, How, Limit).SelectBuffer(Group);
            ref Sqe sqe = ref ring.SqeAt(ring.SqTail & 7);
            sqe.Flags |= Flags | SqeFlags.IoLink;
            sqe.UserData = 1;
            ring.Nops(2);
            Assert.Equal(2, ring.Submit());
            AwaitWorker(ring);
            Settle(ring, pair.B);
            foreach (int size in After)
            {
                Send(pair.A, size);
                Settle(ring, pair.B);
            }

            End(ring, pair.A);
            var log = new StringBuilder();
            foreach ((_, string text) in _seen.OrderBy(cqe => cqe.UserData))
                log.AppendLine(text);
            log.AppendLine($"left: {Libc.BytesToReceive(pair.B)}");
            if (Kind != BufferKind.List)
                log.AppendLine($"head: {buffers.Head}");
            for (int i = 0; i < Count; i++)
                log.AppendLine(Convert.ToHexString(buffers[TestBuffers.FirstId + i]));
            return log.ToString();
        }

        /// <summary>By IOSQE_ASYNC it may be on its way to where it waits, which nothing tells.</summary>
        private void AwaitWorker(SeamRing ring)
        {
            if (Flags != 0)
                ring.StaysQuiet(20);
        }

        private void Send(TestSocket socket, int size)
        {
            byte[] bytes = new byte[size];
            foreach (ref byte one in bytes.AsSpan())
                one = _next++;
            socket.Send(bytes);
            (_sent, _sends) = (_sent + size, _sends + 1);
        }

        /// <summary>
        /// Until the engine has taken and reported what was sent, or has ended the request. What waits for all reports later, and it makes
        /// no difference how it gets it.
        /// </summary>
        private void Settle(SeamRing ring, TestSocket socket) => Until.True(
            () =>
            {
                Look(ring);
                bool isReported = Transport == Transport.Datagrams
                    ? _receives == _sends
                    : (MsgFlags & TestSocket.MSG_WAITALL) != 0 || _received == _sent;
                return _hasEnded || isReported && Libc.BytesToReceive(socket) == 0;
            },
            $"what was sent is received, or the request ends: {this}");

        private void End(SeamRing ring, TestSocket sender)
        {
            AwaitWorker(ring);
            if (IsCancelled)
            {
                ring.Next().PrepareAsyncCancel(1).UserData = 3;
                Assert.Equal(1, ring.Submit());
            }
            else if (Transport != Transport.Datagrams)
            {
                sender.ShutDown(1);
            }
            else if (!_hasEnded)
            {
                return;
            }

            ulong last = IsCancelled ? 3u : 2;
            Until.True(
                () =>
                {
                    Look(ring);
                    return _hasEnded && _seen.Any(cqe => cqe.UserData == 2) && _seen.Any(cqe => cqe.UserData == last);
                },
                $"all requests end: {this}");
        }

        private void Look(SeamRing ring)
        {
            Assert.Equal(0, ring.GetEvents());
            foreach (Cqe cqe in ring.TakeReady())
            {
                // What waits for all may find more already, depending on who is faster.
                CqeFlags told = cqe.Flags & (CqeFlags)0xFFFF & ~((MsgFlags & TestSocket.MSG_WAITALL) != 0 ? CqeFlags.SockNonEmpty : 0);
                _seen.Add((cqe.UserData, $"{cqe.UserData}: {cqe.Res} {told} {(uint)cqe.Flags >> 16}"));
                if (cqe.UserData != 1)
                    continue;
                _hasEnded |= (cqe.Flags & CqeFlags.More) == 0;
                (_received, _receives) = (_received + Math.Max(0, cqe.Res), _receives + 1);
            }
        }
    }
}
