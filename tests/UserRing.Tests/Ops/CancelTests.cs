using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>ASYNC_CANCEL by user_data, of what waits in each place.</summary>
public sealed class CancelTests
{
    private const int Found = 0;

    [Theory, EveryEngine]
    public void What_is_not_there_is_not_found(string engine)
    {
        using var ring = new SeamRing(engine);
        Assert.Equal(-Errno.ENOENT, Cancel(ring, 5));
        Assert.Equal(0, Cancel(ring, 5, CancelFlags.All));
        Assert.Equal(0, Cancel(ring, 0, CancelFlags.Any));
        Assert.Equal(-Errno.ENOENT, Cancel(ring, 5, CancelFlags.UserData));
        ring.Nops(5);
        ring.Submit();
        Assert.Equal(-Errno.ENOENT, Cancel(ring, 5, skip: 1));
    }

    [Theory, EveryEngine]
    public void Unused_fields_and_unknown_flags_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        var sqe = new Sqe { Opcode = Opcode.AsyncCancel, Addr = 5 };
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { CancelFlags = (CancelFlags)(1 << 20) }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Off = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { SpliceFdIn = 1 }));
        Assert.Equal(-Errno.ENOENT, ring.Do(sqe with { Len = 5 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { CancelFlags = CancelFlags.Any | CancelFlags.Fd }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { CancelFlags = CancelFlags.Any | CancelFlags.Op }));
    }

    [Theory]
    [EveryEngine(Waiting.Poll)]
    [EveryEngine(Waiting.Read)]
    [EveryEngine(Waiting.ReadByWorker)]
    [EveryEngine(Waiting.ReadFixed)]
    [EveryEngine(Waiting.ReadVector)]
    [EveryEngine(Waiting.Write)]
    [EveryEngine(Waiting.Watch)]
    [EveryEngine(Waiting.Timeout)]
    [EveryEngine(Waiting.CountingTimeout)]
    public void What_waits_is_cancelled_wherever_it_waits(string engine, Waiting kind)
    {
        using var ring = new SeamRing(engine, 16);
        using var place = new Place(ring);
        place.Park(kind, 7);
        place.Park(kind, 8);
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(7).UserData = 100;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        if (kind == Waiting.ReadByWorker && results[100] == -Errno.EALREADY)
            results[100] = Found; // on a busy machine the worker may not have let go of it yet
        Assert.Equal((-Errno.ECANCELED, Found), (results[7], results[100]));
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(-Errno.ENOENT, Cancel(ring, 7));
        ring.Next().PrepareAsyncCancel(8).UserData = 101;
        Assert.Equal(1, ring.Submit());
        results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, Found), (results[8], results[101]));
    }

    [Theory]
    [EveryEngine(Waiting.Poll)]
    [EveryEngine(Waiting.Read)]
    [EveryEngine(Waiting.Timeout)]
    public void Of_several_with_one_name_one_is_cancelled_or_all(string engine, Waiting kind)
    {
        using var ring = new SeamRing(engine, 16);
        using var place = new Place(ring);
        for (int i = 0; i < 4; i++)
            place.Park(kind, 7);
        place.Park(kind, 8);
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(7).UserData = 100;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(7ul, -Errno.ECANCELED), (100, Found)], ring.Take(2).Select(Pair).Order().ToArray());
        ring.Next().PrepareAsyncCancel(7, CancelFlags.All).UserData = 101;
        Assert.Equal(1, ring.Submit());
        Assert.Equal([(7ul, -Errno.ECANCELED), (7, -Errno.ECANCELED), (7, -Errno.ECANCELED), (101, 3)],
            ring.Take(4).Select(Pair).Order().ToArray());
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory, EveryEngine]
    public void Any_cancels_all_that_waits(string engine)
    {
        using var ring = new SeamRing(engine, 32);
        using var place = new Place(ring);
        Waiting[] kinds = Enum.GetValues<Waiting>();
        for (int i = 0; i < kinds.Length; i++)
            place.Park(kinds[i], (ulong)i);
        // A worker that was asked for has to get there first.
        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(0, CancelFlags.Any).UserData = 100;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(kinds.Length + 1);
        Assert.Equal(kinds.Length, results[100]);
        for (int i = 0; i < kinds.Length; i++)
            Assert.Equal((kinds[i], -Errno.ECANCELED), (kinds[i], results[(ulong)i]));
    }

    [Theory, EveryEngine]
    public void In_one_batch_with_its_target_it_finds_it(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        ring.Next().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN).UserData = 1;
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, Found), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void It_does_not_find_itself(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        ring.Next().PrepareAsyncCancel(5).UserData = 5;
        Assert.Equal(-Errno.ENOENT, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_cancelled_read_takes_nothing_from_its_pipe(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 64, 0).UserData = 1;
        Assert.Equal(1, ring.Submit());
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        ring.Take(2);
        pipe.Write("kept");
        Assert.Equal("kept", pipe.Read());
    }

    [Theory, EveryEngine]
    public void A_cancel_and_an_event_that_race_end_a_request_once(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        int cancelled = 0, served = 0;
        for (int round = 0; round < 300; round++)
        {
            ring.Next().PrepareRead(pipe.ReadEnd, memory.Address, 1, 0).UserData = 1;
            Assert.Equal(1, ring.Submit());
            TestThread<int> writer = TestThread.Start(() =>
            {
                pipe.Write("x");
                return 0;
            });
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Equal(0, writer.Answer);
            if (results[1] == 1)
            {
                // Too late to be found, or found already on its way.
                Assert.Contains(results[2], new[] { -Errno.ENOENT, -Errno.EALREADY });
                served++;
            }
            else
            {
                Assert.Equal((-Errno.ECANCELED, Found), (results[1], results[2]));
                Assert.Equal("x", pipe.Read());
                cancelled++;
            }
        }

        Assert.Equal(300, cancelled + served);
    }

    [Theory, EveryEngine]
    public void A_cancel_and_a_timeout_that_race_end_it_once(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var memory = new TestMemory();
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            ring.Next().PrepareTimeout(memory.PutTime(0, TimeSpan.FromMicroseconds(random.Next(100)))).UserData = 1;
            Assert.Equal(1, ring.Submit());
            ring.Next().PrepareAsyncCancel(1).UserData = 2;
            Assert.Equal(1, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2);
            Assert.Contains(
            (results[1], results[2]), new[] { (-Errno.ECANCELED, 0), (-Errno.ETIME, -Errno.ENOENT), (-Errno.ETIME, -Errno.EALREADY) });
        }
    }

    [Theory, EveryEngine]
    public void Work_that_ends_by_itself_ends_whether_or_not_it_is_cancelled(string engine)
    {
        const int Count = 64;
        using var ring = new SeamRing(engine, Count * 2);
        using TestFile file = TestFile.Create("content");
        for (ulong i = 0; i < Count; i++)
            ring.Next().PrepareFsync(file).UserData = i;
        for (ulong i = 0; i < Count; i++)
            ring.Next().PrepareAsyncCancel(i).UserData = 1000 + i;
        Assert.Equal(Count * 2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(Count * 2);
        for (ulong i = 0; i < Count; i++)
        {
            (int sync, int cancel) = (results[i], results[1000 + i]);
            bool fits = cancel switch
            {
                Found => sync == -Errno.ECANCELED,
                -Errno.ENOENT => sync == 0,
                -Errno.EALREADY => sync is 0 or -Errno.EINTR or -Errno.ECANCELED,
                _ => false,
            };
            Assert.True(fits, $"fsync {sync}, cancel {cancel}");
        }
    }

    [Theory, EveryEngine]
    public void A_read_that_a_worker_is_stuck_in_can_still_be_ended(string engine)
    {
        using var ring = new SeamRing(engine, 16);
        using var watch = new TestWatch();
        using var memory = new TestMemory(2 * 4096);
        // Both are told of the one event; who comes second finds nothing and, on a file that cannot be tried, is stuck in the call.
        ring.Next().PrepareRead(watch, memory.At(0), 4096, 0).UserData = 1;
        ring.Next().PrepareRead(watch, memory.At(4096), 4096, 0).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        watch.Happen();
        Cqe first = ring.Take();
        Assert.InRange(first.Res, 16, 4096);
        Assert.True(ring.StaysQuiet());
        ulong second = 3 - first.UserData;
        ring.Next().PrepareAsyncCancel(second).UserData = 100;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Contains(results[100], new[] { Found, -Errno.EALREADY });
        Assert.Contains(results[second], new[] { -Errno.ECANCELED, -Errno.EINTR });
    }

    private static int Cancel(SeamRing ring, ulong userData, CancelFlags flags = CancelFlags.None, int skip = 0)
    {
        ring.Take(skip);
        ring.Next().PrepareAsyncCancel(userData, flags).UserData = 999;
        return ring.Result();
    }

    private static (ulong UserData, int Res) Pair(Cqe cqe) => (cqe.UserData, cqe.Res);

    /// <summary>What a request can be waiting for.</summary>
    public enum Waiting
    {
        Poll,
        Read,
        ReadByWorker,
        ReadFixed,
        ReadVector,
        Write,
        Watch,
        Timeout,
        CountingTimeout,
    }

    /// <summary>Files on which nothing happens.</summary>
    private sealed class Place : IDisposable
    {
        private readonly SeamRing _ring;
        private readonly TestPipe _empty = new(), _full = new();
        private readonly TestMemory _memory = new();
        private readonly TestWatch _watch = new();

        internal Place(SeamRing ring)
        {
            _ring = ring;
            _full.Fill();
            Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = _memory.Address, Len = 4096 }));
            Assert.Equal(0, ring.RegisterFiles(_empty.ReadEnd));
            _memory.PutTime(0, TimeSpan.FromSeconds(100));
            _memory.Put(64, new IoVec { Base = _memory.At(128), Len = 64 });
        }

        internal void Park(Waiting kind, ulong userData)
        {
            ref Sqe sqe = ref _ring.Next();
            switch (kind)
            {
                case Waiting.Poll:
                    sqe.PreparePollAdd(_empty.ReadEnd, (uint)Libc.POLLIN);
                    break;
                case Waiting.Read:
                case Waiting.ReadByWorker:
                    sqe.PrepareRead(_empty.ReadEnd, _memory.At(128), 64, 0);
                    sqe.Flags = kind == Waiting.ReadByWorker ? SqeFlags.Async : SqeFlags.None;
                    break;
                case Waiting.ReadFixed:
                    sqe.PrepareReadFixed(0, _memory.At(128), 64, 0, 0).Flags = SqeFlags.FixedFile;
                    break;
                case Waiting.ReadVector:
                    sqe.PrepareReadv(_empty.ReadEnd, _memory.At(64), 1, 0);
                    break;
                case Waiting.Write:
                    sqe.PrepareWrite(_full.WriteEnd, _memory.At(128), 64, 0);
                    break;
                case Waiting.Watch:
                    sqe.PrepareRead(_watch, _memory.At(1024), 1024, 0);
                    break;
                default:
                    sqe.PrepareTimeout(_memory.Address, kind == Waiting.CountingTimeout ? 1000u : 0);
                    break;
            }

            sqe.UserData = userData;
            Assert.Equal(1, _ring.Submit());
        }

        public void Dispose()
        {
            _empty.Dispose();
            _full.Dispose();
            _memory.Dispose();
            _watch.Dispose();
        }
    }
}
