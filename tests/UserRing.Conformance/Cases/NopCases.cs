using UserRing.Abi;

namespace UserRing.Conformance;

/// <summary>NOP and what its flags make it do.</summary>
internal static class NopCases
{
    private static readonly CaseList Cases = new()
    {
        { "nop.ok", c => c.Res(Nop) },
        { "nop.badflag", c => c.Fault(Nop, (ref s) => s.NopFlags = (NopFlags)(1 << 10)) },
        { "nop.inject", c => c.Res(Inject(77)) },
        { "nop.inject-negative", c => c.Res(Inject(-5)) },
        { "nop.fd-ignored", c => c.Res(Nop with { Fd = -1, Addr = 1, Off = 2, Len = 3 }) },
        { "nop.cqe32-on-small", c => Twice(c, c.NewRing(SetupFlags.Cqe32), c.Ring, With(NopFlags.Cqe32)) },
        { "nop.file-bad", c => c.Fault(With(NopFlags.File) with { Fd = c.Null }, (ref s) => s.Fd = c.NoFd) },
        { "nop.file-ok", c => c.Res(With(NopFlags.File) with { Fd = c.Null }) },
        { "nop.fixed-file-bad", c => Twice(c, c.RingOfFiles(c.Null), c.Ring, With(NopFlags.File | NopFlags.FixedFile)) },
        {
            "nop.fixed-buffer-bad", c =>
                Twice(c, c.RingOfBuffers(new IoVec { Base = c.Buffer, Len = 64 }), c.Ring, With(NopFlags.FixedBuffer))
        },
        { "nop.tw", c => c.Res(With(NopFlags.TaskWork)) },
        { "nop.buf-index-ignored", c => c.Res(Nop with { BufIndex = 3, FileIndex = 9 }) },
        { "nop.inject-negative-link", c => c.Unlike(c.Run(Link(Inject(5)), Nop)[1], c.Run(Link(Inject(-5)), Nop)[1]) },
    };

    private static Sqe With(NopFlags flags) => Nop with { NopFlags = flags };

    private static Sqe Inject(int result) => With(NopFlags.InjectResult) with { Len = (uint)result };

    private static long Twice(Case c, SeamRing good, SeamRing bad, in Sqe sqe) => c.Unlike(c.Res(good, sqe), c.Res(bad, sqe));
}
