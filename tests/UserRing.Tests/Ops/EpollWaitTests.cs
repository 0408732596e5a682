using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Ops;

/// <summary>EPOLL_WAIT: what is ready now, what becomes ready, and how much of it.</summary>
public sealed class EpollWaitTests
{
    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void It_tells_what_is_ready_or_becomes_ready(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        using TestDescriptor first = TestDescriptor.EventFd(), second = TestDescriptor.EventFd();
        Watch(epoll, first, 77);
        Watch(epoll, second, 88);
        Wait(ring, epoll, memory, 4, flags);
        Assert.True(ring.StaysQuiet());
        Libc.SignalEventfd(second);
        Assert.Equal(1, ring.Take().Res);
        Assert.Equal((Libc.EPOLLIN, 88ul), Event(memory, 0));
        Libc.SignalEventfd(first);
        Wait(ring, epoll, memory, 1, flags); // no more than asked for
        Assert.Equal(1, ring.Take().Res);
        Wait(ring, epoll, memory, 4, flags);
        Assert.Equal(2, ring.Take().Res);
        Assert.Equal(165ul, Event(memory, 0).Data + Event(memory, 1).Data);
    }

    [Theory, EveryEngine]
    public void Of_two_that_wait_each_gets_an_event_or_waits_on(string engine)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        using TestDescriptor file = TestDescriptor.EventFd();
        Watch(epoll, file, 5, Libc.EPOLLET);
        Wait(ring, epoll, memory, 4);
        Wait(ring, epoll, memory, 4);
        Libc.SignalEventfd(file);
        Assert.Equal(1, ring.Take().Res);
        Assert.True(ring.StaysQuiet());
        Libc.SignalEventfd(file);
        Assert.Equal(1, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void A_cancel_ends_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        Wait(ring, epoll, memory, 4);
        ring.Next().PrepareAsyncCancel(1).UserData = 2;
        Assert.Equal(1, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((-Errno.ECANCELED, 0), (results[1], results[2]));
    }

    [Theory, EveryEngine]
    public void What_cannot_be_written_or_is_no_epoll_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        using TestDescriptor file = TestDescriptor.EventFd(1);
        Watch(epoll, file, 5);
        ring.Next().PrepareEpollWait(epoll, TestMemory.Bad, 4);
        Assert.Equal(-Errno.EFAULT, ring.Result());
        ring.Next().PrepareEpollWait(file, memory.Address, 4);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareEpollWait(epoll, memory.Address, 0x8000_0000);
        Assert.Equal(-Errno.EINVAL, ring.Result());
        ring.Next().PrepareEpollWait(TestDescriptor.Closed, memory.Address, 4);
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void Through_a_slot_it_outlives_the_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var epoll = new TestDescriptor(Libc.EpollCreate1(Libc.EPOLL_CLOEXEC));
        using var memory = new TestMemory();
        using TestDescriptor file = TestDescriptor.EventFd();
        Watch(epoll, file, 5);
        Assert.Equal(0, ring.RegisterFiles(epoll));
        ring.Next().PrepareEpollWait(0, memory.Address, 4).Flags = SqeFlags.FixedFile;
        Assert.Equal(1, ring.Submit());
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Libc.SignalEventfd(file);
        Assert.Equal(1, ring.Take().Res);
    }

    private static void Watch(int epoll, int file, ulong data, uint mode = 0) =>
        Assert.Equal(0, Libc.EpollCtl(epoll, Libc.EPOLL_CTL_ADD, file, Libc.EPOLLIN | mode, data));

    private static void Wait(SeamRing ring, int epoll, TestMemory memory, uint most, SqeFlags flags = SqeFlags.None)
    {
        ref Sqe sqe = ref ring.Next().PrepareEpollWait(epoll, memory.Address, most);
        (sqe.UserData, sqe.Flags) = (1, flags);
        Assert.Equal(1, ring.Submit());
    }

    private static (uint Events, ulong Data) Event(TestMemory memory, int index)
    {
        int at = index * EpollEvents.Bytes;
        return (memory.As<uint>(at), memory.As<ulong>(at + EpollEvents.DataOffset));
    }
}
