using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>
/// Sends from provided buffers in all their shapes: bundles or not, with lengths and MSG_WAITALL, from buffers of every kind, into sockets
/// that are full at times. The managed engine is to answer what the kernel answers, completion by completion, and to send the same.
/// </summary>
public sealed class SendShapesTests
{
    private const ushort Group = 3;

    [Theory]
    [InlineData(TestEngines.Managed, Transport.Unix, 150)]
    [InlineData(TestEngines.Managed, Transport.Packets, 40)]
    [InlineData(TestEngines.Copying, Transport.Unix, 40)]
    public void Every_shape_is_answered_as_the_kernel_does(string engine, Transport transport, int shapes)
    {
        TestEngines.RequireKernel();
        Comparison.AssertAlike(shapes, Differs);

        string? Differs(int seed)
        {
            var shape = Shape.Make(seed, transport);
            string expected = shape.Run(TestEngines.Kernel), actual = shape.Run(engine);
            return expected == actual ? null : $"shape {seed}: {shape}\nkernel:\n{expected}\n{engine}:\n{actual}";
        }
    }

    private sealed record Shape(
        Transport Transport, BufferKind Kind, int Count, int Size, RecvSendFlags How, uint Length, uint MsgFlags, SqeFlags Flags,
        Opcode Opcode, bool IsFull, bool IsCancelled)
    {
        public static Shape Make(int seed, Transport transport)
        {
            var random = new Random(seed);
            bool isLarge = random.Next(3) == 0;
            SqeFlags flags = random.Next(10) == 0 ? SqeFlags.Async : 0;
            return new Shape(
                transport,
                random.Next(5) switch { 0 => BufferKind.List, 1 or 2 => BufferKind.Incremental, _ => BufferKind.Ring },
                random.Next(1, isLarge ? 6 : 80), isLarge ? random.Next(1, 60_000) : random.Next(1, 40),
                (random.Next(5) < 3 ? RecvSendFlags.Bundle : 0) | (random.Next(6) == 0 ? RecvSendFlags.PollFirst : 0),
                random.Next(2) == 0 ? 0 : (uint)random.Next(1, isLarge ? 200_000 : 200),
                (random.Next(3) == 0 ? TestSocket.MSG_WAITALL : 0)
                    | (random.Next(10) == 0 && flags == 0 ? TestSocket.MSG_DONTWAIT : 0),
                flags, random.Next(6) == 0 ? Opcode.Sendmsg : Opcode.Send, random.Next(3) == 0,
                random.Next(4) == 0 && flags == 0); // a worker that comes late has done nothing yet when the cancel comes
        }

        public string Run(string engine)
        {
            using var ring = new SeamRing(engine, 8, cqEntries: 64);
            using var pair = new TestPair(Transport);
            using var buffers = new TestBuffers(ring, Group, Count, Size, Kind);
            using TestMessage message = new TestMessage().With((int)Length);
            for (int i = 0; i < Count; i++)
                buffers[TestBuffers.FirstId + i].Fill((byte)(i + 1));
            if (IsFull)
                pair.A.Fill();
            else
                pair.A.LimitSendBuffer(16384);
            if (Opcode == Opcode.Sendmsg)
                ring.Next().PrepareSendmsg(pair.A, message.Address, MsgFlags, How & ~RecvSendFlags.Bundle).SelectBuffer(Group);
            else
                ring.Next().PrepareSend(pair.A, 0, Length, MsgFlags, How).SelectBuffer(Group);
            ref Sqe sqe = ref ring.SqeAt(ring.SqTail & 7);
            sqe.Flags |= Flags | SqeFlags.IoLink;
            sqe.UserData = 1;
            ring.Nops(2);
            Assert.InRange(ring.Submit(), 1, 2);
            List<Cqe> seen = [];
            while (!ring.StaysQuiet(Flags != 0 ? 20 : 4))
                seen.AddRange(ring.TakeReady());
            if (IsCancelled)
            {
                ring.Next().PrepareAsyncCancel(1).UserData = 3;
                Assert.InRange(ring.Submit(), 1, 2);
            }

            var received = new StringBuilder();
            int sum = 0;
            Until.True(
                () =>
                {
                    Assert.Equal(0, ring.GetEvents());
                    seen.AddRange(ring.TakeReady());
                    if (Libc.Poll(pair.B, Libc.POLLIN, 0, out _) > 0)
                        Add(received, pair.B.Receive(1 << 20), ref sum);
                    return seen.Any(cqe => cqe.UserData == 2) && (!IsCancelled || seen.Any(cqe => cqe.UserData == 3))
                        && Libc.Poll(pair.B, Libc.POLLIN, 0, out _) == 0;
                },
                $"it ends: {this}");
            var log = new StringBuilder();
            foreach (Cqe cqe in seen.OrderBy(cqe => cqe.UserData))
                log.AppendLine($"{cqe.UserData}: {cqe.Res} {cqe.Flags & (CqeFlags)0xFFFF} {(uint)cqe.Flags >> 16}");
            if (Kind != BufferKind.List)
                log.AppendLine($"head: {buffers.Head}");
            return log.Append(received).Append(sum).ToString();
        }

        private static void Add(StringBuilder received, byte[] bytes, ref int sum)
        {
            foreach (byte one in bytes)
                sum = unchecked(sum * 31 + one);
            if (bytes.Length < 4096)
                received.Append(Convert.ToHexString(bytes.Where(one => one != 0).Take(500).ToArray())).Append(' ');
        }
    }
}
