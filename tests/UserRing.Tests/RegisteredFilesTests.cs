using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>The table of registered files: made, updated, tagged, given up.</summary>
public sealed unsafe class RegisteredFilesTests
{
    [Theory, EveryEngine]
    public void Bad_tables_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var other = new SeamRing(engine);
        using TestDescriptor path = TestDescriptor.Open("/dev/null", Libc.O_PATH);
        using var memory = new TestMemory();
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFiles, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterFiles, memory.Address, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFiles, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFiles, memory.End - 4, 2));
        foreach (int bad in new[] { TestDescriptor.Closed, ring.Descriptor, other.Descriptor, path.Number, -2, int.MinValue })
            Assert.Equal((bad, -Errno.EBADF), (bad, ring.RegisterFiles(file, bad)));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterFiles));
    }

    [Theory, EveryEngine]
    public void A_table_is_there_once(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file, -1, file, -1));
        Assert.Equal(-Errno.EBUSY, ring.RegisterFiles(file));
        Assert.Equal(-Errno.EBUSY, ring.Register(RegisterOp.RegisterFiles, memory.Address, 0));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(0, ring.RegisterFiles(file));
    }

    [Theory, EveryEngine]
    public void Updates_replace_empty_and_skip(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile first = TestFile.Create("1");
        using TestFile second = TestFile.Create("22");
        Assert.Equal(0, ring.RegisterFiles(first, first, first, -1));
        Assert.Equal(4, Update(ring, 0, second, -1, -2, second));
        Assert.Equal([2, -Errno.EBADF, 1, 2], Enumerable.Range(0, 4).Select(index => ReadAt(ring, index)));
        Assert.Equal(1, Update(ring, 2, -1));
        Assert.Equal(-Errno.EBADF, ReadAt(ring, 2));
    }

    [Theory, EveryEngine]
    public void Bad_updates_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        memory.Put(0, file.Number, file.Number, file.Number, file.Number);
        Assert.Equal(-Errno.ENXIO, Update(ring, 0, file));
        Assert.Equal(0, ring.RegisterFiles(file, -1, file, -1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Data = memory.Address }, 0));
        Assert.Equal(-Errno.EINVAL, 
            ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Offset = 1, Data = memory.Address }, 4));
        Assert.Equal(
            -Errno.EOVERFLOW,
            ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Offset = uint.MaxValue, Data = memory.Address }, 4));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Resv = 1, Data = memory.Address }, 1));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFilesUpdate, TestMemory.Bad, 1));
        Assert.Equal(-Errno.EFAULT, ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Data = TestMemory.Bad }, 1));
        Assert.Equal(3, ReadAt(ring, 0));
    }

    [Theory, EveryEngine]
    public void An_update_that_fails_counts_what_came_before_and_empties_its_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using TestFile other = TestFile.Create("abcd");
        Assert.Equal(0, ring.RegisterFiles(file, file, file));
        Assert.Equal(-Errno.EBADF, Update(ring, 0, TestDescriptor.Closed, other, other));
        Assert.Equal([-Errno.EBADF, 3, 3], Enumerable.Range(0, 3).Select(index => ReadAt(ring, index)));
        Assert.Equal(1, Update(ring, 0, other, TestDescriptor.Closed, other));
        Assert.Equal([4, -Errno.EBADF, 3], Enumerable.Range(0, 3).Select(index => ReadAt(ring, index)));
        Assert.Equal(2, Update(ring, 0, -2, other));
        Assert.Equal(-Errno.EBADF, Update(ring, 2, ring.Descriptor));
        Assert.Equal([4, 4, -Errno.EBADF], Enumerable.Range(0, 3).Select(index => ReadAt(ring, index)));
    }

    [Theory, EveryEngine]
    public void The_second_form_checks_its_struct(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        memory.Put(0, file.Number, -1);
        var table = new RsrcRegister { Nr = 2, Data = memory.Address };
        uint size = (uint)sizeof(RsrcRegister);
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table, 16));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table with { Flags = RsrcRegisterFlags.Sparse }, size));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table with { Flags = (RsrcRegisterFlags)2 }, size));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table with { Resv2 = 1 }, size));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table with { Nr = 0 }, size));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterFiles2, TestMemory.Bad, size));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFiles2, table with { Tags = memory.Put(64, 0ul, 5ul) }, size));
        Assert.Equal(-Errno.ENXIO, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterFiles2, table, size));
        Assert.Equal(3, ReadAt(ring, 0));
    }

    [Theory, EveryEngine]
    public void A_sparse_table_is_filled_by_updates(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        var table = new RsrcRegister { Nr = 1000, Flags = RsrcRegisterFlags.Sparse };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterFiles2, table, (uint)sizeof(RsrcRegister)));
        Assert.Equal(-Errno.EBADF, ReadAt(ring, 999));
        var update = new RsrcUpdate2 { Offset = 999, Nr = 1, Data = memory.Put(0, file.Number) };
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFilesUpdate2, update, 16));
        Assert.Equal(1, ring.RegisterBy(RegisterOp.RegisterFilesUpdate2, update, (uint)sizeof(RsrcUpdate2)));
        Assert.Equal(3, ReadAt(ring, 999));
    }

    [Theory, EveryEngine]
    public void A_tag_is_posted_when_its_file_is_no_longer_used(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        memory.Put(0, pipe.ReadEnd.Number, file.Number, file.Number);
        var table = new RsrcRegister { Nr = 3, Data = memory.Address, Tags = memory.Put(64, 101ul, 102ul, 0ul) };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterFiles2, table, (uint)sizeof(RsrcRegister)));
        ring.Next().PrepareRead(0, memory.At(1024), 64, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(1, ring.Submit());

        Assert.Equal(1, Update(ring, 1, -1));
        Cqe tag = ring.Take();
        Assert.Equal((102ul, 0, CqeFlags.None), (tag.UserData, tag.Res, tag.Flags));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.True(ring.StaysQuiet(20));
        pipe.Write("x");
        Assert.Equal([0ul, 101], ring.Take(2).Select(cqe => cqe.UserData).Order().ToArray());
    }

    [Theory, EveryEngine]
    public void Updates_carry_tags_of_their_own(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file, file));
        var update = new RsrcUpdate2 { Nr = 2, Data = memory.Put(0, file.Number, file.Number), Tags = memory.Put(64, 7ul, 0ul) };
        Assert.Equal(2, ring.RegisterBy(RegisterOp.RegisterFilesUpdate2, update, (uint)sizeof(RsrcUpdate2)));
        update.Tags = memory.Put(64, 8ul, 9ul);
        Assert.Equal(2, ring.RegisterBy(RegisterOp.RegisterFilesUpdate2, update, (uint)sizeof(RsrcUpdate2)));
        Assert.Equal(7ul, ring.Take().UserData);
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal([8ul, 9], ring.Take(2).Select(cqe => cqe.UserData).Order().ToArray());
        Assert.True(ring.StaysQuiet(10));
    }

    [Theory, EveryEngine]
    public void A_tag_on_a_slot_that_stays_empty_or_as_it_is_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory();
        Assert.Equal(0, ring.RegisterFiles(file, file));
        foreach (int entry in new[] { -1, -2 })
        {
            var update = new RsrcUpdate2 { Nr = 1, Data = memory.Put(0, entry), Tags = memory.Put(64, 7ul) };
            Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterFilesUpdate2, update, (uint)sizeof(RsrcUpdate2)));
        }

        Assert.Equal(3, ReadAt(ring, 0));
    }

    [Theory, EveryEngine]
    public void Many_tags_at_once_are_all_posted(string engine)
    {
        const int Count = 300;
        using var ring = new SeamRing(engine, 8, cqEntries: 512);
        using TestFile file = TestFile.Create("abc");
        using var memory = new TestMemory(4 * 4096);
        for (int i = 0; i < Count; i++)
        {
            memory.Put(4 * i, file.Number);
            memory.Put(4096 + 8 * i, (ulong)i + 1);
        }

        var table = new RsrcRegister { Nr = Count, Data = memory.Address, Tags = memory.At(4096) };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterFiles2, table, (uint)sizeof(RsrcRegister)));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        Assert.Equal(Enumerable.Range(1, Count), ring.Take(Count).Select(cqe => (int)cqe.UserData).Order().ToArray());
    }

    [Theory, EveryEngine]
    public void No_more_files_than_the_limit_on_descriptors(string engine)
    {
        if (engine == TestEngines.Kernel)
            TestEngines.RequireKernel();
        Child.Succeeds(WithFewDescriptors, [engine]);
    }

    [Scenario]
    private static void WithFewDescriptors(string[] arguments)
    {
        Assert.Equal(0, Libc.Getrlimit(Libc.RLIMIT_NOFILE, out _, out ulong hard));
        using var ring = new SeamRing(arguments[0]);
        int[] files = new int[1000];
        files.AsSpan().Fill(-1);
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_NOFILE, 900, hard));
        Assert.Equal(-Errno.EMFILE, ring.RegisterFiles(files));
        Assert.Equal(0, ring.RegisterFiles(files.AsSpan(0, 900)));
        Assert.Equal(0, ring.Register(RegisterOp.UnregisterFiles));
        var table = new RsrcRegister { Nr = (1 << 20) + 1, Flags = RsrcRegisterFlags.Sparse };
        Assert.Equal(-Errno.EMFILE, ring.RegisterBy(RegisterOp.RegisterFiles2, table, (uint)sizeof(RsrcRegister)));
    }

    private static int Update(SeamRing ring, uint offset, params ReadOnlySpan<int> files)
    {
        fixed (int* first = files)
        {
            var update = new RsrcUpdate { Offset = offset, Data = (ulong)first };
            return ring.RegisterBy(RegisterOp.RegisterFilesUpdate, update, (uint)files.Length);
        }
    }

    /// <summary>How much can be read of a registered file, or why not.</summary>
    private static int ReadAt(SeamRing ring, int index)
    {
        using var memory = new TestMemory();
        ring.Next().PrepareRead(index, memory.Address, 64, 0).Flags = SqeFlags.FixedFile;
        return ring.Result();
    }
}
