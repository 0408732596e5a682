using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>READ and READ_MULTISHOT.</summary>
internal static class ReadCases
{
    private const ulong CurrentPosition = ulong.MaxValue;

    private static readonly CaseList Files = new()
    {
        { "read.ok", c => c.Res(Good(c)) },
        { "read.short", c => c.Res(Good(c) with { Len = 200 }) },
        { "read.eof", c => c.Res(Good(c) with { Off = 100 }) },
        { "read.len0", c => c.Res(Good(c) with { Len = 0 }) },
        { "read.unmapped", c => c.Fault(Good(c), (ref s) => s.Addr = TestMemory.Bad) },
        { "read.null", c => c.Fault(Good(c) with { Len = 10 }, (ref s) => s.Addr = 0) },
        { "read.null-len0", c => c.Res(Good(c) with { Addr = 0, Len = 0 }) },
        { "read.writeonly", c => c.Fault(Good(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_WRONLY)) },
        { "read.dir", c => c.Fault(Good(c), (ref s) => s.Fd = c.OpenFolder()) },
        { "read.opath", c => c.Fault(Good(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_PATH)) },
        { "read.off-minus2", c => c.Fault(Good(c), (ref s) => s.Off = unchecked((ulong)-2)) },
        { "read.off-i64max", c => c.Fault(Good(c) with { Len = 10 }, (ref s) => s.Off = long.MaxValue) },
        {
            ["read.curpos", "read.curpos-moved"], c =>
            {
                TestFile file = c.File();
                file.Position = 90;
                c.Row("read.curpos", c.Res(Read(file, c.Buffer, 64, CurrentPosition)));
                c.Row("read.curpos-moved", file.Position);
            }
        },
        {
            ["read.explicit-off", "read.explicit-off-pos"], c =>
            {
                TestFile file = c.File();
                file.Position = 5;
                c.Row("read.explicit-off", c.Res(Read(file, c.Buffer, 10)));
                c.Row("read.explicit-off-pos", file.Position);
            }
        },
        { "read.badflags", c => c.Fault(Good(c), (ref s) => s.RwFlags = 1 << 30) },
        { "read.ioprio-bad", c => c.Fault(Good(c), (ref s) => s.IoPrio = 0xffff) },
        { "read.ioprio-be4", c => c.Res(Good(c) with { Len = 8, IoPrio = 0x4004 }) },
        { "read.async", c => c.Res(Async(Good(c))) },
        { "read.async-badfd", c => c.Fault(Async(Good(c)), (ref s) => s.Fd = c.NoFd) },
        { "read.attr-mask", c => c.Fault(Good(c), (ref s) => s.AttrTypeMask = (RwAttrFlags)2) },
        { "read.pad-file-index", c => c.Res(Good(c) with { FileIndex = 7 }) },
    };

    private static readonly CaseList Streams = new()
    {
        { "read.pipe-offset", c => c.Res(Read(c.PipeWith("hello").ReadEnd, c.Buffer, 64, offset: 3)) },
        { "read.pipe", c => c.Res(Read(c.PipeWith("hello").ReadEnd, c.Buffer, 64)) },
        { "read.nonblock-empty", c => Waits(c, c.Pipe(Libc.O_NONBLOCK).ReadEnd) },
        {
            "read.nowait-empty", c =>
            {
                Sqe read = Read(c.PipeWith("hello").ReadEnd, c.Buffer, 64) with { RwFlags = Libc.RWF_NOWAIT };
                return c.Unlike(c.Res(read), c.Res(read));
            }
        },
        {
            "read.socket-listen", c =>
            {
                (TestDescriptor caller, TestDescriptor callee) = c.TcpPair();
                c.Say(caller, 5);
                return c.Fault(Read(callee, c.Buffer, 64), (ref s) => s.Fd = c.Listener());
            }
        },
        { "read.eventfd-small", c => c.Fault(Read(c.EventFd(3, Libc.EFD_SEMAPHORE), c.Buffer, 8), (ref s) => s.Len = 4) },
        { "read.eventfd", c => c.Res(Read(c.EventFd(3), c.Buffer, 8)) },
        { "read.epoll", c => Waits(c, c.Epoll()) },
    };

    private static readonly CaseList Multishot = new()
    {
        { "rmulti.noselect", c => MultishotFault(c, (ref s) => s.Flags = 0) },
        { "rmulti.file", c => MultishotFault(c, (ref s) => s.Fd = c.File()) },
        { "rmulti.len", c => MultishotFault(c, (ref s) => s.Len = 5) },
    };

    private static Sqe Good(Case c) => Read(c.File(), c.Buffer, 64);

    private static long Waits(Case c, int fd)
    {
        Assert.Equal(1, c.Submit(Read(fd, c.Buffer, 8)));
        return c.After(50);
    }

    /// <summary>On a pipe with data and a ring with buffers: the good one stays armed, so the other has both of its own.</summary>
    private static long MultishotFault(Case c, Fault<Sqe> fault)
    {
        const ushort Group = 1;
        Sqe bad = Sqe();
        fault(ref bad);
        return c.Unlike(c.Res(Ring(), Sqe()), c.Res(Ring(), bad));

        Sqe Sqe() => Select(new Sqe { Opcode = Opcode.ReadMultishot, Fd = c.PipeWith("hello").ReadEnd }, Group);
        SeamRing Ring()
        {
            const int Buffers = 2;
            SeamRing ring = c.NewRing();
            Sqe provide = new() { Opcode = Opcode.ProvideBuffers, Fd = Buffers, Addr = c.Buffer, Len = 64, BufGroup = Group };
            Assert.Equal(0, c.Res(ring, provide));
            return ring;
        }
    }
}
