using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>ACCEPT of one connection, on listeners of both modes, none of which it changes.</summary>
public sealed class AcceptTests
{
    private const int NonBlocking = Libc.SOCK_NONBLOCK;

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None)]
    [EveryEngine(0, SqeFlags.Async)]
    [EveryEngine(NonBlocking, SqeFlags.Async)]
    public void A_connection_that_waits_is_accepted(string engine, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.Listener(mode), caller = TestSocket.Tcp();
        Assert.Equal(0, caller.Connect(listener.Address));
        memory.As<int>() = 100;
        ring.Next().PrepareAccept(listener, memory.At(64), memory.Address, Libc.SOCK_CLOEXEC).Flags = flags;
        using var callee = new TestSocket(ring.Result());
        Assert.Equal(TestSocket.AddressBytes, memory.As<int>());
        Assert.Equal(caller.Address, memory[64..80].ToArray());
        Assert.Equal(0, memory.Bytes[80]);
        caller.Send("hello");
        Assert.Equal("hello", callee.ReceiveText());
        Assert.Equal(mode != 0, listener.IsNonBlocking);
        Assert.False(callee.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None)]
    [EveryEngine(0, SqeFlags.Async)]
    [EveryEngine(NonBlocking, SqeFlags.Async)]
    public void It_waits_for_a_caller(string engine, int mode, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestSocket listener = TestSocket.Listener(mode), caller = TestSocket.Tcp();
        memory.As<int>() = 4;
        ring.Next().PrepareAccept(listener, memory.At(64), memory.Address, NonBlocking).Flags = flags;
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        Assert.Equal(0, caller.Connect(listener.Address));
        using var callee = new TestSocket(ring.Take().Res);
        Assert.Equal(TestSocket.AddressBytes, memory.As<int>()); // more than there was room for
        Assert.Equal([.. caller.Address[..4], 0, 0], memory[64..70].ToArray());
        Assert.Equal(mode != 0, listener.IsNonBlocking);
        Assert.True(callee.IsNonBlocking);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void On_a_unix_listener_it_waits_too(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.UnixListener(out byte[] address, mode), caller = TestSocket.Unix();
        ring.Next().PrepareAccept(listener);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(20));
        Assert.Equal(0, caller.Connect(address));
        using var callee = new TestSocket(ring.Take().Res);
        callee.Send("hello");
        Assert.Equal("hello", caller.ReceiveText());
    }

    [Theory]
    [EveryEngine(0, SqeFlags.None, CancelFlags.None)]
    [EveryEngine(0, SqeFlags.None, CancelFlags.Fd)]
    [EveryEngine(0, SqeFlags.Async, CancelFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.None, CancelFlags.None)]
    [EveryEngine(NonBlocking, SqeFlags.Async, CancelFlags.Fd)]
    public void A_cancel_finds_it_while_nobody_connects(string engine, int mode, SqeFlags flags, CancelFlags key)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode), caller = TestSocket.Tcp();
        for (int round = 0; round < 20; round++)
        {
            ref Sqe sqe = ref ring.Next().PrepareAccept(listener);
            (sqe.Flags, sqe.UserData) = (flags, 7);
            Assert.Equal(1, ring.Submit());
            if (flags != 0)
                Assert.True(ring.StaysQuiet(10)); // it is not on its way to where it waits
            Dictionary<ulong, int> results = [];
            for (ulong number = 100; !results.ContainsKey(7); number++)
            {
                // On a busy machine a worker may still have it in hand, be told, and wait all the same.
                ref Sqe cancel = ref ring.Next().PrepareAsyncCancel(7, key);
                cancel.UserData = number;
                if (key == CancelFlags.Fd)
                    cancel.Fd = listener;
                Assert.Equal(1, ring.Submit());
                ring.Await(flags == 0 && number == 100 ? 2u : 1u);
                while (ring.Ready > 0 || !results.ContainsKey(number) || !ring.StaysQuiet(20))
                {
                    Cqe cqe = ring.Take();
                    results.Add(cqe.UserData, cqe.Res);
                }
            }

            Assert.Equal(-Errno.ECANCELED, results[7]);
            // Between the worker's hands and where it waits the kernel finds it nowhere.
            int[] answers = flags == 0 ? [0] : engine == TestEngines.Kernel ? [0, -Errno.EALREADY, -Errno.ENOENT] : [0, -Errno.EALREADY];
            Assert.Contains(results[100], answers);
        }

        Assert.Equal(0, caller.Connect(listener.Address));
        listener.Accept().Dispose(); // it was left to whoever comes
    }

    [Theory, EveryEngine]
    public void Told_not_to_wait_it_does_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket blocking = TestSocket.Listener(), nonBlocking = TestSocket.Listener(NonBlocking);
        foreach (TestSocket listener in (TestSocket[])[blocking, nonBlocking])
        {
            ring.Next().PrepareAccept(listener, flags: AcceptFlags.DontWait);
            Assert.Equal(-Errno.EAGAIN, ring.Result());
            ring.Next().PrepareAccept(listener, flags: AcceptFlags.DontWait | AcceptFlags.PollFirst);
            Assert.Equal(-Errno.EAGAIN, ring.Result());
            using TestSocket caller = TestSocket.Tcp();
            Assert.Equal(0, caller.Connect(listener.Address));
            ring.Next().PrepareAccept(listener, flags: AcceptFlags.DontWait);
            new TestSocket(ring.Result()).Dispose();
        }
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Polling_first_changes_nothing_that_shows(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode), first = TestSocket.Tcp(), second = TestSocket.Tcp();
        Assert.Equal(0, first.Connect(listener.Address));
        ring.Next().PrepareAccept(listener, flags: AcceptFlags.PollFirst);
        new TestSocket(ring.Result()).Dispose();
        ring.Next().PrepareAccept(listener, flags: AcceptFlags.PollFirst);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(0, second.Connect(listener.Address));
        new TestSocket(ring.Take().Res).Dispose();
    }

    [Theory, EveryEngine]
    public void It_says_whether_another_connection_waits(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(), first = TestSocket.Tcp(), second = TestSocket.Tcp();
        Assert.Equal((0, 0), (first.Connect(listener.Address), second.Connect(listener.Address)));
        ring.Next().PrepareAccept(listener);
        ring.Next().PrepareAccept(listener);
        Assert.Equal(2, ring.Submit());
        Cqe[] completions = ring.Take(2);
        foreach (Cqe cqe in completions)
            new TestSocket(cqe.Res).Dispose();
        Assert.Equal([CqeFlags.SockNonEmpty, CqeFlags.None], completions.Select(cqe => cqe.Flags));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void One_of_two_that_wait_gets_the_connection(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode), first = TestSocket.Tcp(), second = TestSocket.Tcp();
        ring.Next().PrepareAccept(listener).UserData = 1;
        ring.Next().PrepareAccept(listener).UserData = 2;
        Assert.Equal(2, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        Assert.Equal(0, first.Connect(listener.Address));
        Cqe winner = ring.Take();
        new TestSocket(winner.Res).Dispose();
        Assert.True(ring.StaysQuiet());
        Assert.Equal(0, second.Connect(listener.Address));
        Cqe other = ring.Take();
        new TestSocket(other.Res).Dispose();
        Assert.Equal(3ul, winner.UserData + other.UserData);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Its_listener_may_be_closed_and_is_held(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode), caller = TestSocket.Tcp();
        byte[] address = listener.Address;
        ring.Next().PrepareAccept(listener);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        listener.Close();
        Assert.Equal(0, caller.Connect(address));
        using var callee = new TestSocket(ring.Take().Res);
        callee.Send("hello");
        Assert.Equal("hello", caller.ReceiveText());
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void Shutting_the_listener_down_ends_it(string engine, int mode)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener(mode);
        ring.Next().PrepareAccept(listener);
        Assert.Equal(1, ring.Submit());
        Assert.True(ring.StaysQuiet(10));
        listener.ShutDown(2);
        Assert.Equal(-Errno.EINVAL, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_connection_goes_to_a_slot_and_is_used_from_there(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(-1, -1));
        using TestSocket listener = TestSocket.Listener(), first = TestSocket.Tcp(), second = TestSocket.Tcp();
        Assert.Equal((0, 0), (first.Connect(listener.Address), second.Connect(listener.Address)));
        ring.Next().PrepareAccept(listener, fileIndex: 2);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareAccept(listener, fileIndex: FileSlots.Alloc);
        Assert.Equal(0, ring.Result());
        memory.Put(0, "to first "u8);
        memory.Put(9, "to second"u8);
        ring.Next().PrepareSend(1, memory.Address, 9).Flags = SqeFlags.FixedFile;
        Assert.Equal(9, ring.Result());
        ring.Next().PrepareSend(0, memory.At(9), 9).Flags = SqeFlags.FixedFile;
        Assert.Equal(9, ring.Result());
        Assert.Equal(("to first ", "to second"), (first.ReceiveText(), second.ReceiveText()));
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(NonBlocking)]
    public void A_released_ring_takes_no_connection(string engine, int mode)
    {
        using TestSocket listener = TestSocket.Listener(mode), caller = TestSocket.Tcp();
        using (var ring = new SeamRing(engine))
        {
            ring.Next().PrepareAccept(listener);
            Assert.Equal(1, ring.Submit());
        }

        Until.True(
            () =>
            {
                using TestSocket one = TestSocket.Tcp();
                Assert.Equal(0, one.Connect(listener.Address));
                return Libc.Poll(listener, Libc.POLLIN, 20, out _) == 1;
            },
            "the connection is left to others");
    }
}
