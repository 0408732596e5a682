using System.Net;
using System.Net.Sockets;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>CLOSE of descriptors.</summary>
public sealed class CloseTests
{
    private const int Here = SqePreparation.CurrentDirectory;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_pipe_is_closed(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        // By a number that no other test is given again at once.
        int end = Libc.Fcntl(pipe.WriteEnd, Libc.F_DUPFD_CLOEXEC, 15_000);
        pipe.WriteEnd.Close();
        ring.Next().PrepareClose(end).Flags = how;
        Assert.Equal(0, ring.Result());
        Assert.Equal("", pipe.Read());
        ring.Next().PrepareClose(end).Flags = how;
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory]
    [EveryEngine("/", Libc.O_PATH)]
    [EveryEngine("/", Libc.O_RDONLY)]
    [EveryEngine("/dev/null", Libc.O_RDWR)]
    [EveryEngine("/proc/self/status", Libc.O_RDONLY)]
    [EveryEngine("/dev/shm", Libc.O_TMPFILE_ALONE | Libc.O_RDWR)]
    public void Any_kind_of_file_is_closed(string engine, string path, int flags)
    {
        using var ring = new SeamRing(engine);
        using TestDescriptor file = TestDescriptor.Open(path, flags | ((flags & Libc.O_TMPFILE_ALONE) != 0 ? Libc.O_DIRECTORY : 0));
        int number = Libc.Fcntl(file, Libc.F_DUPFD_CLOEXEC, 15_100);
        ring.Next().PrepareClose(number);
        Assert.Equal(0, ring.Result());
        Assert.Equal(-Errno.EBADF, Libc.Fcntl(number, Libc.F_GETFD, 0));
    }

    /// <summary>The kernel closes it when the submitting call returns, which then takes as long as it lingers.</summary>
    [Theory]
    [InlineData(TestEngines.Managed)]
    [InlineData(TestEngines.Copying)]
    public void A_socket_that_lingers_does_not_hold_up_the_submitter(string engine)
    {
        using var ring = new SeamRing(engine);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 4096 };
        client.Connect(listener.LocalEndPoint!);
        using Socket server = listener.Accept();
        client.LingerState = new LingerOption(true, 60);
        client.Blocking = false;
        byte[] much = new byte[1 << 16];
        long sent = 0;
        for (SocketError error = 0; error == SocketError.Success;)
            sent += client.Send(much, SocketFlags.None, out error);
        int number = Libc.Fcntl((int)client.Handle, Libc.F_DUPFD_CLOEXEC, 15_200);
        client.Close();

        ring.Next().PrepareClose(number).UserData = 1;
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Assert.Equal(2ul, ring.Take().UserData);
        Assert.True(ring.StaysQuiet());
        for (int received = 1; received > 0; sent -= received)
            received = server.Receive(much);
        Assert.Equal(0, sent);
        Assert.Equal(0, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void What_is_not_open_or_a_ring_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var other = new SeamRing(engine);
        ring.Next().PrepareClose(TestDescriptor.Closed);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareClose(-1);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareClose(ring.Descriptor);
        Assert.Equal(-Errno.EBADF, ring.Result());
        ring.Next().PrepareClose(other.Descriptor);
        Assert.Equal(-Errno.EBADF, ring.Result());
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        var sqe = new Sqe { Opcode = Opcode.Close, Fd = TestDescriptor.Closed };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Off = 1, Flags = SqeFlags.FixedFile }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { Len = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { RwFlags = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { BufIndex = 1 }));
        Assert.Equal(-Errno.EBADF, ring.DoRefused(sqe with { Flags = SqeFlags.FixedFile, FileIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { FileIndex = 1 }));
        Assert.Equal(-Errno.EBADF, ring.Do(sqe with { Addr3 = 1 }));
    }

    [Theory, EveryEngine]
    public void Storms_of_opens_and_closes_leave_nothing(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(Storm, [engine]);
    }

    [Scenario]
    private static void Storm(string[] arguments)
    {
        const int Count = 64;
        using var folder = new TestFolder();
        using var memory = new TestMemory();
        using var ring = new SeamRing(arguments[0], 2 * Count);
        nuint file = memory.PutPath(0, folder.Add("file")), fresh = memory.PutPath(256, folder["new"]);
        nuint missing = memory.PutPath(512, folder["missing"]), how = memory.Put(1024, new OpenHow { Flags = Libc.O_CLOEXEC });
        Assert.Equal(0, ring.RegisterFiles([.. Enumerable.Repeat(-1, Count / 4)]));
        Round();
        Holdings before = Holdings.Now();
        for (int i = 0; i < 30; i++)
            Round();
        before.AwaitReturn();
        Assert.Equal(0, CopyingCaller.LiveDescriptors);

        void Round()
        {
            for (uint i = 0; i < Count; i++)
            {
                ref Sqe sqe = ref ring.Next();
                _ = (i % 8) switch
                {
                    0 or 1 => sqe.PrepareOpenat(Here, file, Libc.O_RDONLY),
                    2 => sqe.PrepareOpenat(Here, fresh, Libc.O_RDWR | Libc.O_CREAT, 0x180),
                    3 => sqe.PrepareOpenat2(Here, file, how),
                    4 => sqe.PrepareOpenat(Here, missing, Libc.O_RDONLY),
                    5 or 6 => sqe.PrepareOpenat(Here, file, Libc.O_RDONLY, fileIndex: i / 4 + 1),
                    _ => sqe.PrepareOpenat(Here, file, Libc.O_RDONLY | (i % 16 == 7 ? Libc.O_TRUNC : 0), fileIndex: FileSlots.Alloc),
                };
                (sqe.UserData, sqe.Flags) = (i, i % 3 == 0 ? SqeFlags.Async : 0);
            }

            for (ulong i = 0; i < Count; i += 2)
                ring.Next().PrepareAsyncCancel(i).UserData = 1000 + i;
            Assert.Equal(Count + Count / 2, ring.Submit());
            List<int> opened = [];
            foreach ((ulong i, int result) in ring.Results(Count + Count / 2))
            {
                if (i % 8 < 5 && i < 1000 && result >= 0)
                    opened.Add(result);
            }

            Assert.NotEmpty(opened);
            foreach (int[] some in opened.Chunk(Count))
            {
                for (int i = 0; i < some.Length; i++)
                    ring.Next().PrepareClose(some[i]).Flags = i % 2 == 0 ? SqeFlags.Async : 0;
                Assert.Equal(some.Length, ring.Submit());
                Assert.All(ring.Take(some.Length), cqe => Assert.Equal(0, cqe.Res));
            }
        }
    }
}
