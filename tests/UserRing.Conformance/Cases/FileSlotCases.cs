using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>FILES_UPDATE and FIXED_FD_INSTALL.</summary>
internal static class FileSlotCases
{
    private static readonly CaseList Updating = new()
    {
        { "filesup.ok", c => c.Res(TwoSlots(c), Update(c, c.Null, c.Null)) },
        { "filesup.range", c => c.Fault(TwoSlots(c), Update(c, c.Null, c.Null, c.Null) with { Len = 2 }, (ref s) => s.Len = 3) },
        { "filesup.len0", c => c.Fault(TwoSlots(c), Update(c, c.Null), (ref s) => s.Len = 0) },
        { "filesup.rwflags", c => c.Fault(TwoSlots(c), Update(c, c.Null), (ref s) => s.RwFlags = 1) },
        {
            ["filesup.badfd", "filesup.badfd-slot-lost", "filesup.alloc", "filesup.alloc-slot"], c =>
            {
                SeamRing ring = TwoSlots(c);
                Sqe read = Fixed(Read(0, c.Buffer, 8));
                int updated = c.Res(ring, Update(c, c.File())), before = c.Res(ring, read);
                c.Row("filesup.badfd", c.Unlike(updated, c.Res(ring, Update(c, c.NoFd))));
                c.Row("filesup.badfd-slot-lost", c.Unlike(before, c.Res(ring, read)));
                Sqe alloc = Update(c, c.Null) with { Off = FileSlots.Alloc };
                c.Row("filesup.alloc", c.Res(ring, alloc));
                c.Row("filesup.alloc-slot", c.At<int>((nuint)alloc.Addr));
            }
        },
        { "filesup.unmapped", c => c.Fault(TwoSlots(c), Update(c, c.Null), (ref s) => s.Addr = TestMemory.Bad) },
        {
            "filesup.notable", c =>
            {
                Sqe update = Update(c, c.Null);
                return c.Unlike(c.Res(TwoSlots(c), update), c.Res(update));
            }
        },
    };

    private static readonly CaseList Installing = new()
    {
        {
            ["fdinstall.ok", "fdinstall.cloexec"], c =>
            {
                int fd = c.Fd(c.Res(SecondSlot(c), Install));
                c.Row("fdinstall.ok", fd);
                c.Row("fdinstall.cloexec", Libc.Fcntl(fd, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC);
            }
        },
        { "fdinstall.nofixed", c => InstallFault(c, (ref s) => (s.Flags, s.Fd) = (0, c.Null)) },
        { "fdinstall.badflag", c => InstallFault(c, (ref s) => s.InstallFdFlags = (InstallFdFlags)2) },
        { "fdinstall.empty", c => InstallFault(c, (ref s) => s.Fd = 0) },
        { "fdinstall.len", c => InstallFault(c, (ref s) => s.Len = 1) },
        {
            "fdinstall.personality", c =>
            {
                SeamRing ring = SecondSlot(c);
                int personality = ring.Register(RegisterOp.RegisterPersonality);
                Assert.InRange(personality, 1, ushort.MaxValue);
                return InstallFault(c, ring, (ref s) => s.Personality = (ushort)personality);
            }
        },
    };

    private static Sqe Install => Fixed(new Sqe { Opcode = Opcode.FixedFdInstall, Fd = 1 });

    /// <summary>Two slots that hold something.</summary>
    private static SeamRing TwoSlots(Case c) => c.RingOfFiles(c.Null, c.Null);

    /// <summary>Two slots of which the first is empty.</summary>
    private static SeamRing SecondSlot(Case c) => c.RingOfFiles(-1, c.Null);

    /// <summary>The slots from the first on.</summary>
    private static Sqe Update(Case c, params ReadOnlySpan<int> files) =>
        new() { Opcode = Opcode.FilesUpdate, Fd = -1, Addr = c.PutAll(files), Len = (uint)files.Length };

    private static long InstallFault(Case c, Fault<Sqe> fault) => InstallFault(c, SecondSlot(c), fault);

    private static long InstallFault(Case c, SeamRing ring, Fault<Sqe> fault)
    {
        Sqe bad = Install;
        fault(ref bad);
        return c.Unlike(c.Fd(c.Res(ring, Install)), c.Fd(c.Res(ring, bad)));
    }
}
