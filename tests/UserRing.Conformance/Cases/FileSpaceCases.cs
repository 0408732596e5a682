using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>FSYNC, SYNC_FILE_RANGE, FALLOCATE, FTRUNCATE, FADVISE, and MADVISE, which is FADVISE's twin.</summary>
internal static class FileSpaceCases
{
    private const uint Dontneed = 4, Sequential = 2;

    // Below what the kernel maps for anybody: nothing is ever there.
    private const ulong NeverMapped = 4096;

    private static readonly CaseList Syncing = new()
    {
        { "fsync.ok", c => c.Res(Fsync(c.File())) },
        { "fsync.datasync", c => c.Res(Fsync(c.File()) with { FsyncFlags = FsyncFlags.DataSync }) },
        { "fsync.badflag", c => c.Fault(Fsync(c.File()), (ref s) => s.FsyncFlags = (FsyncFlags)2) },
        { "fsync.addr", c => c.Fault(Fsync(c.File()), (ref s) => s.Addr = 1) },
        { "fsync.bufindex", c => c.Fault(Fsync(c.File()), (ref s) => s.BufIndex = 1) },
        { "fsync.fileindex", c => c.Fault(Fsync(c.File()), (ref s) => s.SpliceFdIn = 1) },
        { "fsync.pipe", c => c.Fault(Fsync(c.File()), (ref s) => s.Fd = c.Pipe().WriteEnd) },
        { "fsync.range", c => c.Res(Fsync(c.File()) with { Off = 10, Len = 20 }) },
        { "fsync.neg-off", c => c.Fault(Fsync(c.File()), (ref s) => s.Off = unchecked((ulong)-5)) },
        { "fsync.readonly", c => c.Res(Fsync(c.OpenFile(100, Libc.O_RDONLY))) },
        { "sfr.ok", c => c.Res(SyncRange(c)) },
        { "sfr.badflag", c => c.Fault(SyncRange(c), (ref s) => s.SyncRangeFlags = 8) },
        { "sfr.pipe", c => c.Fault(SyncRange(c), (ref s) => s.Fd = c.Pipe().WriteEnd) },
        { "sfr.addr", c => c.Fault(SyncRange(c), (ref s) => s.Addr = 1) },
        { "sfr.negative", c => c.Fault(SyncRange(c), (ref s) => s.Off = unchecked((ulong)-1)) },
    };

    private static readonly CaseList Sizes = new()
    {
        { "fallocate.ok", c => c.Res(Fallocate(c)) },
        { "fallocate.len0", c => c.Fault(Fallocate(c), (ref s) => s.Addr = 0) },
        { "fallocate.badmode", c => c.Fault(Fallocate(c), (ref s) => s.Len = 0x8000) },
        { "fallocate.neg-off", c => c.Fault(Fallocate(c), (ref s) => s.Off = unchecked((ulong)-1)) },
        { "fallocate.pipe", c => c.Fault(Fallocate(c), (ref s) => s.Fd = c.Pipe().WriteEnd) },
        { "fallocate.readonly", c => c.Fault(Fallocate(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_RDONLY)) },
        { "fallocate.bufindex", c => c.Fault(Fallocate(c), (ref s) => s.BufIndex = 1) },
        { "fallocate.rwflags", c => c.Fault(Fallocate(c), (ref s) => s.RwFlags = 1) },
        { "fallocate.devnull", c => c.Fault(Fallocate(c), (ref s) => s.Fd = c.Null) },
        { "fallocate.huge", c => c.Fault(Fallocate(c), (ref s) => s.Off = 1UL << 50) },
        { "ftruncate.ok", c => c.Res(Ftruncate(c)) },
        { "ftruncate.readonly", c => c.Fault(Ftruncate(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_RDONLY)) },
        { "ftruncate.negative", c => c.Fault(Ftruncate(c), (ref s) => s.Off = unchecked((ulong)-1)) },
        { "ftruncate.len", c => c.Fault(Ftruncate(c), (ref s) => s.Len = 1) },
        { "ftruncate.pipe", c => c.Fault(Ftruncate(c), (ref s) => s.Fd = c.Pipe().WriteEnd) },
        { "ftruncate.dir", c => c.Fault(Ftruncate(c), (ref s) => s.Fd = c.OpenFolder()) },
        { "ftruncate.addr3", c => c.Fault(Ftruncate(c), (ref s) => s.Addr3 = 1) },
        {
            ["ftruncate.grow", "ftruncate.grow-size"], c =>
            {
                TestFile file = c.File();
                c.Row("ftruncate.grow", c.Res(Ftruncate(c) with { Fd = file, Off = 5000 }));
                c.Row("ftruncate.grow-size", file.Size);
            }
        },
    };

    private static readonly CaseList Advice = new()
    {
        { "fadvise.ok", c => c.Res(Fadvise(c)) },
        { "fadvise.bad", c => c.Fault(Fadvise(c), (ref s) => s.FadviseAdvice = 99) },
        { "fadvise.pipe", c => c.Fault(Fadvise(c), (ref s) => s.Fd = c.Pipe().WriteEnd) },
        { "fadvise.bufindex", c => c.Fault(Fadvise(c), (ref s) => s.BufIndex = 1) },
        { "fadvise.addr-as-length", c => c.Res(Fadvise(c) with { Len = 0, Addr = 4096 }) },
        { "madvise.ok", c => c.Res(Madvise(c)) },
        { "madvise.unaligned", c => c.Fault(Madvise(c), (ref s) => s.Addr++) },
        { "madvise.badadvice", c => c.Fault(Madvise(c), (ref s) => s.FadviseAdvice = 999) },
        { "madvise.unmapped", c => c.Fault(Madvise(c), (ref s) => s.Addr = NeverMapped) },
        { "madvise.len0", c => c.Res(Madvise(c) with { Len = 0 }) },
        { "madvise.fd-ignored", c => c.Res(Madvise(c) with { Fd = c.NoFd }) },
        { "madvise.bufindex", c => c.Fault(Madvise(c), (ref s) => s.BufIndex = 1) },
    };

    private static Sqe SyncRange(Case c) => new() { Opcode = Opcode.SyncFileRange, Fd = c.File() };

    /// <summary>The length is in addr, the mode in len.</summary>
    private static Sqe Fallocate(Case c) => new() { Opcode = Opcode.Fallocate, Fd = c.File(), Addr = 4096 };

    private static Sqe Ftruncate(Case c) => new() { Opcode = Opcode.Ftruncate, Fd = c.File(), Off = 100 };

    private static Sqe Fadvise(Case c) => new() { Opcode = Opcode.Fadvise, Fd = c.File(), Len = 4096, FadviseAdvice = Sequential };

    private static Sqe Madvise(Case c) =>
        new() { Opcode = Opcode.Madvise, Fd = -1, Addr = c.Memory(4096).Address, Len = 4096, FadviseAdvice = Dontneed };
}
