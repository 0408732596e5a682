using System.Diagnostics;
using UserRing.Abi;

namespace UserRing.Engine.Tests;

/// <summary>Pipe reads that are written to and cancelled at the same moment complete once, one way or the other.</summary>
public sealed class CancelRaceTests
{
    private const int Pipes = 8;
    private const ulong CancelBit = 1 << 16;

    [Theory, EveryEngine]
    public void A_read_that_is_cancelled_while_its_data_comes_completes_once(string engine) => Child.Succeeds(WriteAndCancel, [engine]);

    [Theory, EveryEngine]
    public void A_timeout_that_is_cancelled_while_it_expires_completes_once(string engine) => Child.Succeeds(ExpireAndCancel, [engine]);

    [Scenario]
    private static void WriteAndCancel(string[] arguments)
    {
        int rounds = Campaign.Rounds(400);
        using var memory = new TestMemory();
        TestPipe[] pipes = [.. Enumerable.Range(0, Pipes).Select(_ => new TestPipe())];
        using (var warm = new SeamRing(arguments[0], 32))
        {
            warm.Next().PreparePollAdd(pipes[0].ReadEnd, 1);
            warm.Submit();
        }

        ProcessState before = ProcessState.Settled("uring-sqp");
        int read = 0, cancelled = 0, late = 0;
        using (var ring = new SeamRing(arguments[0], 32))
        using (var meet = new Barrier(2))
        {
            TestThread<int> writer = TestThread.Start(() =>
            {
                var random = new Random(1);
                for (int round = 0; round < rounds; round++)
                {
                    Assert.True(meet.SignalAndWait(SeamRing.Patience));
                    Linger(random);
                    foreach (TestPipe pipe in pipes)
                        pipe.Write("x");
                    Assert.True(meet.SignalAndWait(SeamRing.Patience));
                }

                return rounds;
            });
            var random = new Random(2);
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < Pipes; i++)
                    ring.Next().PrepareRead(pipes[i].ReadEnd, memory.At(i), 1, ulong.MaxValue).UserData = (ulong)i;
                Assert.Equal(Pipes, ring.Submit());
                for (int i = 0; i < Pipes; i++)
                    ring.Next().PrepareAsyncCancel((ulong)i).UserData = CancelBit | (ulong)i;
                Assert.True(meet.SignalAndWait(SeamRing.Patience));
                Linger(random);
                Assert.Equal(Pipes, ring.Submit());
                Assert.True(meet.SignalAndWait(SeamRing.Patience));
                Dictionary<ulong, int> results = ring.Results(2 * Pipes); // throws if one came twice
                for (int i = 0; i < Pipes; i++)
                    Judge(results[(ulong)i], results[CancelBit | (ulong)i], pipes[i], ref read, ref cancelled, ref late);
            }

            Assert.Equal(rounds, writer.Answer);
            Assert.True(!ring.TryTake(out Cqe extra), $"one more completion: {extra.UserData:x} {extra.Res}");
        }

        before.AwaitReturn("uring-sqp");
        Assert.True(read > 30 && cancelled > 30, $"{read} read, {cancelled} cancelled, {late} met while they ran");
    }

    /// <summary>For no time, or up to what a wake-up takes on a slow machine, or by giving up the processor if there is only one.</summary>
    private static void Linger(Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                return;
            case 1:
                for (int i = random.Next(8); i > 0; i--)
                    Thread.Yield();
                return;
            default:
                long end = Stopwatch.GetTimestamp() + random.Next(300) * Stopwatch.Frequency / 1_000_000;
                while (Stopwatch.GetTimestamp() < end)
                    Thread.SpinWait(10);
                return;
        }
    }

    private static void Judge(int result, int cancel, TestPipe pipe, ref int read, ref int cancelled, ref int late)
    {
        Assert.True(cancel is 0 or -Errno.ENOENT or -Errno.EALREADY, $"cancel: {cancel}");
        late += cancel == -Errno.EALREADY ? 1 : 0;
        if (cancel == 0)
            Assert.Equal(-Errno.ECANCELED, result);
        if (result == -Errno.ECANCELED)
        {
            Assert.Equal("x", pipe.Read()); // a cancelled read took nothing
            cancelled++;
            return;
        }

        Assert.Equal(1, result);
        read++;
    }

    [Scenario]
    private static void ExpireAndCancel(string[] arguments)
    {
        int rounds = Campaign.Rounds(400), expired = 0, cancelled = 0;
        using var memory = new TestMemory();
        using var ring = new SeamRing(arguments[0], 32);
        var random = new Random(1);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Pipes; i++)
                ring.Next().PrepareTimeout(memory.PutTime(i * 16, TimeSpan.FromMicroseconds(100 + 10 * i))).UserData = (ulong)i;
            Assert.Equal(Pipes, ring.Submit());
            for (int i = 0; i < Pipes; i++)
                ring.Next().PrepareAsyncCancel((ulong)i).UserData = CancelBit | (ulong)i;
            Thread.SpinWait(random.Next(4000));
            Assert.Equal(Pipes, ring.Submit());
            Dictionary<ulong, int> results = ring.Results(2 * Pipes);
            for (int i = 0; i < Pipes; i++)
            {
                int result = results[(ulong)i], cancel = results[CancelBit | (ulong)i];
                Assert.True(result is -Errno.ETIME or -Errno.ECANCELED, $"timeout: {result}");
                Assert.True(cancel is 0 or -Errno.ENOENT or -Errno.EALREADY, $"cancel: {cancel}");
                Assert.Equal(cancel == 0, result == -Errno.ECANCELED);
                (expired, cancelled) = cancel == 0 ? (expired, cancelled + 1) : (expired + 1, cancelled);
            }
        }

        Assert.True(!ring.TryTake(out Cqe extra), $"one more completion: {extra.UserData:x} {extra.Res}");
        Assert.True(expired > 30 && cancelled > 30, $"{expired} expired, {cancelled} cancelled");
    }
}
