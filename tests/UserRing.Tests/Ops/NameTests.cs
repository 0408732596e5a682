using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT.</summary>
public sealed class NameTests
{
    private const int Here = SqePreparation.CurrentDirectory;
    private const uint FollowSymlink = 0x400;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_file_is_renamed(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFolder folder = new(), other = new();
        folder.Add("one", "1");
        other.Add("two", "2");
        nuint one = memory.PutPath(0, "one"), two = memory.PutPath(64, "two");
        Assert.Equal(0, Rename(folder, one, other, one));
        Assert.Equal("1", File.ReadAllText(other["one"]));
        Assert.False(File.Exists(folder["one"]));
        Assert.Equal(-Errno.ENOENT, Rename(folder, one, other, two));
        Assert.Equal(-Errno.EEXIST, Rename(other, one, other, two, Libc.RENAME_NOREPLACE));
        Assert.Equal(0, Rename(other, one, other, two, Libc.RENAME_EXCHANGE));
        Assert.Equal("2", File.ReadAllText(other["one"]));
        Assert.Equal(0, Rename(other, one, other, two));
        Assert.Equal("2", File.ReadAllText(other["two"]));
        Assert.Equal(-Errno.EINVAL, Rename(other, two, other, one, 1 << 20));
        Assert.Equal(-Errno.EBADF, Rename(TestDescriptor.Closed, two, other, one));
        Assert.Equal(-Errno.EBADF, Rename(other, two, TestDescriptor.Closed, one));
        Assert.Equal(0, Rename(Here, memory.PutPath(256, other["two"]), -1, memory.PutPath(512, folder["three"])));
        Assert.Equal("2", File.ReadAllText(folder["three"]));

        int Rename(int from, nuint oldPath, int to, nuint newPath, uint flags = 0)
        {
            ring.Next().PrepareRenameat(from, oldPath, to, newPath, flags).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void Files_and_directories_are_removed(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        folder.Add("file");
        Directory.CreateDirectory(folder["dir"]);
        File.WriteAllText(folder["dir/inside"], "");
        Assert.Equal(-Errno.EISDIR, Remove("dir"));
        Assert.Equal(-Errno.ENOTEMPTY, Remove("dir", Libc.AT_REMOVEDIR));
        Assert.Equal(0, Remove("dir/inside"));
        Assert.Equal(0, Remove("dir", Libc.AT_REMOVEDIR));
        Assert.Equal(-Errno.ENOTDIR, Remove("file", Libc.AT_REMOVEDIR));
        Assert.Equal(-Errno.EINVAL, Remove(".", Libc.AT_REMOVEDIR));
        Assert.Equal(0, Remove("file"));
        Assert.Equal(-Errno.ENOENT, Remove("file"));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));

        int Remove(string path, uint flags = 0)
        {
            ring.Next().PrepareUnlinkat(folder, memory.PutPath(0, path), flags).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_directory_is_made(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        Assert.Equal(0, Make(folder, "dir", 0x1C0));
        Assert.Equal(0x1C0, (int)File.GetUnixFileMode(folder["dir"]) & 0x1FF);
        Assert.Equal(-Errno.EEXIST, Make(folder, "dir", 0x1C0));
        Assert.Equal(-Errno.ENOENT, Make(folder, "missing/dir", 0x1C0));
        Assert.Equal(-Errno.EBADF, Make(TestDescriptor.Closed, "dir", 0x1C0));
        // Of the mode only what mkdir(2) looks at counts: permissions and the sticky bit.
        Assert.Equal(0, Make(folder, "all", uint.MaxValue));
        Assert.Equal(UnixFileMode.StickyBit, File.GetUnixFileMode(folder["all"]) & (UnixFileMode.StickyBit | UnixFileMode.SetUser));

        int Make(int directory, string path, uint mode)
        {
            ring.Next().PrepareMkdirat(directory, memory.PutPath(0, path), mode).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_symbolic_link_is_made(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(3 * 4096);
        using var folder = new TestFolder();
        Assert.Equal(0, Link("to nowhere", "link"));
        Assert.Equal("to nowhere", new FileInfo(folder["link"]).LinkTarget);
        Assert.Equal(-Errno.EEXIST, Link("elsewhere", "link"));
        Assert.Equal(-Errno.ENOENT, Link("", "other"));
        Assert.Equal(-Errno.ENOENT, Link("target", ""));
        Assert.Equal(-Errno.ENAMETOOLONG, Link(new string('a', 4096), "long"));
        Assert.Equal(0, Link(new string('a', 4095), "long"));

        int Link(string target, string path)
        {
            ring.Next().PrepareSymlinkat(memory.PutPath(0, target), folder, memory.PutPath(2 * 4096, path)).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_hard_link_is_made(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using TestFolder folder = new(), other = new();
        using TestDescriptor file = TestDescriptor.Open(folder.Add("file", "abc"));
        File.CreateSymbolicLink(folder["symlink"], "file");
        Assert.Equal(0, Link(folder, "file", other, "linked"));
        Assert.Equal("abc", File.ReadAllText(other["linked"]));
        Assert.Equal(-Errno.EEXIST, Link(folder, "file", other, "linked"));
        Assert.Equal(-Errno.EPERM, Link(Here, folder.Path, other, "dir"));
        Assert.Equal(-Errno.EINVAL, Link(folder, "missing", other, "x", 1));
        Assert.Equal(0, Link(folder, "symlink", other, "followed", FollowSymlink));
        Assert.Null(new FileInfo(other["followed"]).LinkTarget);
        Assert.Equal(0, Link(folder, "symlink", folder, "not followed"));
        Assert.Equal("file", new FileInfo(folder["not followed"]).LinkTarget);
        Assert.Equal(-Errno.ENOENT, Link(file, "", other, "x"));
        int fromDescriptor = Link(file, "", other, "of a descriptor", Libc.AT_EMPTY_PATH);
        Assert.True(fromDescriptor is 0 or -Errno.ENOENT, Errno.Name(-fromDescriptor)); // only with the right to
        Assert.Equal(fromDescriptor == 0, File.Exists(other["of a descriptor"]));

        int Link(int from, string oldPath, int to, string newPath, uint flags = 0)
        {
            ring.Next().PrepareLinkat(from, memory.PutPath(0, oldPath), to, memory.PutPath(1024, newPath), flags).Flags = how;
            return ring.Result();
        }
    }

    [Theory]
    [EveryEngine(Opcode.Renameat)]
    [EveryEngine(Opcode.Symlinkat)]
    [EveryEngine(Opcode.Linkat)]
    public void Both_paths_are_read_in_turn_before_anything_is_done(string engine, Opcode opcode)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(2 * 4096);
        memory.Bytes.Fill((byte)'a');
        memory.PutPath(5000, "/missing/directory");
        var sqe = new Sqe { Opcode = opcode, Fd = Here, Len = opcode == Opcode.Symlinkat ? 0 : unchecked((uint)Here) };
        nuint tooLong = memory.Address, missing = memory.At(5000), empty = memory.PutPath(memory.Length - 1, "");
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = 0, Addr2 = tooLong }));
        Assert.Equal(-Errno.ENAMETOOLONG, ring.DoRefused(sqe with { Addr = tooLong, Addr2 = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = missing, Addr2 = TestMemory.Bad }));
        Assert.Equal(-Errno.ENAMETOOLONG, ring.DoRefused(sqe with { Addr = missing, Addr2 = tooLong }));
        Assert.Equal(-Errno.ENOENT, ring.DoRefused(sqe with { Addr = empty, Addr2 = TestMemory.Bad }));
        Assert.Equal(-Errno.ENOENT, ring.Do(sqe with { Addr = missing, Addr2 = missing }));
        if (opcode == Opcode.Linkat)
            Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = 0, Addr2 = missing, HardlinkFlags = Libc.AT_EMPTY_PATH }));
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        foreach (Opcode opcode in (Opcode[])[Opcode.Renameat, Opcode.Unlinkat, Opcode.Mkdirat, Opcode.Symlinkat, Opcode.Linkat])
        {
            var sqe = new Sqe { Opcode = opcode, Fd = Here };
            bool hasLength = opcode is Opcode.Renameat or Opcode.Linkat or Opcode.Mkdirat;
            bool hasOffset = opcode is not (Opcode.Unlinkat or Opcode.Mkdirat);
            bool hasFlags = opcode is not (Opcode.Mkdirat or Opcode.Symlinkat);
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { BufIndex = 1, Flags = SqeFlags.FixedFile }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { SpliceFdIn = 1, Flags = SqeFlags.FixedFile }));
            Assert.Equal(-Errno.EBADF, ring.DoRefused(sqe with { Flags = SqeFlags.FixedFile, RwFlags = hasFlags ? 1u : 0 }));
            Assert.Equal(hasLength ? -Errno.EFAULT : -Errno.EINVAL, ring.DoRefused(sqe with { Len = 1 }));
            Assert.Equal(hasOffset ? -Errno.EFAULT : -Errno.EINVAL, ring.DoRefused(sqe with { Off = 1 }));
            Assert.Equal(
                hasFlags && opcode != Opcode.Unlinkat ? -Errno.EFAULT : -Errno.EINVAL, ring.DoRefused(sqe with { RwFlags = 1 }));
            Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr3 = 1 }));
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { IoPrio = 1 }));
        }
    }

    [Theory, EveryEngine]
    public void Memory_of_the_paths_is_the_programs_again_after_submit(string engine)
    {
        const int Count = 32;
        using var ring = new SeamRing(engine, Count);
        using var memory = new TestMemory(Count * 128);
        using var folder = new TestFolder();
        for (int i = 0; i < Count; i++)
        {
            if (i % 4 == 0)
                folder.Add($"old-{i}");
            nuint from = memory.PutPath(i * 128, $"old-{i}"), to = memory.PutPath(i * 128 + 64, $"new-{i}");
            ref Sqe sqe = ref ring.Next();
            _ = (i % 4) switch
            {
                0 when i % 8 == 0 => sqe.PrepareRenameat(folder, from, folder, to),
                0 => sqe.PrepareLinkat(folder, from, folder, to),
                1 => sqe.PrepareSymlinkat(from, folder, to),
                _ => sqe.PrepareMkdirat(folder, to, 0x1C0),
            };
        }

        Assert.Equal(Count, ring.Submit());
        memory.Bytes.Fill((byte)'/');
        Assert.All(ring.Take(Count), cqe => Assert.Equal(0, cqe.Res));
        for (int i = 0; i < Count; i++)
            Assert.True(Path.Exists(folder[$"new-{i}"]) || new FileInfo(folder[$"new-{i}"]).LinkTarget == $"old-{i}", $"{i}");
    }
}
