using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>READ_FIXED, WRITE_FIXED, READV_FIXED and WRITEV_FIXED.</summary>
internal static class RegisteredTransferCases
{
    // The registered page lies amid others, so that what is outside can be touched all the same.
    private const int Before = 4096, Length = 4096;

    private static readonly CaseList Buffers = new()
    {
        {
            "readfixed.none", c =>
            {
                Sqe read = ReadFixed(c);
                return c.Unlike(c.Res(Ring(c), read), c.Res(read));
            }
        },
        { "readfixed.ok", c => c.Res(Ring(c), ReadFixed(c)) },
        { "readfixed.index2", c => Fault(c, ReadFixed(c), (ref s) => s.BufIndex = 2) },
        { "readfixed.index-max", c => Fault(c, ReadFixed(c), (ref s) => s.BufIndex = ushort.MaxValue) },
        { "readfixed.empty-slot", c => Fault(c, ReadFixed(c), (ref s) => s.BufIndex = 1) },
        { "readfixed.before", c => Fault(c, ReadFixed(c), (ref s) => s.Addr--) },
        { "readfixed.past-end", c => Fault(c, AtEnd(c), (ref s) => s.Addr++) },
        { "readfixed.exact-end", c => c.Res(Ring(c), AtEnd(c)) },
        { "readfixed.wrap", c => Fault(c, ReadFixed(c), (ref s) => s.Addr = unchecked((ulong)-32)) },
        { "readfixed.len0", c => c.Res(Ring(c), ReadFixed(c) with { Len = 0 }) },
        { "readfixed.badfd", c => Fault(c, ReadFixed(c) with { BufIndex = 2 }, (ref s) => s.Fd = c.NoFd) },
        { "readfixed.eof", c => c.Res(Ring(c), ReadFixed(c) with { Off = 1000 }) },
        { "writefixed.ok", c => c.Res(Ring(c), WriteFixed(c)) },
        { "writefixed.readonly", c => Fault(c, WriteFixed(c), (ref s) => s.Fd = c.OpenFile(100, Libc.O_RDONLY)) },
        { "writefixed.outside", c => Fault(c, WriteFixed(c), (ref s) => s.Addr += Length) },
    };

    private static readonly CaseList Vectors = new()
    {
        { "readvfixed.ok", c => c.Res(Ring(c), ReadvFixed(c)) },
        { "readvfixed.outside", c => Fault(c, ReadvFixed(c), (ref s) => s.Addr = One(c, Inside(c) + Length)) },
        { "readvfixed.index", c => Fault(c, ReadvFixed(c), (ref s) => s.BufIndex = 2) },
        { "writevfixed.ok", c => c.Res(Ring(c), ReadvFixed(c) with { Opcode = Opcode.WritevFixed }) },
    };

    private static nuint Inside(Case c) => c.Buffer + Before;

    private static SeamRing Ring(Case c) => c.RingOfBuffers(new IoVec { Base = Inside(c), Len = Length }, default);

    private static Sqe ReadFixed(Case c) => Read(c.File(), Inside(c), 64) with { Opcode = Opcode.ReadFixed };

    private static Sqe AtEnd(Case c) => ReadFixed(c) with { Addr = Inside(c) + Length - 64 };

    private static Sqe WriteFixed(Case c) => ReadFixed(c) with { Opcode = Opcode.WriteFixed };

    private static Sqe ReadvFixed(Case c) =>
        ReadFixed(c) with { Opcode = Opcode.ReadvFixed, Addr = One(c, Inside(c)), Len = 1 };

    private static nuint One(Case c, nuint address)
    {
        const nuint Part = 20;
        return c.Iovs((address, Part));
    }

    private static long Fault(Case c, in Sqe good, Fault<Sqe> fault) => c.Fault(Ring(c), good, fault);
}
