using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>STATX.</summary>
public sealed class StatTests
{
    private const int Here = SqePreparation.CurrentDirectory;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Attributes_are_those_of_the_system_call(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        folder.Add("file", "12345");
        File.CreateSymbolicLink(folder["link"], "file");
        Assert.Equal(4ul, Size("link", Libc.AT_SYMLINK_NOFOLLOW));
        Assert.Equal(5ul, Size("link", 0));
        Assert.Equal(5ul, Size("file", 0));
        Assert.Equal(Expected(), memory[256..512].ToArray());

        ulong Size(string name, int flags)
        {
            memory[256..512].Fill(0xEE);
            ring.Next().PrepareStatx(folder, memory.PutPath(0, name), flags, Libc.STATX_BASIC_STATS, memory.At(256)).Flags = how;
            Assert.Equal(0, ring.Result());
            return memory.As<Statx>(256).Size;
        }

        byte[] Expected()
        {
            Assert.Equal(0, Libc.Statx(folder, memory.Address, 0, Libc.STATX_BASIC_STATS, memory.At(1024)));
            return memory[1024..1280].ToArray();
        }
    }

    [Theory, EveryEngine]
    public void A_descriptor_is_looked_at_with_an_empty_path(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        using TestFile file = TestFile.Create("123");
        using TestDescriptor place = TestDescriptor.Open(folder.Add("file", "1234567"), Libc.O_PATH);
        nuint empty = memory.PutPath(0, "");
        Assert.Equal(0, Do(file, Libc.AT_EMPTY_PATH));
        Assert.Equal(3ul, memory.As<Statx>(256).Size);
        Assert.Equal(0, Do(place, Libc.AT_EMPTY_PATH));
        Assert.Equal(7ul, memory.As<Statx>(256).Size);
        Assert.Equal(-Errno.ENOENT, Do(file, 0));
        Assert.Equal(-Errno.EINVAL, Do(file, Libc.AT_EMPTY_PATH | 1)); // unlike the system call
        Assert.Equal(-Errno.EBADF, Do(TestDescriptor.Closed, Libc.AT_EMPTY_PATH));
        empty = 0; // unlike the system call
        Assert.Equal(-Errno.EFAULT, Do(file, Libc.AT_EMPTY_PATH));

        int Do(int directory, int flags)
        {
            ring.Next().PrepareStatx(directory, empty, flags, Libc.STATX_BASIC_STATS, memory.At(256));
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine("/missing", 0)]
    [EveryEngine("", 0x1001)]
    public void A_failure_ends_no_chain(string engine, string path, int flags)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        ref Sqe sqe = ref ring.Next().PrepareStatx(Here, memory.PutPath(0, path), flags, Libc.STATX_BASIC_STATS, memory.At(256));
        (sqe.UserData, sqe.Flags) = (1, SqeFlags.IoLink);
        ring.Nops(2);
        Assert.Equal(2, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(2);
        Assert.Equal((true, 0), (results[1] < 0, results[2]));
    }

    [Theory, EveryEngine]
    public void What_is_missing_is_found_before_a_buffer_that_cannot_be_written(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        nuint root = memory.PutPath(0, "/"), missing = memory.PutPath(16, "/missing");
        Assert.Equal(-Errno.EFAULT, Do(root, 0, 0));
        Assert.Equal(-Errno.EFAULT, Do(root, 0, TestMemory.ReadOnly));
        Assert.Equal(-Errno.ENOENT, Do(missing, 0, 0));
        Assert.Equal(-Errno.EINVAL, Do(missing, 1 << 30, 0));
        Assert.Equal(-Errno.EINVAL, Do(root, 0x6000, memory.At(256)));
        Assert.Equal(-Errno.EINVAL, Do(root, 0, memory.At(256), mask: 1u << 31));
        Assert.Equal(0, Do(root, 0, memory.At(256), mask: 0));
        // Its last byte is the last that can be written.
        Assert.Equal(0, Do(root, 0, memory.End - 256));
        Assert.Equal(-Errno.EFAULT, Do(root, 0, memory.End - 255));

        int Do(nuint path, int flags, nuint buffer, uint mask = Libc.STATX_BASIC_STATS)
        {
            ring.Next().PrepareStatx(Here, path, flags, mask, buffer);
            return ring.Result();
        }
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        var sqe = new Sqe { Opcode = Opcode.Statx, Fd = Here, Addr = memory.PutPath(0, "/missing") };
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { BufIndex = 1, Flags = SqeFlags.FixedFile }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFdIn = 1, Addr = 0 }));
        Assert.Equal(-Errno.EBADF, ring.DoRefused(sqe with { Flags = SqeFlags.FixedFile, Addr = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = 0 }));
        Assert.Equal(-Errno.ENOENT, ring.Do(sqe with { Addr3 = 1 }));
    }

    [Theory, EveryEngine]
    public void Many_run_at_once_with_paths_that_are_gone_by_then(string engine)
    {
        const int Count = 64;
        using var ring = new SeamRing(engine, Count);
        using var memory = new TestMemory(Count * 512);
        using var folder = new TestFolder();
        for (int i = 0; i < Count; i++)
        {
            folder.Add($"{i}", new string('x', i));
            ring.Next().PrepareStatx(folder, memory.PutPath(i * 512, $"{i}"), 0, Libc.STATX_BASIC_STATS, memory.At(i * 512 + 256)).UserData
                = (ulong)i;
        }

        Assert.Equal(Count, ring.Submit());
        for (int i = 0; i < Count; i++)
            memory[(i * 512)..(i * 512 + 256)].Fill(0x2F);
        Assert.All(ring.Take(Count), cqe => Assert.Equal(0, cqe.Res));
        for (int i = 0; i < Count; i++)
            Assert.Equal((ulong)i, memory.As<Statx>(i * 512 + 256).Size);
    }
}
