using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>Files that are opened into slots, and slots that are closed.</summary>
public sealed class OpenSlotTests
{
    private const int Here = SqePreparation.CurrentDirectory;

    [Theory]
    [EveryEngine(SqeFlags.None)]
    [EveryEngine(SqeFlags.Async)]
    public void A_file_is_opened_into_a_slot_and_used_there(string engine, SqeFlags how)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var folder = new TestFolder();
        nuint first = memory.PutPath(0, folder.Add("first", "one")), second = memory.PutPath(256, folder.Add("second", "twice"));
        Assert.Equal(0, ring.RegisterFiles(-1, -1));
        Assert.Equal(0, Open(first, 1));
        Assert.Equal("one", Content(0));
        Assert.Equal(0, Open(second, 1));
        Assert.Equal("twice", Content(0));
        Assert.Equal(1, Open(first, FileSlots.Alloc));
        Assert.Equal("one", Content(1));
        Assert.Equal(-Errno.ENFILE, Open(first, FileSlots.Alloc));
        Assert.Equal(-Errno.EINVAL, Open(first, 3));
        Assert.Equal(-Errno.ENOENT, Open(memory.PutPath(512, "/missing"), 1));
        Assert.Equal("twice", Content(0));
        Assert.Equal(0, CloseSlot(0));
        Assert.Equal(-Errno.EBADF, CloseSlot(0));
        Assert.Equal(-Errno.EINVAL, CloseSlot(2));
        Assert.Equal(0, Open2(first, FileSlots.Alloc));
        Assert.Equal("one", Content(0));
        Assert.Equal(0, Open2(second, 2));
        Assert.Equal("twice", Content(1));

        int Open(nuint path, uint fileIndex)
        {
            ring.Next().PrepareOpenat(Here, path, Libc.O_RDONLY, fileIndex: fileIndex).Flags = how;
            return ring.Result();
        }

        int Open2(nuint path, uint fileIndex)
        {
            ring.Next().PrepareOpenat2(Here, path, memory.Put<OpenHow>(1024, default(OpenHow)), fileIndex).Flags = how;
            return ring.Result();
        }

        int CloseSlot(uint slot)
        {
            ring.Next().PrepareCloseSlot(slot).Flags = how;
            return ring.Result();
        }

        string Content(int slot)
        {
            ring.Next().PrepareRead(slot, memory.At(2048), 100, 0).Flags = SqeFlags.FixedFile;
            int count = ring.Result();
            Assert.InRange(count, 0, 100);
            return System.Text.Encoding.ASCII.GetString(memory[2048..(2048 + count)]);
        }
    }

    [Theory, EveryEngine]
    public void Replacing_a_file_does_not_move_the_search_for_a_free_slot(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        nuint path = memory.PutPath(0, "/");
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd, -1, -1, pipe.ReadEnd));
        ring.Next().PrepareCloseSlot(3);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareOpenat(Here, path, Libc.O_RDONLY, fileIndex: 1);
        Assert.Equal(0, ring.Result());
        ring.Next().PrepareOpenat(Here, path, Libc.O_RDONLY, fileIndex: FileSlots.Alloc);
        Assert.Equal(3, ring.Result());
        ring.Next().PrepareOpenat(Here, path, Libc.O_RDONLY, fileIndex: FileSlots.Alloc);
        Assert.Equal(1, ring.Result());
    }

    [Theory, EveryEngine]
    public void A_slot_can_be_closed_only_where_there_is_a_table(string engine)
    {
        using var ring = new SeamRing(engine);
        ring.Next().PrepareCloseSlot(0);
        Assert.Equal(-Errno.ENXIO, ring.Result());
    }

    [Theory, EveryEngine]
    public void What_waits_keeps_the_file_of_a_slot_that_is_closed(string engine)
    {
        using var ring = new SeamRing(engine);
        using var memory = new TestMemory();
        using var pipe = new TestPipe();
        Assert.Equal(0, ring.RegisterFiles(pipe.ReadEnd));
        pipe.ReadEnd.Close();
        ring.Next(1).PrepareRead(0, memory.Address, 4, 0).Flags = SqeFlags.FixedFile;
        Assert.Equal(1, ring.Submit());
        ring.Next().PrepareCloseSlot(0);
        Assert.Equal(0, ring.Result());
        pipe.Write("data");
        Assert.Equal(4, ring.Take().Res);
    }

    [Theory, EveryEngine]
    public void Without_a_descriptor_left_nothing_is_opened(string engine)
    {
        _ = TestEngines.Get(engine);
        Child.Succeeds(NoDescriptorLeft, [engine]);
    }

    [Scenario]
    private static void NoDescriptorLeft(string[] arguments)
    {
        using var ring = new SeamRing(arguments[0]);
        using var memory = new TestMemory();
        nuint path = memory.PutPath(0, "/"), missing = memory.PutPath(16, "/missing");
        // Whatever is opened once per process is open now.
        ring.Next().PrepareOpenat(Here, path, Libc.O_PATH).Flags = SqeFlags.Async;
        Libc.Close(ring.Result());
        int highest = Directory.GetFileSystemEntries("/proc/self/fd").Max(entry => int.Parse(Path.GetFileName(entry)));
        Assert.Equal(0, Libc.Setrlimit(Libc.RLIMIT_NOFILE, (ulong)highest + 1, (ulong)highest + 1));
        while (Libc.Dup(0) >= 0)
        {
            // until there are no more
        }

        ring.Next().PrepareOpenat(Here, path, Libc.O_PATH);
        Assert.Equal(-Errno.EMFILE, ring.Result());
        ring.Next().PrepareOpenat(Here, missing, Libc.O_PATH);
        Assert.Equal(-Errno.EMFILE, ring.Result());
        ring.Next().PrepareOpenat(Here, missing, Libc.O_PATH).Flags = SqeFlags.Async;
        Assert.Equal(-Errno.EMFILE, ring.Result());
    }
}
