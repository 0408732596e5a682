using System.Net;
using System.Net.Sockets;
using UserRing.Abi;
using UserRing.Engine.Managed;

namespace UserRing.Tests;

/// <summary>What is newer than Linux 6.18, behind its option. No kernel here has it: these tests follow the header.</summary>
public sealed unsafe class NewestAbiTests
{
    private static readonly ManagedEngine Newest = new(new ManagedEngineOptions { Abi = AbiLevel.Newest });

    [Theory]
    [InlineData(SetupFlags.Sqe128)]
    [InlineData(SetupFlags.SqeMixed)]
    public void Operations_of_128_bytes_work_where_there_is_room_for_them(SetupFlags flags)
    {
        using SeamRing ring = Ring(flags);
        ring.Next(1).Opcode = Opcode.Nop128;
        bool isMixed = flags == SetupFlags.SqeMixed;
        if (isMixed)
            ring.Next(); // its second half
        ring.Next(2).Opcode = Opcode.Nop;
        Assert.Equal(isMixed ? 3 : 2, ring.Submit());
        Assert.Equal([(1ul, 0), (2ul, 0)], ring.TakeReady().Select(cqe => (cqe.UserData, cqe.Res)));
    }

    [Fact]
    public void An_operation_of_128_bytes_needs_its_second_half_behind_it()
    {
        using SeamRing small = Ring(SetupFlags.None), mixed = Ring(SetupFlags.SqeMixed);
        Assert.Equal(-Errno.EINVAL, small.Do(new Sqe { Opcode = Opcode.Nop128 }));
        Assert.Equal(-Errno.EINVAL, mixed.Do(new Sqe { Opcode = Opcode.Nop128 }));
    }

    [Fact]
    public void A_ring_that_rewinds_takes_its_first_entries_at_each_call()
    {
        using SeamRing ring = Ring(SetupFlags.NoSqArray | SetupFlags.SqRewind);
        for (ulong round = 1; round <= 3; round++)
        {
            ring.SqeAt(0) = new Sqe { Opcode = Opcode.Nop, UserData = round };
            Assert.Equal(1, ring.Engine.Enter(ring.Descriptor, 1, 0, 0, 0, 0));
            Assert.Equal(round, ring.Take().UserData);
        }
    }

    [Theory]
    [InlineData(SetupFlags.SqRewind)]
    [InlineData(SetupFlags.SqRewind | SetupFlags.NoSqArray | SetupFlags.SqPoll)]
    [InlineData(SetupFlags.SqeMixed | SetupFlags.Sqe128)]
    public void Flags_that_exclude_each_other_are_refused(SetupFlags flags)
    {
        RingParams parameters = SeamRing.Parameters(flags);
        Assert.Equal(-Errno.EINVAL, Newest.Setup(4, (nuint)(&parameters)));
    }

    [Fact]
    public void A_timeout_may_bring_its_time_along()
    {
        using SeamRing ring = Ring(SetupFlags.None);
        var sqe = new Sqe { Opcode = Opcode.Timeout, Addr = 2_000_000, Len = 1, TimeoutFlags = TimeoutFlags.ImmediateArg };
        Assert.Equal(-Errno.ETIME, ring.Do(sqe));
    }

    [Fact]
    public void A_socket_tells_its_name()
    {
        using SeamRing ring = Ring(SetupFlags.None);
        using var memory = new TestMemory(4096);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        memory.As<uint>(128) = 64;
        var sqe = new Sqe
        {
            Opcode = Opcode.UringCmd, Fd = (int)socket.Handle, CmdOp = (uint)SocketOp.GetSockName, Addr = memory.At(0),
            Addr3 = memory.At(128),
        };
        Assert.Equal(0, ring.Do(sqe));
        Assert.Equal(16u, memory.As<uint>(128));
        Assert.Equal(((IPEndPoint)socket.LocalEndPoint!).Port, (memory.Bytes[2] << 8) | memory.Bytes[3]);
    }

    [Fact]
    public void Without_the_option_none_of_it_is_known()
    {
        using var ring = new SeamRing(TestEngines.Managed);
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Nop128 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(new Sqe { Opcode = Opcode.Timeout, Len = 1, TimeoutFlags = TimeoutFlags.ImmediateArg }));
        RingParams parameters = SeamRing.Parameters(SetupFlags.SqeMixed);
        Assert.Equal(-Errno.EINVAL, SeamRing.TrySetup(TestEngines.Managed, 4, ref parameters));
    }

    private static SeamRing Ring(SetupFlags flags) => new(Newest, 8, SeamRing.Parameters(flags));
}
