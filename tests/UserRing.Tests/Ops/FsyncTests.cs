using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>FSYNC.</summary>
public sealed class FsyncTests
{
    [Theory]
    [EveryEngine(FsyncFlags.None, Libc.O_RDWR)]
    [EveryEngine(FsyncFlags.DataSync, Libc.O_RDWR)]
    [EveryEngine(FsyncFlags.None, Libc.O_RDONLY)]
    public void A_file_is_synced_however_it_is_open(string engine, FsyncFlags flags, int open)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("content"u8, open);
        ring.Next().PrepareFsync(file, flags);
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_range_is_synced(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("content");
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Fsync, Fd = file, Off = 10, Len = 20 }));
        Assert.Equal(-Errno.EINVAL, ring.DoRefused(new Sqe { Opcode = Opcode.Fsync, Fd = file, Off = unchecked((ulong)-5) }));
        Assert.Equal(0, ring.Do(new Sqe { Opcode = Opcode.Fsync, Fd = file, Off = long.MaxValue, Len = uint.MaxValue }));
    }

    [Theory, EveryEngine]
    public void A_registered_file_is_synced(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("content");
        Assert.Equal(0, ring.RegisterFiles(file));
        ring.Next().PrepareFsync(0).Flags = SqeFlags.FixedFile;
        Assert.Equal(0, ring.Result());
    }

    [Theory, EveryEngine]
    public void What_cannot_be_synced_is_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using var pipe = new TestPipe();
        ring.Next().PrepareFsync(pipe.WriteEnd);
        Assert.Equal(-Errno.EINVAL, ring.Result());
    }

    [Theory, EveryEngine]
    public void Unused_fields_and_unknown_flags_are_refused(string engine)
    {
        using var ring = new SeamRing(engine);
        using TestFile file = TestFile.Create("content");
        var sqe = new Sqe { Opcode = Opcode.Fsync, Fd = file };
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { FsyncFlags = (FsyncFlags)2 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { Addr = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { BufIndex = 1 }));
        Assert.Equal(-Errno.EINVAL, ring.Do(sqe with { SpliceFdIn = 1 }));
    }

    [Theory, EveryEngine]
    public void Many_run_at_once(string engine)
    {
        using var ring = new SeamRing(engine, 64);
        using TestFile file = TestFile.Create("content");
        for (int i = 0; i < 64; i++)
            ring.Next((ulong)i).PrepareFsync(file).UserData = (ulong)i;
        Assert.Equal(64, ring.Submit());
        Dictionary<ulong, int> results = ring.Results(64);
        Assert.Equal(64, results.Count);
        Assert.All(results.Values, result => Assert.Equal(0, result));
    }
}
