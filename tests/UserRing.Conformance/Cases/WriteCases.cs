using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>WRITE.</summary>
internal static class WriteCases
{
    private static readonly CaseList Cases = new()
    {
        { "write.ok", c => c.Res(Good(c)) },
        { "write.readonly", c => c.Fault(Good(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_RDONLY)) },
        { "write.len0", c => c.Res(Good(c) with { Len = 0 }) },
        { "write.unmapped", c => c.Fault(Good(c), (ref s) => s.Addr = TestMemory.Bad) },
        { "write.dir", c => c.Fault(Good(c), (ref s) => s.Fd = c.OpenFolder()) },
        { "write.off-minus2", c => c.Fault(Good(c), (ref s) => s.Off = unchecked((ulong)-2)) },
        // Most of it is no memory of anybody's: the device does not look.
        { "write.max-count", c => c.Res(Write(c.Null, c.Buffer, uint.MaxValue)) },
        { "write.devnull", c => c.Res(Write(c.Null, c.Buffer, 5)) },
        {
            "write.epipe", c =>
            {
                TestPipe unread = c.Pipe();
                unread.ReadEnd.Close();
                return c.Fault(Write(c.Pipe().WriteEnd, c.Buffer, 5), (ref s) => s.Fd = unread.WriteEnd);
            }
        },
        {
            "write.nonblock-full", c =>
            {
                TestPipe pipe = c.Pipe(Libc.O_NONBLOCK);
                pipe.Fill();
                Assert.Equal(1, c.Submit(Write(pipe.WriteEnd, c.Buffer, 5)));
                return c.After(50);
            }
        },
        {
            "write.enospc", c =>
            {
                TestDescriptor full = c.Own(TestDescriptor.Open("/dev/full", Libc.O_RDWR));
                return c.Fault(Write(c.Null, c.Buffer, 5), (ref s) => s.Fd = full);
            }
        },
        {
            ["write.append-flag", "write.append-size"], c =>
            {
                TestFile file = c.File();
                c.Row("write.append-flag", c.Res(Write(file, c.Buffer, 5) with { RwFlags = Libc.RWF_APPEND }));
                c.Row("write.append-size", file.Size);
            }
        },
        {
            "write.efbig", Run.Alone, c =>
            {
                TestLibc.Ignore(TestLibc.SIGXFSZ);
                Sqe write = Good(c) with { Off = 2000 };
                c.Control(c.Res(write));
                c.LimitTo(Libc.RLIMIT_FSIZE, 1000);
                return c.Res(write);
            }
        },
    };

    private static Sqe Good(Case c) => Write(c.File(), c.Buffer, 50);
}
