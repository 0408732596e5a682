using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>READV and WRITEV.</summary>
internal static class VectorCases
{
    private static readonly CaseList Reads = new()
    {
        { "readv.ok", c => c.Res(Readv(c)) },
        { "readv.iov-null", c => c.Fault(Readv(c), (ref s) => s.Addr = 0) },
        { "readv.iov-unmapped", c => c.Fault(Readv(c), (ref s) => s.Addr = TestMemory.Bad) },
        { "readv.len0", c => c.Res(Readv(c) with { Len = 0 }) },
        { "readv.1025", c => c.Fault(Readv(c) with { Addr = Bytes(c, 1025), Len = 1024 }, (ref s) => s.Len = 1025) },
        { "readv.1024", c => c.Res(Readv(c) with { Addr = Bytes(c, 1024), Len = 1024 }) },
        { "readv.iovlen-negative", c => c.Fault(Readv(c), (ref s) => s.Addr = One(c, c.Buffer, nuint.MaxValue - 63)) },
        { "readv.base-unmapped", c => c.Fault(Readv(c), (ref s) => s.Addr = One(c, TestMemory.Bad)) },
        { "readv.badflags", c => c.Fault(Readv(c), (ref s) => s.RwFlags = 1 << 30) },
        { "readv.with-registered-buffers", c => c.Res(c.RingOfBuffers(new IoVec { Base = c.Buffer, Len = 4096 }), Readv(c)) },
        { "readv.buf-index", c => c.Res(Readv(c) with { BufIndex = 5 }) },
    };

    private static readonly CaseList Writes = new()
    {
        { "writev.ok", c => c.Res(Writev(c)) },
        { "writev.null", c => c.Fault(Writev(c), (ref s) => s.Addr = 0) },
        { "writev.1025", c => c.Fault(Writev(c) with { Addr = Bytes(c, 1025), Len = 1024 }, (ref s) => s.Len = 1025) },
        { "writev.len0", c => c.Res(Writev(c) with { Len = 0 }) },
    };

    private static Sqe Readv(Case c) => new() { Opcode = Opcode.Readv, Fd = c.File(), Addr = One(c, c.Buffer), Len = 1 };

    private static Sqe Writev(Case c) => Readv(c) with { Opcode = Opcode.Writev };

    private static nuint One(Case c, nuint address, nuint length = 64) => c.Iovs((address, length));

    /// <summary>That many iovecs of one byte.</summary>
    private static nuint Bytes(Case c, int count) =>
        c.PutAll<IoVec>([.. Enumerable.Range(0, count).Select(at => new IoVec { Base = c.Buffer + (nuint)at, Len = 1 })]);
}
