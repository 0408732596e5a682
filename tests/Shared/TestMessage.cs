using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>A msghdr and what it points to, each at a place of its own in one piece of memory that can be spoiled.</summary>
internal sealed unsafe class TestMessage : IDisposable
{
    public const int SOL_SOCKET = 1, SCM_RIGHTS = 1;

    private const int HeaderAt = 0, VectorAt = 64, NameAt = 256, ControlAt = 512, DataAt = 4096;

    public TestMessage(int dataBytes = 4096) => Memory = new TestMemory(DataAt + dataBytes);

    public TestMemory Memory { get; }

    public nuint Address => Memory.At(HeaderAt);

    public ref MsgHdr Header => ref Memory.As<MsgHdr>(HeaderAt);

    public Span<byte> Name => Memory[NameAt..ControlAt];

    public Span<byte> Control => Memory[ControlAt..DataAt];

    public Span<byte> Data => Memory[DataAt..];

    /// <summary>Parts of the data, one behind the other.</summary>
    public TestMessage With(params ReadOnlySpan<int> lengths)
    {
        int at = DataAt;
        for (int i = 0; i < lengths.Length; i++)
        {
            Memory.As<IoVec>(VectorAt + i * sizeof(IoVec)) = new IoVec { Base = Memory.At(at), Len = (nuint)lengths[i] };
            at += lengths[i];
        }

        (Header.Iov, Header.IovLen) = (Memory.At(VectorAt), (nuint)lengths.Length);
        return this;
    }

    public TestMessage WithData(ReadOnlySpan<byte> data)
    {
        data.CopyTo(Data);
        return With(data.Length);
    }

    public TestMessage WithName(ReadOnlySpan<byte> name)
    {
        name.CopyTo(Name);
        return WithNameRoom(name.Length);
    }

    public TestMessage WithNameRoom(int bytes)
    {
        (Header.Name, Header.NameLen) = (Memory.At(NameAt), bytes);
        return this;
    }

    public TestMessage WithControlRoom(int bytes)
    {
        (Header.Control, Header.ControlLen) = (Memory.At(ControlAt), (nuint)bytes);
        return this;
    }

    /// <summary>Control data that hands descriptors over.</summary>
    public TestMessage WithRights(params ReadOnlySpan<int> descriptors)
    {
        int bytes = sizeof(CmsgHdr) + descriptors.Length * sizeof(int);
        Memory.As<CmsgHdr>(ControlAt) = new CmsgHdr { Len = (nuint)bytes, Level = SOL_SOCKET, Type = SCM_RIGHTS };
        descriptors.CopyTo(MemoryMarshal.Cast<byte, int>(Control[sizeof(CmsgHdr)..]));
        return WithControlRoom((bytes + 7) & ~7);
    }

    /// <summary>The descriptors in control data, which are the test's from now on.</summary>
    public static List<TestDescriptor> RightsIn(ReadOnlySpan<byte> control)
    {
        if (control.Length < sizeof(CmsgHdr))
            return [];
        var head = MemoryMarshal.Read<CmsgHdr>(control);
        Assert.Equal((SOL_SOCKET, SCM_RIGHTS), (head.Level, head.Type));
        return [.. MemoryMarshal.Cast<byte, int>(control[sizeof(CmsgHdr)..(int)head.Len]).ToArray().Select(fd => new TestDescriptor(fd))];
    }

    public List<TestDescriptor> TakeRights() => RightsIn(Control[..(int)Header.ControlLen]);

    /// <summary>recvmsg(2) without a ring.</summary>
    public int Receive(TestSocket socket, int flags = 0)
    {
        Until.True(() => Libc.Poll(socket, Libc.POLLIN, 100, out _) > 0, "there is a message");
        return (int)Libc.RecvMsg(socket, ref Header, flags);
    }

    /// <summary>sendmsg(2) without a ring.</summary>
    public int Send(TestSocket socket) => (int)Libc.SendMsg(socket, Header, 0);

    /// <summary>Overwrites header, iovecs and name: what an engine may not need once it has taken the SQE.</summary>
    public void Spoil() => Memory[..ControlAt].Fill(0xFF);

    public void Dispose() => Memory.Dispose();
}
