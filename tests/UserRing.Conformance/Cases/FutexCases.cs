using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Conformance;

/// <summary>FUTEX_WAIT, FUTEX_WAKE and FUTEX_WAITV.</summary>
internal static class FutexCases
{
    /// <summary>FUTEX2_SIZE_U32 and FUTEX2_PRIVATE.</summary>
    private const int Word = 0x2, Private = 0x80;

    private const int MostInVector = 128;

    private static readonly CaseList Waits = new()
    {
        { "futexwait.mismatch", c => WaitFault(c, (ref s) => s.Addr2 = 1) },
        { "futexwait.len", c => WaitFault(c, (ref s) => s.Len = 1) },
        { "futexwait.fflags", c => WaitFault(c, (ref s) => s.FutexFlags = 1) },
        { "futexwait.bufindex", c => WaitFault(c, (ref s) => s.BufIndex = 1) },
        { "futexwait.badflags", c => WaitFault(c, (ref s) => s.Fd |= 0x40) },
        { "futexwait.size", c => WaitFault(c, (ref s) => s.Fd = 0) },
        { "futexwait.mask0", c => WaitFault(c, (ref s) => s.Addr3 = 0) },
        { "futexwait.unaligned", c => WaitFault(c, (ref s) => s.Addr++) },
        { "futexwake.none", c => c.Res(Wake(Futex(c))) },
        {
            ["futexwait.unmapped", "futexwake.one", "futexwait.woken"], c =>
            {
                c.Row("futexwait.unmapped", WaitFault(c, (ref s) => s.Addr = TestMemory.Bad));
                nuint futex = Futex(c);
                c.Submit(Wait(futex) with { UserData = 1 });
                c.Submit(Wake(futex) with { UserData = 2 });
                Dictionary<ulong, int> results = c.Ring.Results(2);
                c.Row("futexwake.one", results[2]);
                c.Row("futexwait.woken", results[1]);
            }
        },
    };

    private static readonly CaseList VectorWaits = new()
    {
        { "futexwaitv.mismatch", c => VectorFault(c, (ref s) => s.Addr = Vector(c, Futex(c), expected: 1)) },
        { "futexwaitv.nr0", c => VectorFault(c, (ref s) => s.Len = 0) },
        { "futexwaitv.129", c => VectorFault(c, (ref s) => s.Len = MostInVector + 1) },
        { "futexwaitv.fd", c => VectorFault(c, (ref s) => s.Fd = 1) },
    };

    /// <summary>The address of a word that is 0 and that nobody else waits for.</summary>
    private static nuint Futex(Case c) => c.Put(0u);

    private static Sqe Wait(nuint futex) => new() { Opcode = Opcode.FutexWait, Fd = Word | Private, Addr = futex, Addr3 = uint.MaxValue };

    private static Sqe Wake(nuint futex) => Wait(futex) with { Opcode = Opcode.FutexWake, Addr2 = 1 };

    /// <summary>The address of an array of one entry more than is allowed, all of the same futex.</summary>
    private static nuint Vector(Case c, nuint futex, ulong expected = 0)
    {
        var entries = new FutexWaitv[MostInVector + 1];
        Array.Fill(entries, new FutexWaitv { Uaddr = futex, Val = expected, Flags = Word | Private });
        return c.PutAll<FutexWaitv>(entries);
    }

    private static long WaitFault(Case c, Fault<Sqe> fault)
    {
        nuint futex = Futex(c);
        return WokenUnlike(c, futex, Wait(futex), fault);
    }

    private static long VectorFault(Case c, Fault<Sqe> fault)
    {
        nuint futex = Futex(c);
        Sqe wait = new() { Opcode = Opcode.FutexWaitv, Addr = Vector(c, futex), Len = 1 };
        return WokenUnlike(c, futex, wait, fault);
    }

    /// <summary>The wait without the fault lasts until it is woken.</summary>
    private static long WokenUnlike(Case c, nuint futex, in Sqe good, Fault<Sqe> fault)
    {
        Sqe bad = good;
        fault(ref bad);
        c.Submit(good);
        Until.True(() => Libc.FutexWake(futex, 1) == 1 || c.Ring.Ready > 0, "somebody waits for the futex");
        return c.Unlike(c.Ring.Take().Res, c.Res(bad));
    }
}
