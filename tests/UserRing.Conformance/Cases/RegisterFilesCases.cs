using UserRing.Abi;
using UserRing.Engine.Linux;
using static UserRing.Abi.RegisterOp;

namespace UserRing.Conformance;

/// <summary>io_uring_register: tables of files, and the range from which slots are allocated.</summary>
internal static class RegisterFilesCases
{
    private const uint StructBytes = 32, ShortBytes = 16;
    private const int Empty = -1;

    private static readonly CaseList Tables = new()
    {
        { "register.unfiles-none", c => c.Unlike(c.RegisterNew(UnregisterFiles, on: WithFour), c.RegisterNew(UnregisterFiles)) },
        { "register.unfiles-arg", c => c.CallFaultNew(UnregisterFiles, (0, 0), (0, 1)) },
        { "register.files-null", c => c.CallFaultNew(RegisterFiles, (Files(c, Empty), 1), (0, 1)) },
        { "register.files-nr0", c => c.CallFaultNew(RegisterFiles, (Files(c, Empty), 1), (Files(c, Empty), 0)) },
        { "register.files-badarr", c => c.CallFaultNew(RegisterFiles, (Files(c, Empty), 1), (TestMemory.Bad, 1)) },
        {
            "register.files-rlimit", Run.Alone, c =>
            {
                nuint slots = Slots(c, 100);
                SeamRing before = c.NewRing(), after = c.NewRing();
                c.Control(before.Register(RegisterFiles, slots, 100));
                c.LimitTo(Libc.RLIMIT_NOFILE, 64);
                return after.Register(RegisterFiles, slots, 100);
            }
        },
        {
            "register.files-rlimit-exact", Run.Alone, c =>
            {
                nuint slots = Slots(c, 64);
                SeamRing ring = c.NewRing();
                c.LimitTo(Libc.RLIMIT_NOFILE, 64);
                return ring.Register(RegisterFiles, slots, 64);
            }
        },
        { "register.files-1m-plus1", c => SparseFault(c, (ref table) => table.Nr = RingLimits.MaxFixedFiles + 1) },
        {
            ["register.files-badfd", "register.files-badfd-rollback"], c =>
            {
                c.Row("register.files-badfd", c.Unlike(c.NewRing().RegisterFiles(c.Null, c.Null), c.Ring.RegisterFiles(c.Null, c.NoFd)));
                c.Row("register.files-badfd-rollback", c.Unlike(c.RegisterNew(UnregisterFiles, on: WithFour), c.Register(UnregisterFiles)));
            }
        },
        { "register.files-ring-inside", c => Bad(c, c.Ring.Descriptor) },
        { "register.files-minus2", c => Bad(c, -2) },
        {
            "register.files-ok", c =>
            {
                TestFile file = c.File();
                return c.Ring.RegisterFiles(file, Empty, file, Empty);
            }
        },
        { "register.files-twice", c => c.Unlike(c.Ring.RegisterFiles(c.Null), c.Ring.RegisterFiles(c.Null)) },
        {
            "register.files-busy-before-nr",
            c => c.Unlike(c.RegisterNew(RegisterFiles, Files(c, Empty), 0), c.RegisterNew(RegisterFiles, Files(c, Empty), 0, WithFour))
        },
    };

    private static readonly CaseList Updates = new()
    {
        { "register.files-update-ok", c => Update(c, Good(c), 4) },
        { "register.files-update-nr0", c => c.Unlike(Update(c, Good(c), 4), Update(c, Good(c), 0)) },
        { "register.files-update-past-end", c => UpdateFault(c, (ref update) => update.Offset = 1) },
        { "register.files-update-overflow", c => UpdateFault(c, (ref update) => update.Offset = uint.MaxValue) },
        { "register.files-update-resv", c => UpdateFault(c, (ref update) => update.Resv = 1) },
        { "register.files-update-null", c => c.CallFaultNew(RegisterFilesUpdate, (c.Put(Good(c)), 4), (TestMemory.Bad, 4), WithFour) },
        { "register.files-update-badarr", c => UpdateFault(c, (ref update) => update.Data = TestMemory.Bad) },
        { "register.files-update-first-bad", c => c.Unlike(UpdateTo(c, c.Null, c.Null, c.Null), UpdateTo(c, c.NoFd, c.Null, c.Null)) },
        { "register.files-update-second-bad", c => UpdateTo(c, c.Null, c.NoFd, c.Null) },
        { "register.files-update-skip", c => UpdateTo(c, FileSlots.Skip, c.Null) },
        { "register.files-update-ring", c => c.Unlike(UpdateTo(c, c.Null), UpdateTo(c, c.Ring.Descriptor)) },
        {
            "register.files-update-none", c => c.Unlike(
                Update(c, Good(c), 4),
                c.RegisterNewBy(RegisterFilesUpdate, Good(c), 4))
        },
        {
            "register.files-update2-size", c =>
            {
                nuint update = c.Put(new RsrcUpdate2 { Nr = 1, Data = Files(c, c.Null) });
                return c.CallFaultNew(RegisterFilesUpdate2, (update, StructBytes), (update, ShortBytes), WithFour);
            }
        },
        {
            "register.files-update2-ok",
            c => WithFour(c).RegisterBy(RegisterFilesUpdate2, new RsrcUpdate2 { Nr = 1, Data = Files(c, c.Null) }, StructBytes)
        },
    };

    private static readonly CaseList SecondForm = new()
    {
        { "register.files2-sparse-data", c => SparseFault(c, (ref table) => table.Data = Files(c, Empty, Empty, Empty, Empty)) },
        { "register.files2-flags", c => SparseFault(c, (ref table) => table.Flags |= (RsrcRegisterFlags)2) },
        { "register.files2-size", c => c.CallFaultNew(RegisterFiles2, (c.Put(Sparse), StructBytes), (c.Put(Sparse), ShortBytes)) },
        {
            "register.files2-tag-on-empty", c => c.FaultOfNew(
                RegisterFiles2,
                new RsrcRegister { Nr = 1, Data = Files(c, Empty), Tags = c.Put(0UL) },
                (ref table) => table.Tags = c.Put(5UL),
                StructBytes)
        },
    };

    private static readonly CaseList AllocRange = new()
    {
        { "register.alloc-range-ok", c => c.RegisterNewBy(RegisterFileAllocRange, All, 0, WithFour) },
        { "register.alloc-range-nr1", c => c.CallFaultNew(RegisterFileAllocRange, (c.Put(All), 0), (c.Put(All), 1), WithFour) },
        { "register.alloc-range-over", c => RangeFault(c, (ref range) => range.Len = 5) },
        { "register.alloc-range-wrap", c => RangeFault(c, (ref range) => (range.Off, range.Len) = (uint.MaxValue, 5)) },
        { "register.alloc-range-resv", c => RangeFault(c, (ref range) => range.Resv = 1) },
        { "register.alloc-range-null", c => c.CallFaultNew(RegisterFileAllocRange, (c.Put(All), 0), (0, 0), WithFour) },
        {
            "register.alloc-range-none", c =>
            {
                var first = new FileIndexRange { Len = 1 };
                return c.Unlike(
                    c.RegisterNewBy(RegisterFileAllocRange, first, 0, WithFour), c.RegisterNewBy(RegisterFileAllocRange, first, 0));
            }
        },
    };

    private static RsrcRegister Sparse => new() { Nr = 4, Flags = RsrcRegisterFlags.Sparse };

    private static FileIndexRange All => new() { Len = 4 };

    private static nuint Files(Case c, params ReadOnlySpan<int> files) => c.PutAll(files);

    /// <summary>Empty slots, as many as asked.</summary>
    private static nuint Slots(Case c, int count)
    {
        int[] empty = new int[count];
        empty.AsSpan().Fill(Empty);
        return c.PutAll<int>(empty);
    }

    /// <summary>A ring with a table of four.</summary>
    private static SeamRing WithFour(Case c)
    {
        SeamRing ring = c.NewRing();
        Assert.Equal(0, ring.RegisterFiles(c.Null, Empty, c.Null, Empty));
        return ring;
    }

    private static long Bad(Case c, int inside) =>
        c.Unlike(c.NewRing().RegisterFiles(c.Null, c.Null), c.NewRing().RegisterFiles(c.Null, inside));

    private static RsrcUpdate Good(Case c) => new() { Data = Files(c, c.Null, c.Null, c.Null, c.Null) };

    private static long Update(Case c, RsrcUpdate update, uint count) => c.RegisterNewBy(RegisterFilesUpdate, update, count, WithFour);

    private static long UpdateTo(Case c, params ReadOnlySpan<int> files) =>
        Update(c, new RsrcUpdate { Data = Files(c, files) }, (uint)files.Length);

    private static long UpdateFault(Case c, Fault<RsrcUpdate> fault) => c.FaultOfNew(RegisterFilesUpdate, Good(c), fault, 4, WithFour);

    private static long SparseFault(Case c, Fault<RsrcRegister> fault) => c.FaultOfNew(RegisterFiles2, Sparse, fault, StructBytes);

    private static long RangeFault(Case c, Fault<FileIndexRange> fault) =>
        c.FaultOfNew(RegisterFileAllocRange, All, fault, 0, WithFour);
}
