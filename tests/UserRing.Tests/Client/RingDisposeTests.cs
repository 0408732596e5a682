using System.Diagnostics;
using System.Reflection;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The end of a ring, at any moment and from any thread.</summary>
public sealed class RingDisposeTests
{
    // What can be asked of a ring that is gone: facts that do not change, and to end it once more.
    private static readonly string[] Lasting =
        ["Dispose", "get_Engine", "get_FallbackReason", "get_Features", "get_SqEntries", "get_CqEntries", "get_Descriptor"];

    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(4);

    [Theory, EveryEngine]
    public void Every_member_refuses_a_disposed_ring(string engine)
    {
        Ring ring = ClientRing.Open(engine);
        using TestFile file = TestFile.Create("abc");
        using OwnedHandle handle = file.Handle();
        ring.Dispose();
        Dictionary<string, Action> members = new()
        {
            ["get_SqSpaceLeft"] = () => _ = ring.SqSpaceLeft,
            ["get_Dropped"] = () => _ = ring.Dropped,
            ["get_CqReady"] = () => _ = ring.CqReady,
            ["get_HasBacklog"] = () => _ = ring.HasBacklog,
            ["get_CqOverflow"] = () => _ = ring.CqOverflow,
            ["get_PollDescriptor"] = () => _ = ring.PollDescriptor,
            ["SignalOnCompletion"] = () => ring.SignalOnCompletion(0),
            ["GetSqe"] = () => ring.GetSqe(),
            ["TryGetSqe"] = () => ring.TryGetSqe(out _),
            ["Submit"] = () => ring.Submit(),
            ["SubmitAndWait"] = () => ring.SubmitAndWait(),
            ["SubmitAndWait(UInt32)"] = () => ring.SubmitAndWait(1),
            ["SubmitAndWait(UInt32, TimeSpan)"] = () => ring.SubmitAndWait(1, TimeSpan.Zero),
            ["SubmitAndWait(UInt32, TimeSpan, UInt64)"] = () => ring.SubmitAndWait(1, TimeSpan.Zero, 0),
            ["TryPeek"] = () => ring.TryPeek(out _),
            ["Advance"] = () => ring.Advance(0),
            ["Reap"] = () => ring.Reap(new Cqe[1]),
            ["WaitOne"] = () => ring.WaitOne(),
            ["Read"] = () => ring.Read(handle, new byte[1], 0),
            ["Write"] = () => ring.Write(handle, new byte[1], 0),
            ["Fsync"] = () => ring.Fsync(handle),
            ["RegisterBuffers"] = () => ring.RegisterBuffers([]),
            ["RegisterSparseBuffers"] = () => ring.RegisterSparseBuffers(1),
            ["UpdateBuffers"] = () => ring.UpdateBuffers(0, []),
            ["UnregisterBuffers"] = ring.UnregisterBuffers,
            ["RegisterFiles"] = () => ring.RegisterFiles([1]),
            ["RegisterFiles of handles"] = () => ring.RegisterFiles([handle]),
            ["RegisterSparseFiles"] = () => ring.RegisterSparseFiles(1),
            ["UpdateFiles"] = () => ring.UpdateFiles(0, [1]),
            ["UnregisterFiles"] = ring.UnregisterFiles,
            ["RegisterEventFd"] = () => ring.RegisterEventFd(handle),
            ["UnregisterEventFd"] = ring.UnregisterEventFd,
            ["Probe"] = () => ring.Probe(),
            ["Enable"] = ring.Enable,
            ["Register"] = () => ring.Register(RegisterOp.UnregisterFiles, 0, 0),
        };
        MethodInfo[] all = typeof(Ring).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
        Assert.Equal(all.Length, members.Count + Lasting.Length);
        Assert.Empty(all.Select(method => method.Name).Except([.. Lasting, .. members.Keys]));
        foreach ((string member, Action use) in members)
            Assert.True(Record.Exception(use) is ObjectDisposedException, member);
        ring.Dispose();
        Assert.Equal(8u, ring.SqEntries);
        handle.Dispose();
        Assert.True(handle.IsReleased, "nothing was held");
    }

    [Theory]
    [EveryEngine(SetupFlags.None)]
    [EveryEngine(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun)]
    [EveryEngine(SetupFlags.SqPoll)]
    public void A_ring_may_end_with_requests_in_flight(string engine, SetupFlags flags)
    {
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        nuint hour = memory.PutTime(64, TimeSpan.FromHours(1));
        OwnedHandle handle = pipe.ReadEnd.Handle();
        long start = Stopwatch.GetTimestamp();
        using (Ring ring = ClientRing.Open(engine, 8, flags))
        {
            ring.ReadOf(pipe, memory, 1);
            ring.GetSqe().PreparePollAdd(pipe.ReadEnd, (uint)Libc.POLLIN).UserData = 2;
            ring.GetSqe().PrepareTimeout(hour).UserData = 3;
            ring.Read(handle, new byte[10], -1);
            ring.Submit();
            handle.Dispose();
        }

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Promptly);
        Assert.True(handle.IsReleased);
    }

    [Theory]
    [EveryEngine(SetupFlags.None, false)]
    [EveryEngine(SetupFlags.None, true)]
    [EveryEngine(SetupFlags.SqPoll, false)]
    public void A_waiter_leaves_promptly_when_another_thread_disposes_its_ring(string engine, SetupFlags flags, bool held)
    {
        Ring ring = ClientRing.Open(engine, 8, flags);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        OwnedHandle handle = pipe.ReadEnd.Handle();
        if (held)
            ring.Read(handle, new byte[10], -1);
        else
            ring.ReadOf(pipe, memory, 1);
        TestThread<int> waiter = TestThread.Start(() => ring.SubmitAndWait(3));
        waiter.AwaitSleep();
        long start = Stopwatch.GetTimestamp();
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => waiter.Answer);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Promptly);
        handle.Dispose();
        Assert.True(handle.IsReleased);
    }

    [Theory, EveryEngine]
    public void So_does_the_single_issuer_of_a_deferring_ring(string engine)
    {
        Ring? ring = null;
        using var made = new ManualResetEventSlim();
        TestThread<int> waiter = TestThread.Start(() =>
        {
            ring = ClientRing.Open(engine, 8, SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun);
            made.Set();
            return ring.SubmitAndWait(3);
        });
        Until.True(() => made.IsSet || waiter.IsDone, "the ring is made");
        waiter.AwaitSleep();
        long start = Stopwatch.GetTimestamp();
        ring!.Dispose();
        Assert.Throws<ObjectDisposedException>(() => waiter.Answer);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Promptly);
    }

    [Theory, EveryEngine]
    public void Rings_disposed_at_any_moment_of_their_use_end_in_one_exception(string engine)
    {
        for (int round = 0; round < 60; round++)
        {
            Ring ring = ClientRing.Open(engine);
            using TestFile file = TestFile.Create("abc");
            OwnedHandle handle = file.Handle();
            using var used = new ManualResetEventSlim();
            TestThread<int> user = TestThread.Start<int>(() =>
            {
                byte[] buffer = new byte[3];
                while (true)
                {
                    ulong token = ring.Read(handle, buffer, 0);
                    Assert.Equal((token, 3), ring.WaitOne() is var cqe ? (cqe.UserData, cqe.Res) : default);
                    used.Set();
                }
            });
            Until.True(() => used.IsSet || user.IsDone, "the ring is in use");
            Thread.SpinWait(round * 40);
            ring.Dispose();
            Assert.Throws<ObjectDisposedException>(() => user.Answer);
            handle.Dispose();
            Assert.True(handle.IsReleased);
        }
    }

    [Theory, EveryEngine]
    public void What_is_read_while_the_ring_is_disposed_is_its_state_or_an_exception(string engine)
    {
        for (int round = 0; round < 40; round++)
        {
            Ring ring = ClientRing.Open(engine, 4);
            // The indices are beyond a queue's length, so that empty memory in their place reads as full queues.
            for (ulong i = 0; i < 12; i++)
                Assert.Equal(1ul, Nop(ring));
            using var used = new ManualResetEventSlim();
            TestThread<int> user = TestThread.Start<int>(() =>
            {
                while (true)
                {
                    Assert.Equal((4u, 0u, 0u), (ring.SqSpaceLeft, ring.CqReady, ring.Dropped));
                    Assert.False(ring.HasBacklog || ring.TryPeek(out _));
                    Assert.Equal(WaitStatus.TimedOut, ring.SubmitAndWait(1, TimeSpan.Zero).Status);
                    Assert.True(ring.TryGetSqe(out SqeReference sqe));
                    sqe.Value.PrepareNop().UserData = 2;
                    Assert.Equal(2ul, ring.WaitOne().UserData);
                    used.Set();
                }
            });
            Until.True(() => used.IsSet || user.IsDone, "the ring is in use");
            Thread.SpinWait(round * 40);
            ring.Dispose();
            Assert.Throws<ObjectDisposedException>(() => user.Answer);
        }
    }

    private static ulong Nop(Ring ring)
    {
        ring.Nops(1);
        return ring.WaitOne().UserData;
    }
}
