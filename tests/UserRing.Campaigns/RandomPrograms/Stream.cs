using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// A pipe, or a pair of sockets of which requests use one. The far side is the test's: it writes what requests read and reads what they
/// write, never waiting.
/// </summary>
internal sealed unsafe partial class Stream : IDisposable
{
    private const int AfUnix = 1, SockStreamCloexec = 0x80001;

    private static readonly TestMemory Scratch = new(1 << 17);

    /// <summary>A place, not open: whoever uses it is told EBADF, as of a closed number.</summary>
    private static readonly TestDescriptor Nothing = TestDescriptor.Open("/", Libc.O_PATH);

    private readonly List<TestDescriptor> _buried = [];
    private readonly bool _isPipe;
    private int _written;

    private Stream(int reads, int writes, int farReads, int farWrites, bool isPipe) =>
        (Reads, Writes, FarReads, FarWrites, _isPipe) = (new(reads), new(writes), new(farReads), new(farWrites), isPipe);

    /// <summary>What requests read from and write to; on sockets the same twice.</summary>
    public TestDescriptor Reads { get; }

    public TestDescriptor Writes { get; }

    private TestDescriptor FarReads { get; }

    private TestDescriptor FarWrites { get; }

    public static Stream OfPipe(int size = 0, int holds = 0)
    {
        int* ends = stackalloc int[2];
        Assert.Equal(0, Libc.Pipe2(ends, Libc.O_CLOEXEC));
        if (size > 0)
            Assert.InRange(Libc.Fcntl(ends[1], Libc.F_SETPIPE_SZ, size), 0, int.MaxValue);
        var pipe = new Stream(ends[0], ends[1], Dup(ends[0]), Dup(ends[1]), isPipe: true);
        pipe.FarWrite(holds);
        return pipe;
    }

    public static Stream OfSockets(int holds = 0)
    {
        int* ends = stackalloc int[2];
        Assert.Equal(0, socketpair(AfUnix, SockStreamCloexec, 0, ends));
        var pair = new Stream(ends[0], Dup(ends[0]), ends[1], Dup(ends[1]), isPipe: false);
        pair.FarWrite(holds);
        return pair;
    }

    /// <summary>Both ends.</summary>
    public bool IsClosed => Reads < 0 && Writes < 0;

    /// <summary>What poll(2) says now, of those events and of what it always says.</summary>
    public static int Events(int descriptor, int events) => Libc.Poll(descriptor, (short)events, 0, out short ready) > 0 ? ready : 0;

    /// <summary>How many bytes wait on either side.</summary>
    public (int Near, int Far) Level => (Unread(Reads), _isPipe ? 0 : Unread(FarReads));

    public string FarWrite(int bytes)
    {
        if (FarWrites < 0 || bytes == 0)
            return "-";
        for (int i = 0; i < bytes; i++)
            Scratch.Bytes[i] = (byte)(_written++ * 3 + 5);
        return $"{Transfer(FarWrites, bytes, write: true)}";
    }

    public string FarRead(int bytes)
    {
        if (FarReads < 0)
            return "-";
        nint count = Transfer(FarReads, bytes, write: false);
        return count > 0 ? $"{count}/{World.Hash(Scratch[..(int)count]):x8}" : $"{count}";
    }

    /// <summary>Of a pipe both descriptors of the end go, for requests too; of sockets the far one.</summary>
    public void CloseWriteEnd()
    {
        FarWrites.Close();
        if (_isPipe)
            Bury(Writes);
        else
            FarReads.Close();
    }

    public void CloseReadEnd()
    {
        FarReads.Close();
        if (_isPipe)
            Bury(Reads);
        else
            FarWrites.Close();
    }

    /// <summary>
    /// Requests may still name the number, which the managed engine's own descriptors must not take: it stands for nothing from now on.
    /// </summary>
    private void Bury(TestDescriptor descriptor)
    {
        if (descriptor < 0)
            return;
        TestLibc.Dup2(Nothing, descriptor);
        _buried.Add(new TestDescriptor(descriptor.Detach()));
    }

    public void Dispose()
    {
        _buried.ForEach(number => number.Dispose());
        Reads.Dispose();
        Writes.Dispose();
        FarReads.Dispose();
        FarWrites.Dispose();
    }

    private static nint Transfer(int descriptor, int bytes, bool write)
    {
        var memory = new IoVec { Base = Scratch.Address, Len = (nuint)bytes };
        return write
            ? Libc.Pwritev2(descriptor, memory, -1, Libc.RWF_NOWAIT)
            : Libc.Preadv2(descriptor, memory, -1, Libc.RWF_NOWAIT);
    }

    private static int Unread(int descriptor)
    {
        const nuint FionRead = 0x541B;
        int unread = 0;
        return descriptor >= 0 && ioctl(descriptor, FionRead, &unread) == 0 ? unread : -1;
    }

    private static int Dup(int descriptor)
    {
        const int F_DUPFD_CLOEXEC = 1030;
        return Libc.Fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    }

    [LibraryImport("libc")]
    private static partial int ioctl(int descriptor, nuint request, int* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);
}
