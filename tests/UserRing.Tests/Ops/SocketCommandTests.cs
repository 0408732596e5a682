using UserRing.Abi;

namespace UserRing.Tests.Ops;

/// <summary>URING_CMD of sockets: how much is queued, and their options.</summary>
public sealed class SocketCommandTests
{
    private const uint SOL_SOCKET = 1, SO_TYPE = 3, SO_RCVBUF = 8, IPPROTO_TCP = 6, TCP_NODELAY = 1;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void They_tell_what_is_queued(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        Assert.Equal(0, Do(ring, pair.B, SocketOp.SiocInq, flags: flags));
        pair.A.Send("five!");
        Until.True(() => Do(ring, pair.B, SocketOp.SiocInq, flags: flags) == 5, "five bytes are there");
        Until.True(() => Do(ring, pair.A, SocketOp.SiocOutq, flags: flags) == 0, "all is acknowledged");
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Options_are_set_and_told(string engine, SqeFlags flags)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using var memory = new TestMemory();
        memory.As<int>() = 20_000;
        Assert.Equal(0, Do(ring, pair.A, SocketOp.SetSockOpt, SOL_SOCKET, SO_RCVBUF, memory.Address, 4, flags));
        Assert.Equal(4, Do(ring, pair.A, SocketOp.GetSockOpt, SOL_SOCKET, SO_RCVBUF, memory.At(8), 64, flags));
        Assert.Equal(40_000, memory.As<int>(8)); // doubled, as by setsockopt(2)
        Assert.Equal(2, Do(ring, pair.A, SocketOp.GetSockOpt, SOL_SOCKET, SO_TYPE, memory.At(16), 2, flags));
        Assert.Equal(TestSocket.SOCK_STREAM, memory.As<int>(16));
        memory.As<int>() = 1;
        Assert.Equal(0, Do(ring, pair.A, SocketOp.SetSockOpt, IPPROTO_TCP, TCP_NODELAY, memory.Address, 4, flags));
    }

    [Theory, EveryEngine]
    public void Bad_options_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pair = new TestPair(Transport.Tcp);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.ENOPROTOOPT, Do(ring, pair.A, SocketOp.GetSockOpt, SOL_SOCKET, 9999, memory.Address, 4));
        Assert.Equal(-Errno.ENOPROTOOPT, Do(ring, pair.A, SocketOp.SetSockOpt, SOL_SOCKET, 9999, memory.Address, 4));
        Assert.Equal(-Errno.EFAULT, Do(ring, pair.A, SocketOp.GetSockOpt, SOL_SOCKET, SO_TYPE, TestMemory.Bad, 4));
        Assert.Equal(-Errno.EFAULT, Do(ring, pair.A, SocketOp.SetSockOpt, SOL_SOCKET, SO_RCVBUF, TestMemory.Bad, 4));
        Assert.Equal(-Errno.EINVAL, Do(ring, pair.A, SocketOp.SetSockOpt, SOL_SOCKET, SO_RCVBUF, memory.Address, 2));
        Assert.Equal(-Errno.EINVAL, Do(ring, pair.A, SocketOp.SetSockOpt, SOL_SOCKET, SO_RCVBUF, memory.Address, uint.MaxValue));
        Assert.Equal(-Errno.EINVAL, Do(ring, pair.A, SocketOp.GetSockOpt, SOL_SOCKET, SO_TYPE, memory.Address, uint.MaxValue));
    }

    [Theory, EveryEngine]
    public void Others_than_sockets_have_none_and_a_slot_is_as_good_as_a_number(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestPair pair = new(Transport.Tcp), local = new();
        using var pipe = new TestPipe();
        using TestFile file = TestFile.Create("content");
        Assert.Equal(-Errno.EOPNOTSUPP, Do(ring, pipe.ReadEnd, SocketOp.SiocInq));
        Assert.Equal(-Errno.EOPNOTSUPP, Do(ring, file, SocketOp.SiocInq));
        Assert.Equal(-Errno.EBADF, Do(ring, TestDescriptor.Closed, SocketOp.SiocInq));
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EOPNOTSUPP, Do(ring, local.A, SocketOp.SiocInq));
        Assert.Equal(-Errno.EOPNOTSUPP, Do(ring, local.A, SocketOp.SiocOutq));
        Assert.Equal(4, Do(ring, local.A, SocketOp.GetSockOpt, SOL_SOCKET, SO_TYPE, memory.Address, 4));
        Assert.Equal(0, ring.RegisterFiles(pair.B));
        pair.A.Send("abc");
        Until.True(() => Do(ring, 0, SocketOp.SiocInq, flags: SqeFlags.FixedFile) == 3, "three bytes are there");
        Assert.Equal(-Errno.EBADF, Do(ring, 1, SocketOp.SiocInq, flags: SqeFlags.FixedFile));
    }

    [Theory, EveryEngine]
    public void A_listener_has_no_queue(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestSocket listener = TestSocket.Listener();
        Assert.Equal(-Errno.EINVAL, Do(ring, listener, SocketOp.SiocInq));
        Assert.Equal(-Errno.EINVAL, Do(ring, listener, SocketOp.SiocOutq));
    }

    private static int Do(
        SeamRing ring, int socket, SocketOp command, uint level = 0, uint option = 0, nuint value = 0, uint length = 0,
        SqeFlags flags = SqeFlags.None)
    {
        ring.Next().PrepareSocketCommand(socket, command, level, option, value, length).Flags = flags;
        return ring.Result();
    }
}
