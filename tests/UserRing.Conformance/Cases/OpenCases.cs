using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>OPENAT, OPENAT2 and CLOSE.</summary>
internal static class OpenCases
{
    private const int HowBytes = 24;

    private static readonly CaseList Paths = new()
    {
        { "openat.ok", c => c.Fd(c.Res(Openat(c))) },
        { "openat.enoent", c => Fault(c, Openat(c), (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "openat.null", c => Fault(c, Openat(c), (ref s) => s.Addr = 0) },
        { "openat.unmapped", c => Fault(c, Openat(c), (ref s) => s.Addr = TestMemory.Bad) },
        { "openat.empty", c => Fault(c, Openat(c), (ref s) => s.Addr = c.Text("")) },
        { "openat.dirfd-bad", c => Fault(c, Relative(c), (ref s) => s.Fd = c.NoFd) },
        { "openat.dirfd-ignored", c => Fault(c, Openat(c) with { Fd = c.NoFd }, (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "openat.dirfd-file", c => Fault(c, Relative(c), (ref s) => s.Fd = c.File()) },
        { "openat.eexist", c => Fault(c, Openat(c, Libc.O_CREAT), (ref s) => s.OpenFlags |= Libc.O_EXCL) },
        { "openat.dir-write", c => Fault(c, Openat(c, 0, c.Folder()), (ref s) => s.OpenFlags |= Libc.O_RDWR) },
        { "openat.not-dir", c => Fault(c, Openat(c, Libc.O_DIRECTORY, c.Folder()), (ref s) => s.Addr = c.Text(c.NamedFile())) },
        { "openat.bufindex", c => Fault(c, Openat(c), (ref s) => s.BufIndex = 1) },
        { "openat.toolong", c => Fault(c, Openat(c), (ref s) => s.Addr = c.Text(new string('x', 4999))) },
        { "openat.async-enoent", c => Fault(c, Async(Openat(c)), (ref s) => s.Addr = c.Text(c.Nothing())) },
        {
            ["openat.fifo", "openat.fifo-flags"], c =>
            {
                int fifo = c.Fd(c.Res(Openat(c, 0, c.Fifo())));
                c.Row("openat.fifo", fifo);
                c.Row("openat.fifo-flags", Libc.Fcntl(fifo, Libc.F_GETFL, 0) & Libc.O_NONBLOCK);
            }
        },
        {
            "openat.emfile", Run.Alone, c =>
            {
                Sqe open = Openat(c);
                c.Control(c.Fd(c.Res(open)));
                c.UseUpDescriptors();
                return c.Fd(c.Res(open));
            }
        },
    };

    private static readonly CaseList IntoSlots = new()
    {
        {
            "openat.slot-no-table", c =>
            {
                Sqe open = IntoSlot(c, 0);
                return c.Unlike(c.Res(c.RingOfFiles(-1, -1), open), c.Res(open));
            }
        },
        { "openat.slot-cloexec", c => c.Fault(c.RingOfFiles(-1, -1), IntoSlot(c, 0), (ref s) => s.OpenFlags |= Libc.O_CLOEXEC) },
        {
            ["openat.slot-ok", "openat.slot-replace"], c =>
            {
                SeamRing ring = c.RingOfFiles(-1, -1);
                c.Row("openat.slot-ok", c.Res(ring, IntoSlot(c, 0)));
                c.Row("openat.slot-replace", c.Res(ring, IntoSlot(c, 0)));
            }
        },
        { "openat.slot-range", c => c.Fault(c.RingOfFiles(-1, -1), IntoSlot(c, 0), (ref s) => s.FileIndex = 3) },
        { "openat.slot-alloc", c => c.Res(c.RingOfFiles(c.Null, -1), IntoSlot(c)) },
        {
            "openat.slot-full", c =>
            {
                SeamRing ring = c.RingOfFiles(c.Null, -1);
                return c.Unlike(c.Res(ring, IntoSlot(c)), c.Res(ring, IntoSlot(c)));
            }
        },
    };

    private static readonly CaseList Second = new()
    {
        { "openat2.enoent", c => Fault(c, Openat2(c), (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "openat2.size23", c => Fault(c, Openat2(c), (ref s) => s.Len = HowBytes - 1) },
        { "openat2.size0", c => Fault(c, Openat2(c), (ref s) => s.Len = 0) },
        { "openat2.how-null", c => Fault(c, Openat2(c), (ref s) => s.Addr2 = 0) },
        { "openat2.e2big", c => Fault(c, Larger(c), (ref s) => s.Addr2 = c.PutAll<ulong>(0, 0, 0, 1)) },
        { "openat2.larger-zero", c => Fault(c, Larger(c), (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "openat2.badflag", c => HowFault(c, new() { Flags = 1UL << 40 }) },
        { "openat2.mode-no-creat", c => HowFault(c, new() { Mode = 0x180 }) },
        { "openat2.badresolve", c => HowFault(c, new() { Resolve = 1 << 20 }) },
        { "openat2.beneath", c => HowFault(c, new() { Resolve = 0x08 }) },
    };

    private static readonly CaseList Closing = new()
    {
        {
            ["close.slot-ok", "close.slot-empty"], c =>
            {
                SeamRing ring = c.RingOfFiles(c.Null, c.Null);
                int closed = c.Res(ring, CloseSlot(0));
                c.Row("close.slot-ok", closed);
                c.Row("close.slot-empty", c.Unlike(closed, c.Res(ring, CloseSlot(0))));
            }
        },
        { "close.slot-range", c => c.Fault(c.RingOfFiles(c.Null, c.Null), CloseSlot(0), (ref s) => s.FileIndex = 9) },
        {
            "close.slot-and-fd", c =>
                c.Fault(c.RingOfFiles(c.Null, c.Null), CloseSlot(0), (ref s) => (s.FileIndex, s.Fd) = (2, c.NoFd))
        },
        { "close.slot-no-table", c => c.Unlike(c.Res(c.RingOfFiles(c.Null), CloseSlot(0)), c.Res(CloseSlot(0))) },
        { "close.ring-fd", c => c.Fault(Close(c.Loose()), (ref s) => s.Fd = c.Ring.Descriptor) },
        { "close.ok", c => c.Res(Close(c.Loose())) },
        { "close.badfd", c => c.Fault(Close(c.Loose()), (ref s) => s.Fd = c.NoFd) },
        { "close.off", c => CloseFault(c, (ref s) => s.Off = 1) },
        { "close.addr", c => CloseFault(c, (ref s) => s.Addr = 1) },
        { "close.len", c => CloseFault(c, (ref s) => s.Len = 1) },
        { "close.rwflags", c => CloseFault(c, (ref s) => s.RwFlags = 1) },
        { "close.bufindex", c => CloseFault(c, (ref s) => s.BufIndex = 1) },
    };

    private static Sqe Openat(Case c, int flags = 0, string? path = null) => new()
    {
        Opcode = Opcode.Openat,
        Fd = Case.AT_FDCWD,
        Addr = c.Text(path ?? c.NamedFile()),
        OpenFlags = (uint)flags,
        Len = 0x180,
    };

    private static Sqe Relative(Case c)
    {
        string path = c.NamedFile();
        return Openat(c, 0, Path.GetFileName(path)) with { Fd = c.OpenFolder(Path.GetDirectoryName(path)!) };
    }

    private static Sqe IntoSlot(Case c, uint? slot = null) => Openat(c) with { FileIndex = slot + 1 ?? FileSlots.Alloc };

    private static Sqe Openat2(Case c) =>
        Openat(c) with { Opcode = Opcode.Openat2, Addr2 = c.Put(default(OpenHow)), Len = HowBytes, OpenFlags = 0 };

    private static Sqe Larger(Case c) => Openat2(c) with { Addr2 = c.PutAll<ulong>(0, 0, 0, 0), Len = HowBytes + sizeof(ulong) };

    private static Sqe Close(int fd) => new() { Opcode = Opcode.Close, Fd = fd };

    private static Sqe CloseSlot(uint slot) => new() { Opcode = Opcode.Close, FileIndex = slot + 1 };

    private static long Fault(Case c, in Sqe good, Fault<Sqe> fault)
    {
        Sqe bad = good;
        fault(ref bad);
        return c.Unlike(c.Fd(c.Res(good)), c.Fd(c.Res(bad)));
    }

    private static long HowFault(Case c, OpenHow how) => Fault(c, Openat2(c), (ref s) => s.Addr2 = c.Put(how));

    private static long CloseFault(Case c, Fault<Sqe> fault)
    {
        // Another one, since the control closes its own.
        Sqe bad = Close(c.Fd(c.Loose()));
        fault(ref bad);
        return c.Unlike(c.Res(Close(c.Loose())), c.Res(bad));
    }
}
