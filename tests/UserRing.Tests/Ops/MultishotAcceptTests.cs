using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>ACCEPT that goes on: a completion for each connection, until it ends.</summary>
public sealed class MultishotAcceptTests
{
    private const int NonBlocking = Libc.SOCK_NONBLOCK;
    private const ulong Accepting = 7, Cancelling = 100;

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None)]
    [EveryEngine(0, SqeFlags.Async)]
    [EveryEngine(NonBlocking, SqeFlags.Async)]
    public void Each_connection_is_reported_until_a_cancel(string engine, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode);
        Start(ring, listener, flags);
        for (int i = 0; i < 5; i++)
        {
            using TestSocket caller = TestSocket.Tcp();
            Assert.Equal(0, caller.Connect(listener.Address));
            Cqe cqe = ring.Take();
            Assert.Equal((Accepting, CqeFlags.More), (cqe.UserData, cqe.Flags));
            using var callee = new TestSocket(cqe.Res);
            caller.Send($"hello {i}");
            Assert.Equal($"hello {i}", callee.ReceiveText());
        }

        Assert.True(ring.StaysQuiet());
        ring.Next().PrepareAsyncCancel(Accepting).UserData = Cancelling;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(
            [(Accepting, -Errno.ECANCELED, CqeFlags.None), (Cancelling, 0, CqeFlags.None)],
            ring.Take(2).Select(cqe => (cqe.UserData, cqe.Res, cqe.Flags)).Order());
        Assert.Equal(mode != 0, listener.IsNonBlocking);
        using TestSocket late = TestSocket.Tcp();
        Assert.Equal(0, late.Connect(listener.Address));
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Those_that_wait_already_are_reported_at_once(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode);
        using TestSocket first = TestSocket.Tcp(), second = TestSocket.Tcp(), third = TestSocket.Tcp();
        foreach (TestSocket caller in (TestSocket[])[first, second, third])
            Assert.Equal(0, caller.Connect(listener.Address));
        Start(ring, listener);
        Cqe[] completions = ring.Take(3);
        foreach (Cqe cqe in completions)
            new TestSocket(cqe.Res).Dispose();
        const CqeFlags Goes = CqeFlags.More;
        Assert.Equal([Goes | CqeFlags.SockNonEmpty, Goes | CqeFlags.SockNonEmpty, Goes], completions.Select(cqe => cqe.Flags));
        Assert.True(ring.StaysQuiet());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void A_full_queue_of_completions_ends_it_and_loses_no_connection(string engine, int mode)
    {
        using var ring = new SeamRing(engine, 2, cqEntries: 2);
        using TestSocket listener = TestSocket.Listener(mode);
        Start(ring, listener);
        List<TestSocket> callers = [];
        for (uint i = 1; i <= 2; i++)
        {
            callers.Add(TestSocket.Tcp());
            Assert.Equal(0, callers[^1].Connect(listener.Address));
            ring.Await(i);
        }

        callers.Add(TestSocket.Tcp());
        Assert.Equal(0, callers[^1].Connect(listener.Address));
        Until.True(() => ring.Enter() == 0 && (ring.SqFlags & SqRingFlags.CqOverflow) != 0, "the overflow flag");
        Cqe[] completions = ring.Take(3);
        Assert.Equal([CqeFlags.More, CqeFlags.More, CqeFlags.None], completions.Select(cqe => cqe.Flags));
        foreach (Cqe cqe in completions)
            new TestSocket(cqe.Res).Dispose();
        callers.Add(TestSocket.Tcp());
        Assert.Equal(0, callers[^1].Connect(listener.Address));
        Assert.True(ring.StaysQuiet());
        listener.Accept().Dispose();
        callers.ForEach(caller => caller.Dispose());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void It_fills_the_free_slots_and_ends_when_there_are_no_more(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var occupant = new TestPipe();
        Assert.Equal(0, ring.RegisterFiles(-1, occupant.ReadEnd, -1));
        using TestSocket listener = TestSocket.Listener(mode);
        ring.Next().PrepareAccept(listener, flags: AcceptFlags.Multishot, fileIndex: FileSlots.Alloc).UserData = Accepting;
        Assert.Equal(1, ring.Submit());
        List<TestSocket> callers = [];
        List<(int, CqeFlags)> answers = [];
        for (int i = 0; i < 3; i++)
        {
            callers.Add(TestSocket.Tcp());
            Assert.Equal(0, callers[i].Connect(listener.Address));
            Cqe cqe = ring.Take();
            answers.Add((cqe.Res, cqe.Flags));
        }

        Assert.Equal([(0, CqeFlags.More), (2, CqeFlags.More), (-Errno.ENFILE, CqeFlags.None)], answers);
        memory.Put(0, "hello"u8);
        ring.Next().PrepareSend(2, memory.Address, 5).Flags = SqeFlags.FixedFile;
        Assert.Equal(5, ring.Result());
        Assert.Equal("hello", callers[1].ReceiveText());
        Assert.Empty(callers[2].Receive()); // accepted and given up
        callers.ForEach(caller => caller.Dispose());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Shutting_the_listener_down_ends_it(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode);
        Start(ring, listener);
        Assert.True(ring.StaysQuiet(10));
        listener.ShutDown(2);
        Cqe cqe = ring.Take();
        Assert.Equal((-Errno.EINVAL, CqeFlags.None), (cqe.Res, cqe.Flags));
    }

    [Theory, EveryEngine]
    public void Polling_first_it_reports_what_waits_already(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(), caller = TestSocket.Tcp();
        Assert.Equal(0, caller.Connect(listener.Address));
        ring.Next().PrepareAccept(listener, flags: AcceptFlags.Multishot | AcceptFlags.PollFirst);
        Assert.Equal(1, ring.Submit());
        Cqe cqe = ring.Take();
        new TestSocket(cqe.Res).Dispose();
        Assert.Equal(CqeFlags.More, cqe.Flags);
    }

    [Theory, EveryEngine]
    public void With_the_address_of_each_peer(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.Listener();
        ring.Next().PrepareAccept(listener, memory.At(64), memory.Address, flags: AcceptFlags.Multishot);
        memory.As<int>() = 16;
        Assert.Equal(1, ring.Submit());
        for (int i = 0; i < 3; i++)
        {
            memory[64..80].Clear();
            memory.As<int>() = 16;
            using TestSocket caller = TestSocket.Tcp();
            Assert.Equal(0, caller.Connect(listener.Address));
            new TestSocket(ring.Take().Res).Dispose();
            Assert.Equal(caller.Address, memory[64..80].ToArray());
        }
    }

    /// <summary>Connections come in on two threads while others are being taken.</summary>
    [Theory]
    [EveryEngine(0, 0u)]
    [EveryEngine(NonBlocking, 0u)]
    [EveryEngine(0, (uint)(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun))]
    [EveryEngine(NonBlocking, (uint)(SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun))]
    public void A_storm_of_connections_is_taken_completely(string engine, int mode, uint flags)
    {
        const int Callers = 2, Each = 300;
        using var ring = new SeamRing(engine, 8, (SetupFlags)flags, cqEntries: 1024);
        using TestSocket listener = TestSocket.Listener(mode, backlog: 2 * Each); // a full queue would cost a second each time
        Start(ring, listener);
        byte[] address = listener.Address;
        TestThread<int>[] threads =
        [
            .. Enumerable.Range(0, Callers).Select(_ => TestThread.Start(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    using TestSocket caller = TestSocket.Tcp();
                    Assert.Equal(0, caller.Connect(address));
                    caller.ResetOnClose(); // leaves no port waiting
                }

                return 0;
            })),
        ];
        for (int taken = 0; taken < Callers * Each;)
        {
            Cqe cqe = ring.Take();
            Assert.True(cqe.Res >= 0 && (cqe.Flags & CqeFlags.More) != 0, $"after {taken}: {cqe.Res}, {cqe.Flags}");
            _ = Libc.Close(cqe.Res);
            taken++;
        }

        Assert.All(threads, thread => Assert.Equal(0, thread.Answer));
        Assert.True(ring.StaysQuiet(10));
    }

    private static void Start(SeamRing ring, TestSocket listener, SqeFlags flags = SqeFlags.None)
    {
        ref Sqe sqe = ref ring.Next().PrepareAccept(listener, flags: AcceptFlags.Multishot);
        (sqe.Flags, sqe.UserData) = (flags, Accepting);
        Assert.Equal(1, ring.Submit());
    }
}
