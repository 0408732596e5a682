using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>WAITID: which change of a child ends it, what is told of the child, and what is left of it.</summary>
public sealed class WaitIdTests
{
    private const int OfProcess = 1, OfPidFd = 3;
    private const int NoHang = 1, Stopped = 2, Exited = 4, Continued = 8;
    private const int ByExit = 1, ByKill = 2, ByStop = 5, ByContinue = 6; // si_code
    private const int SIGCHLD = 17;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void An_exit_is_told_with_its_code(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var child = new TestProcess("read line; exit 7 < /dev/null");
        using var memory = new TestMemory();
        Wait(ring, child, memory, Exited, flags);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByExit, 7);
        Wait(ring, child, memory, Exited);
        Assert.Equal(-Errno.ECHILD, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(Exited, SqeFlags.None)]
    [EveryEngine(Exited | Stopped, SqeFlags.None)]
    [EveryEngine(Exited, SqeFlags.Async)]
    public void One_that_lives_is_waited_for(string engine, int options, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        Wait(ring, child, memory, options, flags);
        Assert.True(ring.StaysQuiet());
        child.Send(TestProcess.SIGKILL);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByKill, TestProcess.SIGKILL);
    }

    [Theory, EveryEngine]
    public void Stops_and_continuations_are_told_to_who_asks_for_them(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        Wait(ring, child, memory, Stopped);
        Assert.True(ring.StaysQuiet());
        child.Send(TestProcess.SIGSTOP);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByStop, TestProcess.SIGSTOP);
        Wait(ring, child, memory, Exited | Continued);
        Assert.True(ring.StaysQuiet());
        child.Send(TestProcess.SIGCONT);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByContinue, TestProcess.SIGCONT);
    }

    [Theory, EveryEngine]
    public void One_that_is_left_can_be_waited_for_again(string engine)
    {
        using var ring = new SeamRing(engine);
        using var child = new TestProcess("exit 3");
        using var memory = new TestMemory();
        for (int i = 0; i < 3; i++)
        {
            memory.Bytes.Clear();
            Wait(ring, child, memory, Exited | (i < 2 ? Libc.WNOWAIT : 0));
            Assert.Equal(0, ring.Take().Res);
            AssertTold(memory, child, ByExit, 3);
        }

        Wait(ring, child, memory, Exited);
        Assert.Equal(-Errno.ECHILD, ring.Take().Res);
    }

    [Theory]
    [EveryEngine(0)]
    [EveryEngine(Libc.O_NONBLOCK)]
    public void A_child_can_be_named_by_its_descriptor(string engine, int openFlags)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        using var file = new TestDescriptor(Libc.PidfdOpen(child.Id));
        if (openFlags != 0)
            Assert.Equal(0, Libc.Fcntl(file, Libc.F_SETFL, openFlags));
        ring.Next().PrepareWaitid(OfPidFd, file, memory.Address, Exited);
        Assert.Equal(1, ring.Submit());
        if (openFlags != 0)
        {
            Assert.Equal(0, ring.Take().Res); // it does not wait, which waitid(2) would call EAGAIN
            Assert.Equal(0, memory.As<int>());
            return;
        }

        Assert.True(ring.StaysQuiet());
        child.Send(TestProcess.SIGKILL);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByKill, TestProcess.SIGKILL);
    }

    [Theory, EveryEngine]
    public void Without_waiting_nothing_is_told_of_one_that_lives(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        memory.Bytes.Fill(0xEE);
        Wait(ring, child, memory, Exited | NoHang);
        Assert.Equal(0, ring.Take().Res);
        Assert.Equal((0, 0, 0, 0), (memory.As<int>(), memory.As<int>(8), memory.As<int>(16), memory.As<int>(24)));
    }

    [Theory]
    [EveryEngine(Exited, SqeFlags.None)]
    [EveryEngine(Stopped, SqeFlags.None)]
    [EveryEngine(Exited, SqeFlags.Async)]
    public void A_cancel_ends_it_and_leaves_the_child(string engine, int options, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        Wait(ring, child, memory, options, flags);
        Assert.True(ring.StaysQuiet(10));
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 1), (results[1], results[2]));
        child.Send(TestProcess.SIGKILL);
        Wait(ring, child, memory, Exited);
        Assert.Equal(0, ring.Take().Res);
        AssertTold(memory, child, ByKill, TestProcess.SIGKILL);
    }

    [Theory, EveryEngine]
    public void A_link_timeout_ends_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestProcess child = TestProcess.Sleeping();
        using var memory = new TestMemory();
        ref Sqe sqe = ref ring.Next().PrepareWaitid(OfProcess, child.Id, memory.Address, Exited);
        (sqe.UserData, sqe.Flags) = (1, SqeFlags.IoLink);
        nuint time = memory.PutTime(512, TimeSpan.FromMilliseconds(20));
        ring.Next() = new Sqe { Opcode = Opcode.LinkTimeout, Addr = time, Len = 1, UserData = 2 };
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 1), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void What_is_told_may_have_nowhere_to_go(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using (var child = new TestProcess("exit 3"))
        {
            ring.Next().PrepareWaitid(OfProcess, child.Id, 0, Exited | Libc.WNOWAIT);
            Assert.Equal(0, ring.Result());
            ring.Next().PrepareWaitid(OfProcess, child.Id, TestMemory.Bad, Exited | Libc.WNOWAIT);
            Assert.Equal(-Errno.EFAULT, ring.Result());
        }
    }

    private static void Wait(SeamRing ring, TestProcess child, TestMemory memory, int options, SqeFlags flags = SqeFlags.None)
    {
        ref Sqe sqe = ref ring.Next().PrepareWaitid(OfProcess, child.Id, memory.Address, options);
        (sqe.UserData, sqe.Flags) = (1, flags);
        Assert.Equal(1, ring.Submit());
    }

    /// <summary>si_signo, si_code, si_pid and si_status.</summary>
    private static void AssertTold(TestMemory memory, TestProcess child, int code, int status) => Assert.Equal(
        (SIGCHLD, code, child.Id, status), (memory.As<int>(), memory.As<int>(8), memory.As<int>(16), memory.As<int>(24)));
}
