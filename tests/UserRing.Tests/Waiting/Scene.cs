using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests.Waiting;

/// <summary>What a request can wait for, none of which ever happens by itself; made as it is asked for.</summary>
internal sealed class Scene(string engine, StallingFileSystem stalling) : IDisposable
{
    public const ushort Group = 3;

    private readonly List<IDisposable> _owned = [];

    public SeamRing Ring { get; } = new(engine, 16);

    /// <summary>The first half for what requests point to, the second for their data.</summary>
    public TestMemory Memory { get; } = new(16384);

    public nuint Data => Memory.At(8192);

    public int EmptyPipe => Own(new TestPipe()).ReadEnd;

    public int FullPipe
    {
        get
        {
            TestPipe pipe = Own(new TestPipe());
            pipe.Fill();
            return pipe.WriteEnd;
        }
    }

    public int SilentSocket => Own(new TestPair()).A;

    public int FullSocket
    {
        get
        {
            TestPair pair = Own(new TestPair(Transport.Tcp));
            // What has been sent goes over to the other's side for a while yet.
            pair.B.LimitReceiveBuffer(4096);
            Until.True(
                () => pair.A.Fill() == 0 && Libc.Poll(pair.A, Libc.POLLOUT, 20, out _) == 0, "the connection takes no more");
            return pair.A;
        }
    }

    /// <summary>The data as a vector of one.</summary>
    public nuint Vector => Memory.Put(0, new IoVec { Base = Data, Len = 64 });

    /// <summary>A message of the data, without an address.</summary>
    public unsafe nuint Message => Memory.Put(64, new MsgHdr { Iov = Vector, IovLen = 1 });

    public nuint Hour => Memory.PutTime(256, TimeSpan.FromHours(1));

    public T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }

    /// <summary>A file of the file system that does not answer.</summary>
    public int Stalling(string name = StallingServer.Plain, int flags = Libc.O_RDWR) => Own(TestDescriptor.Open(stalling[name], flags));

    public int StallingRoot => Stalling(".", Libc.O_DIRECTORY);

    /// <summary>The same file, a page of which has been written to and is not yet on its way.</summary>
    public unsafe int StallingDirty
    {
        get
        {
            int file = Stalling();
            Assert.Equal(StallingServer.FileBytes, Libc.Pwritev2(file, new IoVec { Base = Data, Len = StallingServer.FileBytes }, 0, 0));
            return file;
        }
    }

    /// <summary>The same file as memory.</summary>
    public nuint StallingPages
    {
        get
        {
            nint at = Libc.Mmap(0, StallingServer.FileBytes, Libc.PROT_READ, Libc.MAP_PRIVATE, Stalling(), 0);
            Assert.InRange(at, 1, nint.MaxValue);
            _owned.Add(new Ending(() => _ = Libc.Munmap((nuint)at, StallingServer.FileBytes)));
            return (nuint)at;
        }
    }

    /// <summary>The path of something in a folder whose file system does not answer.</summary>
    public nuint StallingPath => Memory.PutPath(1024, stalling["held"]);

    public string StallingName(string name) => stalling[name];

    public nuint Text(int at, string text) => Memory.PutPath(2048 + at, text);

    public nuint RegisterBuffer()
    {
        Assert.Equal(0, Ring.RegisterBuffers(new IoVec { Base = Data, Len = 4096 }));
        return Data;
    }

    public int Child()
    {
        var start = new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Own(Process.Start(start)!);
        _owned.Add(new Ending(() => process.StandardInput.Close()));
        return process.Id;
    }

    public void Dispose()
    {
        Ring.Dispose();
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        Memory.Dispose();
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
