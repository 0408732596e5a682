using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>STATX, RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT and LINKAT.</summary>
internal static class PathCases
{
    private const uint AT_REMOVEDIR = 0x200, AT_EMPTY_PATH = 0x1000, STATX_BASIC_STATS = 0x7ff, RENAME_NOREPLACE = 1;

    private static readonly CaseList Looking = new()
    {
        { "statx.ok", c => c.Res(Statx(c)) },
        { "statx.enoent", c => c.Fault(Statx(c), (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "statx.null-path", c => c.Fault(Statx(c), (ref s) => s.Addr = 0) },
        { "statx.null-buf", c => c.Fault(Statx(c), (ref s) => s.Addr2 = 0) },
        { "statx.badflags", c => c.Fault(Statx(c), (ref s) => s.StatxFlags = 1 << 30) },
        { "statx.reserved-mask", c => c.Fault(Statx(c), (ref s) => s.Len |= 1u << 31) },
        { "statx.bufindex", c => c.Fault(Statx(c), (ref s) => s.BufIndex = 1) },
        { "statx.emptypath", c => c.Res(StatxOf(c, c.File())) },
        { "statx.badfd-empty", c => c.Fault(StatxOf(c, c.File()), (ref s) => s.Fd = c.NoFd) },
    };

    private static readonly CaseList Naming = new()
    {
        { "renameat.enoent", c => Fault(c, Rename, (ref s) => s.Addr = c.Text(c.Nothing())) },
        {
            "renameat.noreplace", c =>
                Fault(c, it => Rename(it) with { RenameFlags = RENAME_NOREPLACE }, (ref s) => s.Addr2 = c.Text(c.NamedFile()))
        },
        { "renameat.badflags", c => Fault(c, Rename, (ref s) => s.RenameFlags = 1 << 20) },
        { "renameat.bufindex", c => Fault(c, Rename, (ref s) => s.BufIndex = 1) },
        { "renameat.null", c => Fault(c, Rename, (ref s) => s.Addr2 = 0) },
        { "symlinkat.ok", c => c.Res(Symlink(c)) },
        { "symlinkat.eexist", c => Fault(c, Symlink, (ref s) => s.Addr2 = c.Text(c.NamedFile())) },
        { "symlinkat.len", c => Fault(c, Symlink, (ref s) => s.Len = 1) },
        { "symlinkat.empty", c => Fault(c, Symlink, (ref s) => s.Addr = c.Text("")) },
        { "linkat.ok", c => c.Res(HardLink(c)) },
        { "linkat.eexist", c => Fault(c, HardLink, (ref s) => s.Addr2 = c.Text(c.NamedFile())) },
        { "linkat.badflags", c => Fault(c, HardLink, (ref s) => s.HardlinkFlags = 1) },
        { "linkat.dir", c => Fault(c, HardLink, (ref s) => s.Addr = c.Text(c.Folder())) },
    };

    private static readonly CaseList MakingAndRemoving = new()
    {
        { "unlinkat.enoent", c => Fault(c, Unlink, (ref s) => s.Addr = c.Text(c.Nothing())) },
        { "unlinkat.dir", c => Fault(c, RemoveFolder, (ref s) => s.UnlinkFlags = 0) },
        { "unlinkat.notempty", c => Fault(c, RemoveFolder, (ref s) => s.Addr = c.Text(Path.GetDirectoryName(c.NamedFile())!)) },
        { "unlinkat.notdir", c => Fault(c, RemoveFolder, (ref s) => s.Addr = c.Text(c.NamedFile())) },
        { "unlinkat.badflags", c => Fault(c, Unlink, (ref s) => s.UnlinkFlags = 1) },
        { "unlinkat.len", c => Fault(c, Unlink, (ref s) => s.Len = 1) },
        { "unlinkat.null", c => Fault(c, Unlink, (ref s) => s.Addr = 0) },
        { "mkdirat.ok", c => c.Res(MakeFolder(c)) },
        { "mkdirat.eexist", c => Fault(c, MakeFolder, (ref s) => s.Addr = c.Text(c.Folder())) },
        { "mkdirat.enoent", c => Fault(c, MakeFolder, (ref s) => s.Addr = c.Text(Path.Combine(c.Nothing(), "child"))) },
        { "mkdirat.off", c => Fault(c, MakeFolder, (ref s) => s.Off = 1) },
        { "mkdirat.rwflags", c => Fault(c, MakeFolder, (ref s) => s.RwFlags = 1) },
    };

    private static Sqe At(Opcode opcode, nuint path) => new() { Opcode = opcode, Fd = Case.AT_FDCWD, Addr = path };

    private static Sqe Statx(Case c) =>
        At(Opcode.Statx, c.Text(c.NamedFile())) with { Addr2 = c.Put(default(Statx)), Len = STATX_BASIC_STATS };

    private static Sqe StatxOf(Case c, int fd) => Statx(c) with { Fd = fd, Addr = c.Text(""), StatxFlags = AT_EMPTY_PATH };

    /// <summary>From one path to another: the second directory's descriptor is in len.</summary>
    private static Sqe Between(Case c, Opcode opcode) => At(opcode, c.Text(c.NamedFile())) with
    {
        Addr2 = c.Text(c.Nothing()),
        Len = unchecked((uint)Case.AT_FDCWD),
    };

    private static Sqe Rename(Case c) => Between(c, Opcode.Renameat);

    private static Sqe HardLink(Case c) => Between(c, Opcode.Linkat);

    private static Sqe Symlink(Case c) => At(Opcode.Symlinkat, c.Text("anywhere")) with { Addr2 = c.Text(c.Nothing()) };

    private static Sqe Unlink(Case c) => At(Opcode.Unlinkat, c.Text(c.NamedFile()));

    private static Sqe RemoveFolder(Case c) =>
        At(Opcode.Unlinkat, c.Text(Directory.CreateDirectory(c.Nothing()).FullName)) with { UnlinkFlags = AT_REMOVEDIR };

    private static Sqe MakeFolder(Case c) => At(Opcode.Mkdirat, c.Text(c.Nothing())) with { Len = 0x1c0 };

    /// <summary>Each time on paths of its own: what is good changes them.</summary>
    private static long Fault(Case c, Func<Case, Sqe> good, Fault<Sqe> fault)
    {
        Sqe bad = good(c);
        fault(ref bad);
        return c.Unlike(c.Res(good(c)), c.Res(bad));
    }
}
