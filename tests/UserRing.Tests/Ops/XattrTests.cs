using System.Text;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>SETXATTR, FSETXATTR, GETXATTR, FGETXATTR.</summary>
public sealed class XattrTests
{
    private const int Path = 0, Name = 1024, Value = 2048, Back = 3072;

    [Theory]
    [EveryEngine(true, SqeFlags.None)]
    [EveryEngine(true, SqeFlags.Async)]
    [EveryEngine(false, SqeFlags.None)]
    [EveryEngine(false, SqeFlags.Async)]
    public void Attributes_are_set_and_read(string engine, bool byPath, SqeFlags how)
    {
        using var target = new Target(engine, byPath, how);
        Assert.Equal(0, target.Set("user.a", "abcd"));
        Assert.Equal((4, "abcd"), target.Get("user.a", 16));
        Assert.Equal((4, "abcd"), target.Get("user.a", 4));
        Assert.Equal(-Errno.ERANGE, target.Get("user.a", 3).Size);
        Assert.Equal((4, ""), target.Get("user.a", 0));
        Assert.Equal(4, target.Get("user.a", int.MaxValue).Size);
        Assert.Equal(4, target.Get("user.a", uint.MaxValue).Size);
        Assert.Equal(-Errno.ENODATA, target.Get("user.b", 16).Size);
        Assert.Equal(-Errno.EOPNOTSUPP, target.Get("nameless", 16).Size);
        Assert.Equal(-Errno.EOPNOTSUPP, target.Set("nameless", "x"));
        Assert.Equal(-Errno.EEXIST, target.Set("user.a", "x", Libc.XATTR_CREATE));
        Assert.Equal(-Errno.ENODATA, target.Set("user.b", "x", Libc.XATTR_REPLACE));
        Assert.Equal(0, target.Set("user.a", "longer", Libc.XATTR_REPLACE));
        Assert.Equal((6, "longer"), target.Get("user.a", 16));
        Assert.Equal(0, target.Set("user.empty", "", Libc.XATTR_CREATE));
        Assert.Equal((0, ""), target.Get("user.empty", 16));
    }

    [Theory]
    [EveryEngine(true)]
    [EveryEngine(false)]
    public void Names_have_255_bytes_at_most(string engine, bool byPath)
    {
        using var target = new Target(engine, byPath);
        string longest = "user." + new string('n', 250);
        Assert.Equal(0, target.Set(longest, "x"));
        Assert.Equal((1, "x"), target.Get(longest, 16));
        Assert.Equal(-Errno.ERANGE, target.Set(longest + "n", "x"));
        Assert.Equal(-Errno.ERANGE, target.Get(longest + "n", 16).Size);
        Assert.Equal(-Errno.ERANGE, target.Set("", "x"));
        Assert.Equal(-Errno.ERANGE, target.Get("", 16).Size);
    }

    [Theory]
    [EveryEngine(true)]
    [EveryEngine(false)]
    public void Memory_that_cannot_be_used_is_refused(string engine, bool byPath)
    {
        using var target = new Target(engine, byPath);
        Assert.Equal(0, target.Set("user.a", "abcd"));
        nuint name = target.Memory.PutPath(Name, "user.a"), missing = target.Memory.PutPath(Name + 64, "user.missing");
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.SetSqe(name, 0, 4)));
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.SetSqe(name, TestMemory.Bad, 4)));
        Assert.Equal(0, target.Do(target.SetSqe(missing, 0, 0)));
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.SetSqe(0, name, 4)));
        Assert.Equal(-Errno.E2BIG, target.DoRefused(target.SetSqe(name, 0, 65537)));
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.SetSqe(0, 0, 70000)));
        Assert.Equal(-Errno.EFAULT, target.Do(target.GetSqe(name, 0, 16)));
        Assert.Equal(-Errno.EFAULT, target.Do(target.GetSqe(name, TestMemory.ReadOnly, 16)));
        Assert.Equal(-Errno.ERANGE, target.Do(target.GetSqe(name, 0, 2)));
        Assert.Equal(4, target.Do(target.GetSqe(name, 0, 0)));
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.GetSqe(0, 0, 0)));
        // As far as it is readable and writable, and no further.
        Assert.Equal(4, target.Do(target.GetSqe(name, target.Memory.End - 4, 4)));
        Assert.Equal(0, target.Do(target.SetSqe(name, target.Memory.End - 4, 4)));
        Assert.Equal(-Errno.EFAULT, target.DoRefused(target.SetSqe(name, target.Memory.End - 4, 5)));
    }

    [Theory, EveryEngine]
    public void A_large_value_goes_where_the_file_system_has_room_for_it(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory(2 * 65536);
        using TestFile file = TestFile.Create([], folder: "/dev/shm");
        memory[..65536].Fill(0x5A);
        nuint name = memory.PutPath(65536 + 8192, "user.large");
        ring.Next().PrepareFsetxattr(file, name, memory.Address, 65536);
        int set = ring.Result();
        if (set == -Errno.EOPNOTSUPP || set == -Errno.ENOSPC)
            return; // tmpfs without extended attributes, or with too little room for them
        Assert.Equal(0, set);
        ring.Next().PrepareFgetxattr(file, name, 0, 0);
        Assert.Equal(65536, ring.Result());
    }

    [Theory, EveryEngine]
    public void Fields_are_checked_in_the_kernels_order(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        nuint name = memory.PutPath(0, "user.a"), missing = memory.PutPath(64, "/missing");
        var set = new Sqe { Opcode = Opcode.Setxattr, Addr = name, Addr2 = name, Addr3 = missing, Len = 1 };
        Assert.Equal(-Errno.EBADF, ring.DoRefused(set with { Flags = SqeFlags.FixedFile, XattrFlags = 8, Addr = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(set with { XattrFlags = 8, Addr = 0, Addr3 = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(set with { Addr3 = 0 }));
        Assert.Equal(-Errno.ENOENT, ring.DoRefused(set with { Addr3 = memory.At(32) }));
        Assert.Equal(-Errno.ENOENT, ring.Do(set with { Fd = TestDescriptor.Closed, BufIndex = 1, SpliceFdIn = 1 }));
        Sqe get = set with { Opcode = Opcode.Getxattr };
        Assert.Equal(-Errno.EBADF, ring.DoRefused(get with { Flags = SqeFlags.FixedFile, XattrFlags = 1, Addr = 0 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(get with { XattrFlags = 1, Addr = 0 }));
        Assert.Equal(-Errno.EFAULT, ring.DoRefused(get with { Addr = 0, Addr3 = 0 }));
        Assert.Equal(-Errno.ENOENT, ring.DoRefused(get with { Addr3 = memory.At(32) }));
        Assert.Equal(-Errno.ENOENT, ring.Do(get with { Fd = TestDescriptor.Closed, BufIndex = 1, SpliceFdIn = 1 }));
        foreach (Opcode opcode in (Opcode[])[Opcode.Fsetxattr, Opcode.Fgetxattr])
        {
            Sqe sqe = set with { Opcode = opcode, Fd = TestDescriptor.Closed };
            Assert.Equal(-Errno.EINVAL, ring.DoRefused(sqe with { XattrFlags = 8, Addr = 0 }));
            Assert.Equal(-Errno.EFAULT, ring.DoRefused(sqe with { Addr = 0 }));
            Assert.Equal(-Errno.EBADF, ring.Do(sqe));
            Assert.Equal(-Errno.EBADF, ring.Do(sqe with { Flags = SqeFlags.Async }));
            Assert.Equal(-Errno.EBADF, ring.Do(sqe with { Flags = SqeFlags.FixedFile, Fd = 0 }));
        }
    }

    [Theory, EveryEngine]
    public void Files_of_any_kind_have_attributes_or_say_why_not(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        using var folder = new TestFolder();
        using TestDescriptor place = TestDescriptor.Open(folder.Path, Libc.O_PATH);
        nuint name = memory.PutPath(0, "user.a");
        Assert.Equal((-Errno.EPERM, -Errno.ENODATA), Do(pipe.ReadEnd));
        Assert.Equal((-Errno.EBADF, -Errno.EBADF), Do(place));
        Assert.Equal((0, 4), Do(folder));
        Assert.Equal(0, ring.RegisterFiles(folder));
        Assert.Equal((0, 4), Do(0, SqeFlags.FixedFile));

        (int Set, int Get) Do(int file, SqeFlags flags = 0)
        {
            ring.Next().PrepareFsetxattr(file, name, memory.At(64), 4).Flags = flags;
            int set = ring.Result();
            ring.Next().PrepareFgetxattr(file, name, memory.At(128), 16).Flags = flags;
            return (set, ring.Result());
        }
    }

    [Theory, EveryEngine]
    public void Memory_is_the_programs_again_after_submit(string engine)
    {
        const int Count = 16;
        using var ring = new SeamRing(engine, Count);
        using var memory = new TestMemory(Count * 1024);
        using var folder = new TestFolder();
        string file = folder.Add("file");
        using TestDescriptor open = TestDescriptor.Open(file);
        for (int i = 0; i < Count; i++)
        {
            nuint name = memory.PutPath(i * 1024, $"user.{i}"), value = memory.PutPath(i * 1024 + 64, $"value {i}");
            uint size = (uint)$"value {i}".Length;
            if (i % 2 == 0)
                ring.Next().PrepareSetxattr(memory.PutPath(i * 1024 + 128, file), name, value, size);
            else
                ring.Next().PrepareFsetxattr(open, name, value, size);
        }

        Assert.Equal(Count, ring.Submit());
        memory.Bytes.Fill((byte)'/');
        Assert.All(ring.Take(Count), cqe => Assert.Equal(0, cqe.Res));
        for (int i = 0; i < Count; i++)
        {
            nuint name = memory.PutPath(i * 1024, $"user.{i}");
            if (i % 2 == 0)
                ring.Next(1).PrepareGetxattr(memory.PutPath(i * 1024 + 128, file), name, memory.At(i * 1024 + 512), 100);
            else
                ring.Next(1).PrepareFgetxattr(open, name, memory.At(i * 1024 + 512), 100);
        }

        Assert.Equal(Count, ring.Submit());
        memory.As<long>() = 0x2F2F2F2F2F2F2F2F;
        Assert.All(ring.Take(Count), cqe => Assert.InRange(cqe.Res, 7, 8));
        for (int i = 0; i < Count; i++)
            Assert.Equal($"value {i}", Encoding.ASCII.GetString(memory[(i * 1024 + 512)..(i * 1024 + 512 + $"value {i}".Length)]));
    }

    /// <summary>A file whose attributes are reached by its path or by a descriptor.</summary>
    private sealed class Target : IDisposable
    {
        private readonly SeamRing _ring;
        private readonly TestFolder _folder = new();
        private readonly TestDescriptor _file;
        private readonly bool _byPath;
        private readonly SqeFlags _how;

        public Target(string engine, bool byPath, SqeFlags how = 0)
        {
            _ring = new SeamRing(engine);
            _file = TestDescriptor.Open(_folder.Add("file"));
            (_byPath, _how) = (byPath, how);
        }

        public TestMemory Memory { get; } = new();

        public int Set(string name, string value, uint flags = 0)
        {
            Memory.PutPath(Value, value);
            return Do(SetSqe(Memory.PutPath(Name, name), Memory.At(Value), (uint)value.Length) with { XattrFlags = flags });
        }

        public (int Size, string Value) Get(string name, uint room)
        {
            Memory[Back..(Back + 64)].Clear();
            int size = Do(GetSqe(Memory.PutPath(Name, name), Memory.At(Back), room));
            return (size, Encoding.ASCII.GetString(Memory[Back..(Back + 64)]).TrimEnd('\0'));
        }

        public Sqe SetSqe(nuint name, nuint value, uint size)
        {
            var sqe = default(Sqe);
            return _byPath
                ? sqe.PrepareSetxattr(Memory.PutPath(Path, _folder["file"]), name, value, size)
                : sqe.PrepareFsetxattr(_file, name, value, size);
        }

        public Sqe GetSqe(nuint name, nuint value, uint room)
        {
            var sqe = default(Sqe);
            return _byPath
                ? sqe.PrepareGetxattr(Memory.PutPath(Path, _folder["file"]), name, value, room)
                : sqe.PrepareFgetxattr(_file, name, value, room);
        }

        public int Do(Sqe sqe) => _ring.Do(sqe with { Flags = _how });

        public int DoRefused(Sqe sqe) => _ring.DoRefused(sqe with { Flags = _how });

        public void Dispose()
        {
            _ring.Dispose();
            _file.Dispose();
            _folder.Dispose();
            Memory.Dispose();
        }
    }
}
