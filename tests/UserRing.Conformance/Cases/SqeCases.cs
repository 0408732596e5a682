using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>What is checked of any SQE, whatever its operation.</summary>
internal static class SqeCases
{
    private const int AtFdCwd = -100;

    private static readonly CaseList Checks = new()
    {
        { "sqe.opcode-last", c => c.Fault(Nop, (ref s) => s.Opcode = FirstUnknown(c)) },
        { "sqe.opcode-64", c => c.Fault(Nop, (ref s) => s.Opcode = (Opcode)64) },
        { "sqe.opcode-255", c => c.Fault(Nop, (ref s) => s.Opcode = (Opcode)255) },
        { "sqe.flag-bit7", c => c.Fault(Nop, (ref s) => s.Flags = UndefinedFlag) },
        { "sqe.flag-bit7-and-select", c => c.Fault(Select(Nop, 0), (ref s) => s.Flags |= UndefinedFlag) },
        { "sqe.opcode-before-flags", c => c.Fault(Select(Nop, 0), (ref s) => s.Opcode = (Opcode)255) },
        { "sqe.select-unsupported", c => c.Fault(Fsync(c.File()), Selects) },
        { "sqe.select-before-ioprio", c => c.Fault(Fsync(c.File()) with { IoPrio = 1 }, Selects) },
        { "sqe.select-write", c => c.Fault(Write(c.File(), c.Buffer, 8), Selects) },
        {
            "sqe.select-read-fixed", c =>
            {
                Ok(c.Ring.RegisterBuffers(new IoVec { Base = c.Buffer, Len = 4096 }));
                return c.Fault(Read(c.File(), c.Buffer, 8) with { Opcode = Opcode.ReadFixed }, Selects);
            }
        },
        { "sqe.ioprio-fsync", c => c.Fault(Fsync(c.File()), (ref s) => s.IoPrio = 1) },
        { "sqe.ioprio-nop", c => c.Fault(Nop, (ref s) => s.IoPrio = 1) },
        { "sqe.ioprio-openat", c => c.Fault(OpenAt(c.Text($"{c.Folder()}/missing")), (ref s) => s.IoPrio = 1) },
        { "sqe.ioprio-before-badfd", c => c.Fault(Fsync(c.NoFd), (ref s) => s.IoPrio = 1) },
        { "sqe.personality-unknown", c => c.Fault(Nop, (ref s) => s.Personality = 77) },
        { "sqe.personality-before-badfd", c => c.Fault(Read(c.NoFd, c.Buffer, 8), (ref s) => s.Personality = 77) },
        { "sqe.prep-before-badfd", c => c.Fault(Fsync(c.NoFd), (ref s) => s.FsyncFlags = (FsyncFlags)2) },
        { "sqe.badfd-before-buffer", c => c.Fault(Read(c.File(), TestMemory.Bad, 8), (ref s) => s.Fd = c.NoFd) },
        {
            "sqe.user-data", c =>
            {
                c.Ring.Nops(0xfedc_ba98_7654_3210);
                Ok(c.Ring.Submit());
                Cqe cqe = c.Ring.Take();
                Assert.Equal(0xfedc_ba98_7654_3210, cqe.UserData);
                return cqe.Res;
            }
        },
        {
            "sqe.all-common-flags", c => c.Res(With(
                Nop, SqeFlags.FixedFile | SqeFlags.IoDrain | SqeFlags.IoLink | SqeFlags.IoHardlink | SqeFlags.Async))
        },
    };

    private static readonly CaseList Files = new()
    {
        { "sqe.badfd-read", c => BadFile(c, Read(c.File(), c.Buffer, 8)) },
        { "sqe.badfd-negative", c => c.Fault(Read(c.File(), c.Buffer, 8), (ref s) => s.Fd = -1) },
        { "sqe.badfd-write", c => BadFile(c, Write(c.File(), c.Buffer, 8)) },
        { "sqe.badfd-fsync", c => BadFile(c, Fsync(c.File())) },
        { "sqe.badfd-poll", c => BadFile(c, Poll(c.PipeWith("x").ReadEnd, 1)) },
        {
            "sqe.badfd-accept", c =>
            {
                var accept = new Sqe { Opcode = Opcode.Accept, Fd = c.ListenerWithCaller() };
                return c.Unlike(c.Fd(c.Res(accept)), c.Res(accept with { Fd = c.NoFd }));
            }
        },
        {
            "sqe.badfd-recv", c =>
            {
                (TestDescriptor a, TestDescriptor b) = c.Pair();
                c.Say(a, 8);
                return BadFile(c, new Sqe { Opcode = Opcode.Recv, Fd = b, Addr = c.Buffer, Len = 8 });
            }
        },
        { "sqe.badfd-splice", c => BadFile(c, SpliceFrom(c.PipeWith("text").ReadEnd, c.File())) },
        { "sqe.fixed-no-table", c => c.Unlike(c.Res(WithTable(c), Slot(c, 0)), c.Res(Slot(c, 0))) },
        { "sqe.fixed-out-of-range", c => SlotFault(c, 2) },
        { "sqe.fixed-empty-slot", c => SlotFault(c, 1) },
        { "sqe.fixed-negative", c => SlotFault(c, -1) },
        { "sqe.fixed-ok", c => c.Res(WithTable(c), Slot(c, 0)) },
        { "sqe.fixed-on-nop", c => c.Res(Fixed(Nop with { Fd = 55 })) },
        {
            "sqe.fixed-on-openat", c =>
            {
                Sqe open = OpenAt(c.Text("/dev/null")) with { OpenFlags = Libc.O_CLOEXEC };
                return c.Unlike(c.Fd(c.Res(open)), c.Res(Fixed(open)));
            }
        },
        { "sqe.fixed-on-close", c => c.Unlike(c.Res(CloseOf(c.Loose())), c.Res(Fixed(CloseOf(c.Fd(c.Loose()))))) },
        {
            "sqe.fixed-on-statx", c => c.Fault(
                new Sqe { Opcode = Opcode.Statx, Fd = AtFdCwd, Addr = c.Text("/dev/null"), Len = 0x7ff, Addr2 = c.Buffer }, FixedFile)
        },
        {
            "sqe.fixed-on-unlinkat", c =>
            {
                string folder = c.Folder();
                Sqe Unlink(string name)
                {
                    File.WriteAllText($"{folder}/{name}", "");
                    return new Sqe { Opcode = Opcode.Unlinkat, Fd = AtFdCwd, Addr = c.Text($"{folder}/{name}") };
                }

                return c.Unlike(c.Res(Unlink("one")), c.Res(Fixed(Unlink("two"))));
            }
        },
        {
            "sqe.fixed-on-timeout-remove", c =>
                c.Fault(new Sqe { Opcode = Opcode.TimeoutRemove, Fd = -1, Addr = 4711 }, FixedFile)
        },
        {
            "sqe.fixed-on-files-update", c =>
                c.Fault(WithTable(c), new Sqe { Opcode = Opcode.FilesUpdate, Fd = -1, Addr = c.Put(c.Null), Len = 1, Off = 1 }, FixedFile)
        },
    };

    private static readonly CaseList OnPolledDevices = new()
    {
        { "sqe.iopoll-fsync", c => IoPollFault(c, Fsync(c.File())) },
        { "sqe.iopoll-timeout", c => IoPollFault(c, Timeout(c.Ms(5))) },
        { "sqe.iopoll-poll", c => IoPollFault(c, Poll(c.PipeWith("x").ReadEnd, 1)) },
        { "sqe.iopoll-buffered-read", c => IoPollFault(c, Read(c.File(), c.Buffer, 8)) },
        { "sqe.iopoll-nop", c => c.Res(c.NewRing(SetupFlags.IoPoll), Nop) },
    };

    private static readonly CaseList Silent = new()
    {
        {
            "skip.nop", c =>
            {
                c.Submit(Skip(Nop));
                return c.After(20);
            }
        },
        {
            "skip.then-drain", c =>
            {
                c.Control(c.Res(Drain(Nop)));
                c.Submit(Skip(Nop));
                return c.Res(Drain(Nop));
            }
        },
        { "skip.and-drain", c => c.Fault(Drain(Nop), (ref s) => s.Flags |= SqeFlags.CqeSkipSuccess) },
        { "skip.failure-posts", c => c.Unlike(c.Res(Read(c.File(), c.Buffer, 8)), c.Res(Skip(Read(c.NoFd, c.Buffer, 8)))) },
        {
            ["skip.failed-link-count", "skip.failed-link-res"], c =>
            {
                int control = c.Res(Read(c.File(), c.Buffer, 8));
                c.Submit(Link(Skip(Read(c.NoFd, c.Buffer, 8))), Nop);
                c.Row("skip.failed-link-count", c.After(20));
                c.Row("skip.failed-link-res", c.Unlike(control, c.Ring.Take().Res));
            }
        },
        {
            ["skip.link-ok-count", "skip.link-ok-ud"], c =>
            {
                c.Submit(Link(Skip(Nop)), Nop);
                c.Row("skip.link-ok-count", c.After(20));
                c.Row("skip.link-ok-ud", (long)c.Ring.Take().UserData);
            }
        },
    };

    private static SqeFlags UndefinedFlag => (SqeFlags)0x80;

    private static void Selects(ref Sqe sqe) => sqe.Flags |= SqeFlags.BufferSelect;

    private static void FixedFile(ref Sqe sqe) => sqe.Flags |= SqeFlags.FixedFile;

    private static unsafe Opcode FirstUnknown(Case c)
    {
        Ok(c.Register(RegisterOp.RegisterProbe, c.Buffer, 256));
        return c.At<Probe>(c.Buffer).LastOp + 1;
    }

    private static long BadFile(Case c, Sqe good) => c.Fault(good, (ref s) => s.Fd = c.NoFd);

    /// <summary>A ring with a table of two slots: a file of 100 bytes and nothing.</summary>
    private static SeamRing WithTable(Case c)
    {
        SeamRing ring = c.NewRing();
        Ok(ring.RegisterFiles(c.File(), -1));
        return ring;
    }

    private static Sqe Slot(Case c, int slot) => Fixed(Read(slot, c.Buffer, 10));

    private static long SlotFault(Case c, int slot) => c.Fault(WithTable(c), Slot(c, 0), (ref s) => s.Fd = slot);

    private static long IoPollFault(Case c, Sqe sqe) => c.Unlike(c.Res(sqe), c.Res(c.NewRing(SetupFlags.IoPoll), sqe));

    private static Sqe OpenAt(nuint path) => new() { Opcode = Opcode.Openat, Fd = AtFdCwd, Addr = path };

    private static Sqe CloseOf(int fd) => new() { Opcode = Opcode.Close, Fd = fd };

    private static Sqe SpliceFrom(int pipe, int file) => new()
    {
        Opcode = Opcode.Splice, Fd = file, SpliceFdIn = pipe, SpliceOffIn = ulong.MaxValue, Off = 0, Len = 64,
    };
}
