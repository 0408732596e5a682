using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>SPLICE, TEE and PIPE.</summary>
internal static class SpliceCases
{
    private const ulong NoOffset = ulong.MaxValue;

    private static readonly CaseList Moving = new()
    {
        { "splice.pipe-to-file", c => c.Res(Splice(c)) },
        { "splice.len0", c => c.Res(Splice(c) with { Len = 0 }) },
        { "splice.no-pipe", c => SpliceFault(c, (ref s) => (s.SpliceFdIn, s.SpliceOffIn) = (c.File(), 0)) },
        { "splice.badin", c => SpliceFault(c, (ref s) => s.SpliceFdIn = c.NoFd) },
        { "splice.badflags", c => SpliceFault(c, (ref s) => s.SpliceFlags = (SpliceFlags)(1 << 10)) },
        { "splice.off-on-pipe", c => SpliceFault(c, (ref s) => s.SpliceOffIn = 0) },
        {
            "splice.fixed-in-notable", c =>
            {
                Sqe slot = Splice(c) with { SpliceFdIn = 0, SpliceFlags = SpliceFlags.FdInFixed };
                return c.Unlike(c.Res(c.RingOfFiles(Ten(c).ReadEnd), slot), c.Res(slot));
            }
        },
        {
            "splice.same-pipe", c =>
            {
                TestPipe pipe = Ten(c);
                Sqe toPipe = Splice(c) with { SpliceFdIn = pipe.ReadEnd, Fd = c.Pipe().WriteEnd, Off = NoOffset, Len = 5 };
                return c.Fault(toPipe, (ref s) => s.Fd = pipe.WriteEnd);
            }
        },
        { "tee.off", c => c.Fault(Tee(c), (ref s) => s.Off = 1) },
        { "tee.splice-off", c => c.Fault(Tee(c), (ref s) => s.SpliceOffIn = 1) },
        { "tee.notpipe", c => c.Fault(Tee(c), (ref s) => s.Fd = c.File()) },
        { "tee.ok", c => c.Res(Tee(c)) },
    };

    private static readonly CaseList Making = new()
    {
        { "pipe.ok", c => Made(c, c.Ring, MakePipe(c)) },
        { "pipe.badflags", c => PipeFault(c, (ref s) => s.PipeFlags = 1 << 30) },
        { "pipe.null", c => PipeFault(c, (ref s) => s.Addr = 0) },
        { "pipe.fd", c => PipeFault(c, (ref s) => s.Fd = 1) },
        {
            "pipe.slot-no-table", c =>
            {
                Sqe pipe = MakePipe(c) with { FileIndex = 1, PipeFlags = 0 };
                return c.Unlike(c.Res(c.RingOfFiles(-1, -1), pipe), Made(c, c.Ring, pipe));
            }
        },
    };

    private static TestPipe Ten(Case c) => c.PipeWith("ten bytes.");

    /// <summary>From a pipe of ten bytes to the start of a file.</summary>
    private static Sqe Splice(Case c) =>
        new() { Opcode = Opcode.Splice, SpliceFdIn = Ten(c).ReadEnd, SpliceOffIn = NoOffset, Fd = c.File(), Off = 0, Len = 64 };

    /// <summary>From a pipe of three bytes, which keeps them, to another.</summary>
    private static Sqe Tee(Case c) =>
        new() { Opcode = Opcode.Tee, SpliceFdIn = c.PipeWith("abc").ReadEnd, Fd = c.Pipe().WriteEnd, Len = 64 };

    private static Sqe MakePipe(Case c) =>
        new() { Opcode = Opcode.Pipe, Addr = c.PutAll<int>(-1, -1), PipeFlags = Libc.O_CLOEXEC };

    private static long SpliceFault(Case c, Fault<Sqe> fault)
    {
        // Another pipe, since the control empties its own.
        Sqe bad = Splice(c);
        fault(ref bad);
        return c.Unlike(c.Res(Splice(c)), c.Res(bad));
    }

    private static long PipeFault(Case c, Fault<Sqe> fault)
    {
        Sqe bad = MakePipe(c);
        fault(ref bad);
        return c.Unlike(Made(c, c.Ring, MakePipe(c)), Made(c, c.Ring, bad));
    }

    /// <summary>The res; the ends are given back when the case ends.</summary>
    private static long Made(Case c, SeamRing ring, in Sqe pipe)
    {
        int made = c.Res(ring, pipe);
        if (made == 0 && pipe.Addr != 0)
        {
            c.Fd(c.At<int>((nuint)pipe.Addr));
            c.Fd(c.At<int>((nuint)pipe.Addr + sizeof(int)));
        }

        return made;
    }
}
