using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>
/// Reads of pipes, sockets and files into provided buffers, once (READ, READV) or again and again (READ_MULTISHOT). The managed engine is
/// to answer what the kernel answers, completion by completion, and to put the same bytes into the same buffers.
/// </summary>
public sealed class ReadShapesTests
{
    private const ushort Group = 3;

    [Theory]
    [InlineData(TestEngines.Managed, 200)]
    [InlineData(TestEngines.Copying, 80)]
    public void Every_shape_is_answered_as_the_kernel_does(string engine, int shapes)
    {
        TestEngines.RequireKernel();
        Comparison.AssertAlike(shapes, Differs);

        string? Differs(int seed)
        {
            string expected = Shape.Make(seed).Run(TestEngines.Kernel);
            var shape = Shape.Make(seed);
            string actual = shape.Run(engine);
            return expected == actual
                ? null
                : $"shape {seed}: {shape} [{string.Join(' ', shape.Before)}] [{string.Join(' ', shape.After)}]\nkernel:\n{expected}\n"
                    + $"{engine}:\n{actual}";
        }
    }

    private enum Source
    {
        Pipe,
        Socket,
        File,
    }

    private sealed record Shape(
        Source Source, Opcode Opcode, BufferKind Kind, int Count, int Size, uint Length, uint RwFlags, SqeFlags Flags, int[] Before,
        int[] After, bool IsCancelled)
    {
        private readonly List<(ulong UserData, string Text)> _seen = [];
        private int _sent, _received;
        private byte _next = 1;
        private bool _hasEnded;

        public static Shape Make(int seed)
        {
            var random = new Random(seed);
            Opcode opcode = random.Next(4) switch { 0 => Opcode.Readv, 1 => Opcode.Read, _ => Opcode.ReadMultishot };
            int[] Sizes(int most) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => random.Next(1, 40))];
            return new Shape(
                random.Next(4) switch { 0 => Source.Socket, 1 => Source.File, _ => Source.Pipe },
                opcode,
                random.Next(5) switch { 0 => BufferKind.List, 1 or 2 => BufferKind.Incremental, _ => BufferKind.Ring },
                random.Next(1, 8), random.Next(1, 17),
                opcode == Opcode.ReadMultishot || random.Next(2) == 0 ? 0 : (uint)random.Next(1, 50),
                random.Next(10) == 0 ? (uint)Libc.RWF_NOWAIT : 0,
                random.Next(8) == 0 ? SqeFlags.Async : 0,
                Sizes(3), Sizes(4), random.Next(3) == 0);
        }

        public string Run(string engine)
        {
            using var ring = new SeamRing(engine, 8, cqEntries: 64);
            using var pair = new TestPair();
            using var pipe = new TestPipe();
            using TestFile file = TestFile.Numbered(64);
            using var buffers = new TestBuffers(ring, Group, Count, Size, Kind);
            using TestMessage vector = new TestMessage().With((int)Length);
            (TestDescriptor source, TestDescriptor target) = Source switch
            {
                Source.Pipe => (pipe.ReadEnd, pipe.WriteEnd),
                Source.Socket => (pair.B, pair.A),
                _ => ((TestDescriptor)file, file),
            };
            foreach (int size in Before)
                Write(target, size);
            ref Sqe sqe = ref ring.Next();
            sqe = new Sqe
            {
                Opcode = Opcode, Fd = source, Off = Source == Source.File ? 3 : ulong.MaxValue, Len = Opcode == Opcode.Readv ? 1 : Length,
                Addr = Opcode == Opcode.Readv ? vector.Header.Iov : 0, RwFlags = RwFlags, UserData = 1,
            };
            sqe.SelectBuffer(Group).Flags |= Flags | SqeFlags.IoLink;
            ring.Nops(2);
            Assert.Equal(2, ring.Submit());
            AwaitWorker(ring);
            Settle(ring, source);
            foreach (int size in After)
            {
                Write(target, size);
                Settle(ring, source);
            }

            AwaitWorker(ring);
            if (IsCancelled)
            {
                ring.Next().PrepareAsyncCancel(1).UserData = 3;
                Assert.Equal(1, ring.Submit());
            }
            else
            {
                target.Close();
            }

            ulong last = IsCancelled ? 3u : 2;
            Until.True(
                () => Look(ring) && _hasEnded && _seen.Any(cqe => cqe.UserData == 2) && _seen.Any(cqe => cqe.UserData == last),
                $"all requests end: {this}");
            var log = new StringBuilder();
            foreach ((_, string text) in _seen.OrderBy(cqe => cqe.UserData))
                log.AppendLine(text);
            if (Kind != BufferKind.List)
                log.AppendLine($"head: {buffers.Head}");
            for (int i = 0; i < Count; i++)
                log.AppendLine(Convert.ToHexString(buffers[TestBuffers.FirstId + i]));
            return log.ToString();
        }

        private unsafe void Write(TestDescriptor target, int size)
        {
            if (Source == Source.File)
                return;
            byte* bytes = stackalloc byte[size];
            for (int i = 0; i < size; i++)
                bytes[i] = _next++;
            Assert.Equal(size, Libc.Write(target, bytes, (nuint)size));
            _sent += size;
        }

        /// <summary>By IOSQE_ASYNC it may be on its way to where it waits, which nothing tells.</summary>
        private void AwaitWorker(SeamRing ring)
        {
            if (Flags != 0)
                ring.StaysQuiet(20);
        }

        private void Settle(SeamRing ring, TestDescriptor source) => Until.True(
            () => Look(ring) && (_hasEnded || _received == _sent && Libc.BytesToReceive(source) == 0),
            $"what was written is read, or the request ends: {this}");

        private bool Look(SeamRing ring)
        {
            Assert.Equal(0, ring.GetEvents());
            foreach (Cqe cqe in ring.TakeReady())
            {
                _seen.Add((cqe.UserData, $"{cqe.UserData}: {cqe.Res} {cqe.Flags & (CqeFlags)0xFFFF} {(uint)cqe.Flags >> 16}"));
                if (cqe.UserData != 1)
                    continue;
                _hasEnded |= (cqe.Flags & CqeFlags.More) == 0;
                _received += Math.Max(0, cqe.Res);
            }

            return true;
        }
    }
}
