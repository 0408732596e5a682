using System.Buffers.Binary;
using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>Many small messages of a fast writer through one multishot receive: nothing is lost between two events.</summary>
public sealed class MultishotReceiveStressTests
{
    private const ushort Group = 3;
    private const int Messages = 100_000, MessageBytes = 4;

    [Theory]
    [EveryEngine(Transport.Unix, BufferKind.Ring, 0u)]
    [EveryEngine(Transport.Tcp, BufferKind.Ring, 0u)]
    [EveryEngine(Transport.Packets, BufferKind.Ring, 0u)]
    [EveryEngine(Transport.Tcp, BufferKind.Ring, (uint)(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun))]
    [EveryEngine(Transport.Unix, BufferKind.List, 0u)]
    [EveryEngine(Transport.Tcp, BufferKind.Incremental, 0u)]
    public void Nothing_is_lost_and_all_is_in_order(string engine, Transport transport, BufferKind kind, uint flags)
    {
        const int Buffers = 64, BufferBytes = 64;
        int messages = kind == BufferKind.List ? Messages / 10 : Messages;
        using var ring = new SeamRing(engine, 8, (SetupFlags)flags, cqEntries: 128);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, Buffers, BufferBytes, kind);
        TestThread<int> writer = TestThread.Start(() => Write(pair.A, messages));
        int[] used = new int[Buffers];
        var check = new Sequence();
        bool runs = false;
        while (check.Next < messages)
        {
            if (!runs)
            {
                ring.Next().PrepareRecv(pair.B, 0, 0, 0, RecvSendFlags.Multishot).SelectBuffer(Group);
                Assert.Equal(1, ring.Submit());
                runs = true;
            }

            Cqe cqe = ring.Take();
            runs = (cqe.Flags & CqeFlags.More) != 0;
            if (cqe.Res == -Errno.ENOBUFS)
                continue;
            Assert.True(cqe.Res > 0, $"after {check.Next}: {cqe.Res}, {cqe.Flags}");
            int id = TestBuffers.IdOf(cqe);
            ref int begin = ref used[id - TestBuffers.FirstId];
            check.Take(buffers[id].Slice(begin, cqe.Res));
            if ((cqe.Flags & CqeFlags.BufMore) != 0)
            {
                begin += cqe.Res;
                continue;
            }

            begin = 0;
            buffers.GiveBack(id);
        }

        Assert.Equal(0, writer.Answer);
        Assert.Equal(messages, check.Next);
        Assert.True(ring.StaysQuiet(10));
    }

    /// <summary>Cancels meet events at every moment: what was received was reported, and what was not is still there.</summary>
    [Theory]
    [EveryEngine(Transport.Unix)]
    [EveryEngine(Transport.Tcp)]
    public void Cancelled_and_begun_again_it_loses_nothing(string engine, Transport transport)
    {
        using var ring = new SeamRing(engine, 8, cqEntries: 256);
        using var pair = new TestPair(transport);
        using var buffers = new TestBuffers(ring, Group, 64, 16);
        const int Some = Messages / 10;
        TestThread<int> writer = TestThread.Start(() => Write(pair.A, Some));
        var check = new Sequence();
        for (int round = 0; check.Next < Some; round++)
        {
            ring.Next().PrepareRecv(pair.B, 0, 0, 0, RecvSendFlags.Multishot).SelectBuffer(Group).UserData = 1;
            Assert.Equal(1, ring.Submit());
            Thread.SpinWait(round * 13 % 2000);
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            for (bool ended = false, answered = false; !ended || !answered;)
            {
                Cqe cqe = ring.Take();
                if (cqe.UserData == 2)
                {
                    answered = true;
                    continue;
                }

                ended = (cqe.Flags & CqeFlags.More) == 0;
                if (cqe.Res is -Errno.ECANCELED or -Errno.ENOBUFS)
                    continue;
                check.Take(buffers.Of(cqe));
                buffers.GiveBack(TestBuffers.IdOf(cqe));
            }
        }

        Assert.Equal(0, writer.Answer);
    }

    private static int Write(TestSocket socket, int messages)
    {
        Span<byte> message = stackalloc byte[MessageBytes];
        for (int i = 0; i < messages; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(message, i);
            socket.Send(message);
        }

        return 0;
    }

    /// <summary>Numbers that follow each other, in pieces cut anywhere.</summary>
    private struct Sequence
    {
        private uint _part;
        private int _bytes;

        public int Next { get; private set; }

        public void Take(ReadOnlySpan<byte> piece)
        {
            foreach (byte one in piece)
            {
                _part |= (uint)one << (8 * _bytes);
                if (++_bytes < MessageBytes)
                    continue;
                Assert.Equal(Next, (int)_part);
                (_part, _bytes) = (0, 0);
                Next++;
            }
        }
    }
}
