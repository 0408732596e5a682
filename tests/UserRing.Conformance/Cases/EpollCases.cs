using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>EPOLL_CTL and EPOLL_WAIT.</summary>
internal static class EpollCases
{
    private static readonly CaseList Changed = new()
    {
        {
            ["epollctl.add", "epollctl.eexist"], c =>
            {
                Sqe add = Add(c);
                int first = c.Res(add);
                c.Row("epollctl.add", first);
                c.Row("epollctl.eexist", c.Unlike(first, c.Res(add)));
            }
        },
        {
            "epollctl.enoent", c =>
            {
                Sqe add = Add(c);
                Assert.Equal(0, c.Res(add));
                return c.Fault(add with { Len = Libc.EPOLL_CTL_MOD }, (ref s) => s.Off = (ulong)c.Pipe().ReadEnd.Number);
            }
        },
        { "epollctl.perm", c => AddFault(c, (ref s) => s.Off = (ulong)c.File().Number) },
        { "epollctl.badop", c => AddFault(c, (ref s) => s.Len = 9) },
        { "epollctl.badepfd", c => AddFault(c, (ref s) => s.Fd = c.NoFd) },
        { "epollctl.notepoll", c => AddFault(c, (ref s) => s.Fd = c.Pipe().ReadEnd) },
        { "epollctl.null", c => AddFault(c, (ref s) => s.Addr = 0) },
        { "epollctl.bufindex", c => AddFault(c, (ref s) => s.BufIndex = 1) },
    };

    private static readonly CaseList Waited = new()
    {
        { "epollwait.notepoll", c => c.Fault(Wait(c), (ref s) => s.Fd = c.Pipe().ReadEnd) },
        { "epollwait.len0", c => c.Fault(Wait(c), (ref s) => s.Len = 0) },
        { "epollwait.off", c => c.Fault(Wait(c), (ref s) => s.Off = 1) },
        { "epollwait.ok", c => c.Res(Wait(c)) },
    };

    /// <summary>Adds a pipe to an epoll instance with nothing in it.</summary>
    private static Sqe Add(Case c) => new()
    {
        Opcode = Opcode.EpollCtl, Fd = c.Epoll(), Off = (ulong)c.Pipe().ReadEnd.Number, Len = Libc.EPOLL_CTL_ADD, Addr = Event(c),
    };

    private static long AddFault(Case c, Fault<Sqe> fault)
    {
        // To another instance: one that has the pipe already answers EEXIST.
        Sqe good = Add(c), bad = good with { Fd = c.Epoll() };
        fault(ref bad);
        return c.Unlike(c.Res(good), c.Res(bad));
    }

    /// <summary>On an epoll instance with one descriptor, which is ready.</summary>
    private static Sqe Wait(Case c)
    {
        int epoll = c.Epoll();
        Assert.Equal(0, Libc.EpollCtl(epoll, Libc.EPOLL_CTL_ADD, c.EventFd(1), Libc.EPOLLIN, 7));
        return new() { Opcode = Opcode.EpollWait, Fd = epoll, Addr = c.Buffer, Len = 4 };
    }

    private static nuint Event(Case c) => RuntimeInformation.ProcessArchitecture == Architecture.X64
        ? c.Put(new EpollEventPacked { Events = Libc.EPOLLIN, Data = 7 })
        : c.Put(new EpollEvent { Events = Libc.EPOLLIN, Data = 7 });
}
