using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: tables of buffers.</summary>
internal static class RegisterBuffersCases
{
    private const uint StructBytes = 32;
    private const int Page = 4096, Gigabyte = 1 << 30, MostBuffers = 16384;

    private static readonly CaseList Tables = new()
    {
        { "register.unbuffers-none", c => c.Unlike(c.RegisterNew(UnregisterBuffers, on: WithTwo), c.RegisterNew(UnregisterBuffers)) },
        { "register.unbuffers-arg", c => c.CallFaultNew(UnregisterBuffers, (0, 0), (0, 1)) },
        { "register.unbuffers-ptr", c => c.CallFaultNew(UnregisterBuffers, (0, 0), (c.Buffer, 0)) },
        { "register.buffers-null", c => c.CallFaultNew(RegisterBuffers, (Two(c), 1), (0, 1)) },
        { "register.buffers-null-nr0", c => c.CallFaultNew(RegisterBuffers, (Two(c), 0), (0, 0)) },
        { "register.buffers-nr0", c => c.CallFaultNew(RegisterBuffers, (Two(c), 1), (Two(c), 0)) },
        { "register.buffers-badarr", c => c.CallFaultNew(RegisterBuffers, (Two(c), 1), (TestMemory.Bad, 1)) },
        {
            "register.buffers-16384", c =>
            {
                c.Needs(Libc.CAP_IPC_LOCK, "CAP_IPC_LOCK");
                return c.RegisterNew(RegisterBuffers, Many(c, MostBuffers), MostBuffers);
            }
        },
        {
            "register.buffers-16385", c =>
            {
                c.Needs(Libc.CAP_IPC_LOCK, "CAP_IPC_LOCK");
                nuint many = Many(c, MostBuffers + 1);
                return c.CallFaultNew(RegisterBuffers, (many, MostBuffers), (many, MostBuffers + 1));
            }
        },
        { "register.buffers-sparse-entry", c => Register(c, default, Part(c)) },
        { "register.buffers-twice", c => Again(c, 1) },
        {
            "register.buffers-busy-before-nr",
            c => c.Unlike(c.RegisterNew(RegisterBuffers, Two(c), 0), c.RegisterNew(RegisterBuffers, Two(c), 0, on: WithTwo))
        },
    };

    private static readonly CaseList Contents = new()
    {
        { "register.buffers-nullbase", c => Fault(c, (ref part) => part.Base = 0) },
        { "register.buffers-len0", c => Fault(c, (ref part) => part.Len = 0) },
        { "register.buffers-unmapped", c => Fault(c, (ref part) => part.Base = TestMemory.Bad) },
        { "register.buffers-wrap", c => Fault(c, (ref part) => part.Base = nuint.MaxValue - 100) },
        { "register.buffers-readonly", c => Fault(c, (ref part) => part.Base = TestMemory.ReadOnly) },
        {
            "register.buffers-file-backed", c =>
            {
                TestFile file = c.File(Page);
                long own = Register(c, Mapped(c, file, Libc.MAP_PRIVATE));
                return c.Unlike(own, Register(c, Mapped(c, file, Libc.MAP_SHARED)));
            }
        },
        {
            ["register.buffers-over-1g", "register.buffers-1g"], c =>
            {
                c.Needs(Libc.CAP_IPC_LOCK, "CAP_IPC_LOCK");
                nuint memory = c.Repeated(Gigabyte + Page);
                long most = Register(c, new IoVec { Base = memory, Len = Gigabyte });
                c.Row("register.buffers-1g", most);
                c.Row("register.buffers-over-1g", c.Unlike(most, Register(c, new IoVec { Base = memory, Len = Gigabyte + 1 })));
            }
        },
        {
            "register.buffers-memlock", Run.Alone, c =>
            {
                c.BecomeUser();
                SeamRing ring = c.NewRing();
                var part = new IoVec { Base = c.Memory(1 << 20).Address, Len = 1 << 20 };
                c.Control(ring.RegisterBuffers(part));
                Assert.Equal(0, ring.Register(UnregisterBuffers));
                c.LimitTo(Libc.RLIMIT_MEMLOCK, 1 << 16, hard: true);
                return ring.RegisterBuffers(part);
            }
        },
        {
            "register.buffers-memlock-root", Run.Alone, c =>
            {
                c.Needs(Libc.CAP_IPC_LOCK, "CAP_IPC_LOCK");
                c.LimitTo(Libc.RLIMIT_MEMLOCK, Page);
                return Register(c, new IoVec { Base = c.Memory(1 << 20).Address, Len = 1 << 20 });
            }
        },
    };

    private static readonly CaseList Updates = new()
    {
        { "register.buffers-update-range", c => UpdateFault(c, (ref update) => update.Offset = 1) },
        { "register.buffers-update-nr0", c => UpdateFault(c, (ref update) => update.Nr = 0) },
        {
            "register.buffers-update-size", c =>
            {
                nuint update = c.Put(UpdateOf(c));
                return c.CallFaultNew(RegisterBuffersUpdate, (update, StructBytes), (update, 24), WithTwo);
            }
        },
        { "register.buffers-update-resv", c => UpdateFault(c, (ref update) => update.Resv = 1) },
        { "register.buffers-update-resv2", c => UpdateFault(c, (ref update) => update.Resv2 = 1) },
        { "register.buffers-update-ok", c => WithTwo(c).RegisterBy(RegisterBuffersUpdate, UpdateOf(c), StructBytes) },
        { "register.buffers-update-overflow", c => UpdateFault(c, (ref update) => update.Offset = uint.MaxValue) },
        {
            "register.buffers-update-none", c => c.Unlike(
                c.RegisterNewBy(RegisterBuffersUpdate, UpdateOf(c), StructBytes, WithTwo),
                c.RegisterNewBy(RegisterBuffersUpdate, UpdateOf(c), StructBytes))
        },
    };

    private static readonly CaseList SecondForm = new()
    {
        { "register.buffers2-size", c => c.CallFaultNew(RegisterBuffers2, (c.Put(Sparse(4)), StructBytes), (c.Put(Sparse(4)), 24)) },
        { "register.buffers2-resv", c => SparseFault(c, (ref table) => table.Resv2 = 1) },
        { "register.buffers2-flags", c => SparseFault(c, (ref table) => table.Flags |= (RsrcRegisterFlags)2) },
        { "register.buffers2-sparse-data", c => SparseFault(c, (ref table) => table.Data = Two(c)) },
        { "register.buffers2-nr0", c => SparseFault(c, (ref table) => table.Nr = 0) },
        { "register.buffers2-ok", c => c.RegisterNewBy(RegisterBuffers2, Sparse(4), StructBytes) },
        {
            "register.buffers2-null",
            c => c.CallFaultNew(RegisterBuffers2, (c.Put(Sparse(4)), StructBytes), (TestMemory.Bad, StructBytes))
        },
        {
            "register.buffers2-tag-on-empty", c => c.FaultOfNew(
                RegisterBuffers2,
                new RsrcRegister { Nr = 1, Data = c.Put(default(IoVec)), Tags = c.Put(0UL) },
                (ref table) => table.Tags = c.Put(5UL),
                StructBytes)
        },
        {
            ["register.buffers2-tagged", "register.tag-cqe", "register.tag-cqe-res"], c =>
            {
                var table = new RsrcRegister { Nr = 1, Data = Two(c), Tags = c.Put(5UL) };
                c.Row("register.buffers2-tagged", c.Ring.RegisterBy(RegisterBuffers2, table, StructBytes));
                Assert.Equal(0, c.Register(UnregisterBuffers));
                Cqe cqe = c.Ring.Take();
                c.Row("register.tag-cqe", (long)cqe.UserData);
                c.Row("register.tag-cqe-res", cqe.Res);
            }
        },
    };

    private static IoVec Part(Case c) => new() { Base = c.Buffer, Len = Page };

    /// <summary>The address of an array of two good iovecs.</summary>
    private static nuint Two(Case c) => c.PutAll(Part(c), Part(c));

    private static nuint Many(Case c, int count)
    {
        var parts = new IoVec[count];
        parts.AsSpan().Fill(Part(c));
        return c.PutAll<IoVec>(parts);
    }

    private static long Register(Case c, params ReadOnlySpan<IoVec> parts) => c.NewRing().RegisterBuffers(parts);

    /// <summary>A ring with a table of two.</summary>
    private static SeamRing WithTwo(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.Register(RegisterBuffers, Two(c), 2));
        return ring;
    }

    private static long Again(Case c, uint count)
    {
        SeamRing ring = c.NewRing();
        return c.Unlike(ring.Register(RegisterBuffers, Two(c), count), ring.Register(RegisterBuffers, Two(c), count));
    }

    private static long Fault(Case c, Fault<IoVec> fault)
    {
        IoVec bad = Part(c);
        fault(ref bad);
        return c.Unlike(Register(c, Part(c)), Register(c, bad));
    }

    /// <summary>A writable mapping of the first page of a file.</summary>
    private static IoVec Mapped(Case c, TestFile file, int flags)
    {
        nint at = Libc.Mmap(0, Page, Libc.PROT_READ | Libc.PROT_WRITE, flags, file, 0);
        Assert.InRange(at, 1, nint.MaxValue);
        c.Cleanup(() => _ = Libc.Munmap((nuint)at, Page));
        return new IoVec { Base = (nuint)at, Len = Page };
    }

    private static RsrcUpdate2 UpdateOf(Case c) => new() { Nr = 2, Data = Two(c) };

    private static long UpdateFault(Case c, Fault<RsrcUpdate2> fault) =>
        c.FaultOfNew(RegisterBuffersUpdate, UpdateOf(c), fault, StructBytes, WithTwo);

    private static RsrcRegister Sparse(uint count) => new() { Nr = count, Flags = RsrcRegisterFlags.Sparse };

    private static long SparseFault(Case c, Fault<RsrcRegister> fault) => c.FaultOfNew(RegisterBuffers2, Sparse(4), fault, StructBytes);
}
