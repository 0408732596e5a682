using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>The account of locked memory: what is given back is what was charged, and the limit holds at every moment.</summary>
public sealed class MemlockTests
{
    private const int LimitPages = 12;

    [Fact]
    public void The_account_is_exact_while_many_threads_make_rings_and_register_buffers() => Campaign.Children(ManyThreads);

    [Fact]
    public void A_registration_that_fails_half_way_is_charged_nothing() => Child.Succeeds(HalfWay);

    [Fact]
    public void A_buffer_in_use_stays_charged_until_its_request_is_done() => Child.Succeeds(InUse);

    [Scenario]
    private static void ManyThreads(string[] arguments)
    {
        const int Rounds = 500;
        var caller = new FailingCaller { MemlockPages = LimitPages };
        var engine = new ManagedEngine(null, caller);
        new SeamRing(engine, 4, default).Dispose();
        ProcessState before = ProcessState.Now();
        int made = 0, refused = 0, buffers = 0, noBuffers = 0;
        bool done = false;
        TestThread<long> watcher = TestThread.Start(() =>
        {
            long most = 0;
            while (!Volatile.Read(ref done))
                most = Math.Max(most, ProcessState.Charged());
            return most;
        });
        TestThread<int>[] makers = [.. Enumerable.Range(0, 6).Select(i => TestThread.Start(() => Make(int.Parse(arguments[0]) * 10 + i)))];
        // Much work for a machine that is busy with other things; each call is short.
        SpinWait.SpinUntil(() => Array.TrueForAll(makers, maker => maker.IsDone), 3 * SeamRing.Patience);
        foreach (TestThread<int> maker in makers)
            Assert.Equal(Rounds, maker.Answer);
        Volatile.Write(ref done, true);
        Assert.InRange(watcher.Answer, 1, LimitPages);
        string counts = $"{made} rings made, {refused} refused, {buffers} registrations, {noBuffers} refused";
        Assert.True(made > Rounds && buffers > 100 && refused + noBuffers > 100, counts);
        before.AwaitReturn();

        int Make(int seed)
        {
            var random = new Random(seed);
            using var memory = new TestMemory(4 * 4096);
            for (int round = 0; round < Rounds; round++)
            {
                RingParams parameters = default;
                int error = RingMapping.TryCreate(engine, 1u << random.Next(7), ref parameters, out RingMapping? mapping);
                Assert.True(error is 0 or -Errno.ENOMEM, Errno.Name(-error));
                Interlocked.Increment(ref error == 0 ? ref made : ref refused);
                if (mapping is null)
                {
                    Thread.Yield();
                    continue;
                }

                int registered = Register(mapping, memory, random);
                Assert.True(registered is 0 or -Errno.ENOMEM, Errno.Name(-registered));
                Interlocked.Increment(ref registered == 0 ? ref buffers : ref noBuffers);
                if (registered == 0 && random.Next(2) == 0)
                    Assert.Equal(0, engine.Register(mapping.Descriptor, RegisterOp.UnregisterBuffers, 0, 0));
                mapping.Dispose();
            }

            return Rounds;
        }
    }

    [Scenario]
    private static void HalfWay()
    {
        using var memory = new TestMemory(8 * 4096);
        var caller = new FailingCaller();
        using var ring = new SeamRing(new ManagedEngine(null, caller), 4, default);
        ProcessState before = ProcessState.Now();
        caller.MemlockPages = before.ChargedPages + 5;
        IoVec page = new() { Base = memory.Address, Len = 4096 }, four = new() { Base = memory.Address, Len = 4 * 4096 };
        IoVec bad = new() { Base = TestMemory.Bad, Len = 4096 };
        Assert.Equal(-Errno.ENOMEM, ring.RegisterBuffers(page, page, four));
        Assert.Equal(before, ProcessState.Now());
        Assert.Equal(-Errno.EFAULT, ring.RegisterBuffers(page, page, bad));
        Assert.Equal(before, ProcessState.Now());
        Assert.Equal(0, ring.RegisterBuffers(page, four));
        Assert.Equal(before.ChargedPages + 5, ProcessState.Charged());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
        Assert.Equal(before, ProcessState.Now());
    }

    [Scenario]
    private static void InUse()
    {
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        var engine = new ManagedEngine(null, new FailingCaller());
        long before = ProcessState.Charged();
        using (var ring = new SeamRing(engine, 4, default))
        {
            long withRing = ProcessState.Charged();
            Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
            ring.Next().PrepareReadFixed(pipe.ReadEnd, memory.Address, 1, ulong.MaxValue, 0);
            Assert.Equal(1, ring.Submit());
            Assert.Equal(0, ring.Register(RegisterOp.UnregisterBuffers));
            Assert.Equal(withRing + 1, ProcessState.Charged());
            pipe.Write("x");
            Assert.Equal(1, ring.Take().Res);
            Until.True(() => ProcessState.Charged() == withRing, "the buffer is no longer charged");

            Assert.Equal(0, ring.RegisterBuffers(new IoVec { Base = memory.Address, Len = 4096 }));
            ring.Next().PrepareReadFixed(pipe.ReadEnd, memory.Address, 1, ulong.MaxValue, 0);
            Assert.Equal(1, ring.Submit());
        }

        Until.True(() => ProcessState.Charged() == before, "a released ring and its buffer are no longer charged");
    }

    private static unsafe int Register(RingMapping ring, TestMemory memory, Random random)
    {
        IoVec* buffers = stackalloc IoVec[3];
        int count = 1 + random.Next(3);
        for (int i = 0; i < count; i++)
            buffers[i] = new IoVec { Base = memory.Address, Len = (nuint)random.Next(1, memory.Length) };
        return ring.Engine.Register(ring.Descriptor, RegisterOp.RegisterBuffers, (nuint)buffers, (uint)count);
    }
}
