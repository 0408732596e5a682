using System.Buffers;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Tests;

/// <summary>Requests whose memory and handle the ring keeps until they are reaped.</summary>
public sealed class RingHeldTests
{
    [Theory, EveryEngine]
    public void A_read_a_write_and_an_fsync_complete_under_their_tokens(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        using TestFile file = TestFile.Create("hello");
        using OwnedHandle handle = file.Handle();
        byte[] buffer = new byte[3];
        ulong read = ring.Read(handle, buffer, 2);
        Assert.Equal((read, 3), Answer(ring.Take(1)[0]));
        Assert.Equal("llo"u8, buffer);
        ulong write = ring.Write(handle, "HE"u8.ToArray(), 0);
        Assert.Equal((write, 2), Answer(ring.Take(1)[0]));
        Assert.Equal("HEllo"u8.ToArray(), file.Content());
        ulong sync = ring.Fsync(handle, FsyncFlags.DataSync);
        Assert.Equal((sync, 0), Answer(ring.Take(1)[0]));
        Assert.Equal(3, new[] { read, write, sync }.Distinct().Count());
    }

    [Theory, EveryEngine]
    public void Tokens_differ_among_all_that_were_ever_given_and_leave_other_user_data_alone(string engine)
    {
        using Ring ring = ClientRing.Open(engine, 64);
        using TestFile file = TestFile.Numbered(4096);
        using OwnedHandle handle = file.Handle();
        HashSet<ulong> tokens = [];
        byte[] buffer = new byte[8];
        for (int round = 0; round < 40; round++)
        {
            ulong[] given = [.. Enumerable.Range(0, 1 + round).Select(i => ring.Read(handle, buffer, 8 * i))];
            ring.Nops((ulong)round);
            Assert.All(given, token => Assert.True(token >> 63 == 1 && tokens.Add(token)));
            ulong[] answered = ring.Take(given.Length + 1).UserData();
            Assert.Equal([.. given.Order(), (ulong)round], [.. answered.OrderDescending().Take(given.Length).Order(), answered.Min()]);
        }
    }

    [Theory]
    [EveryEngine(true)]
    [EveryEngine(false)]
    public void Handle_and_memory_are_kept_until_the_completion_is_reaped_and_let_go_then(string engine, bool byReap)
    {
        using Ring ring = ClientRing.Open(engine);
        using var pipe = new TestPipe();
        OwnedHandle handle = pipe.ReadEnd.Handle();
        using var memory = new CountingMemory(16);
        ulong token = ring.Read(handle, memory.Memory, -1);
        handle.Dispose();
        Assert.Equal((false, 1), (handle.IsReleased, memory.Pins));
        Assert.Equal(1, ring.Submit());
        GC.Collect();
        Assert.Equal((false, 1), (handle.IsReleased, memory.Pins));
        pipe.Write("xyz");
        Assert.Equal(WaitStatus.Ready, ring.SubmitAndWait(1, SeamRing.Patience).Status);
        Assert.True(ring.TryPeek(out Cqe cqe));
        Assert.Equal((token, 3), Answer(cqe));
        Assert.Equal((false, 1), (handle.IsReleased, memory.Pins));
        if (byReap)
            Assert.Equal(1, ring.Reap(new Cqe[4]));
        else
            ring.Advance(1);
        Assert.Equal((true, 0), (handle.IsReleased, memory.Pins));
        Assert.Equal("xyz"u8, memory.Memory.Span[..3]);
    }

    [Theory, EveryEngine]
    public void Disposing_the_ring_lets_go_of_what_is_queued_in_flight_and_unread(string engine)
    {
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("abc");
        OwnedHandle handle = pipe.ReadEnd.Handle(), whole = file.Handle();
        using var memory = new CountingMemory(16);
        using (Ring ring = ClientRing.Open(engine))
        {
            ring.Read(handle, memory.Memory, -1);
            ring.Read(whole, memory.Memory, 0);
            Assert.Equal(2, ring.Submit());
            ring.Read(whole, memory.Memory, 0);
            handle.Dispose();
            whole.Dispose();
            Assert.Equal((false, false, 3), (handle.IsReleased, whole.IsReleased, memory.Pins));
        }

        Assert.Equal((true, true, 0), (handle.IsReleased, whole.IsReleased, memory.Pins));
    }

    [Theory, EveryEngine]
    public void A_refused_request_holds_nothing(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        using var pipe = new TestPipe();
        OwnedHandle handle = pipe.ReadEnd.Handle();
        using var memory = new CountingMemory(16);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Read(handle, memory.Memory, -2));
        Assert.Throws<ArgumentNullException>(() => ring.Read(null!, memory.Memory, 0));
        handle.Dispose();
        Assert.Equal((true, 0), (handle.IsReleased, memory.Pins));
        Assert.Throws<ObjectDisposedException>(() => ring.Read(handle, memory.Memory, 0));
        Assert.Throws<ObjectDisposedException>(() => ring.Write(handle, memory.Memory, 0));
        Assert.Throws<ObjectDisposedException>(() => ring.Fsync(handle));
        Assert.Equal((0, 8u), (memory.Pins, ring.SqSpaceLeft));
        Assert.Equal(0, ring.Submit());
    }

    [Theory, EveryEngine]
    public void Empty_memory_is_as_good_as_any(string engine)
    {
        using Ring ring = ClientRing.Open(engine);
        using TestFile file = TestFile.Create("abc");
        using OwnedHandle handle = file.Handle();
        ulong token = ring.Read(handle, Memory<byte>.Empty, 0);
        Assert.Equal((token, 0), Answer(ring.Take(1)[0]));
    }

    private static (ulong UserData, int Res) Answer(Cqe cqe) => (cqe.UserData, cqe.Res);

    /// <summary>Native memory that counts its pins.</summary>
    private sealed unsafe class CountingMemory(int bytes) : MemoryManager<byte>
    {
        private readonly byte* _bytes = (byte*)NativeMemory.AllocZeroed((nuint)bytes);

        public int Pins { get; private set; }

        public override Span<byte> GetSpan() => new(_bytes, bytes);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Pins++;
            return new MemoryHandle(_bytes + elementIndex, pinnable: this);
        }

        public override void Unpin() => Pins--;

        protected override void Dispose(bool disposing) => NativeMemory.Free(_bytes);
    }
}
