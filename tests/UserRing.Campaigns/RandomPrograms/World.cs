using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Files, streams and memory that are the same at the start of every program, whichever engine runs it.</summary>
internal sealed class World : IDisposable
{
    public const int Streams = 6, Files = 7, FileBytes = 8192, Region = 1024;

    /// <summary>Slots of the file table: the files, then both ends of each stream.</summary>
    public const int Slots = Files + 1 + 2 * Streams;

    public const int MostRequests = 48, SlotBytes = 4096;

    private const int SmallPipe = 4096;

    private readonly TestFile _disk = TestFile.Numbered(FileBytes);
    private readonly TestFile _inMemory = TestFile.Numbered(FileBytes, folder: "/dev/shm");
    private readonly TestFile _direct = TestFile.Numbered(FileBytes, Libc.O_RDWR | Libc.O_DIRECT);
    private readonly TestDescriptor _readOnly, _zero, _nothing, _directContent;
    private readonly byte[] _pattern = new byte[MostRequests * SlotBytes], _content = new byte[FileBytes];
    private readonly TestMemory _scratch = new(1 << 17);
    private Stream[] _streams = [];

    public World()
    {
        _readOnly = _disk.Again(Libc.O_RDONLY);
        _directContent = _direct.Again(Libc.O_RDWR);
        (_zero, _nothing) = (TestDescriptor.Open("/dev/zero", Libc.O_RDWR), TestDescriptor.Open("/dev/null", Libc.O_RDWR));
        for (int at = 0; at < _pattern.Length; at++)
            _pattern[at] = (byte)(at * 7 + at / SlotBytes * 13 + 1);
        for (long at = 0; at < FileBytes; at += sizeof(long))
            MemoryMarshal.Write(_content.AsSpan((int)at), at);
    }

    /// <summary>A slot of memory for each request; worlds of one thread share it, so that addresses are alike.</summary>
    public TestMemory Memory { get; } = new(MostRequests * SlotBytes);

    /// <summary>Iovecs and times.</summary>
    public TestMemory Tables { get; } = new(MostRequests * 64);

    public Stream this[int stream] => _streams[stream];

    public void Reset()
    {
        Restore(_disk);
        Restore(_inMemory);
        Restore(_directContent);
        _disk.Position = _inMemory.Position = _direct.Position = 100;
        Libc.Lseek(_readOnly, 100, Libc.SEEK_SET);
        _pattern.CopyTo(Memory.Bytes);
        Tables.Bytes.Clear();
        foreach (Stream stream in _streams)
            stream.Dispose();
        _streams =
        [
            Stream.OfPipe(), Stream.OfPipe(), Stream.OfPipe(holds: 100), Stream.OfPipe(SmallPipe, holds: SmallPipe),
            Stream.OfSockets(), Stream.OfSockets(holds: 50),
        ];
    }

    public int FileNumber(int file) => file switch
    {
        0 => _disk,
        1 => _inMemory,
        2 => _direct,
        3 => _readOnly,
        4 => _zero,
        5 => _nothing,
        _ => TestDescriptor.Closed,
    };

    /// <summary>What a slot of the file table holds at first, or -1.</summary>
    public int SlotNumber(int slot)
    {
        if (slot < Files)
            return FileNumber(slot) is var number && number == TestDescriptor.Closed ? -1 : number;
        if (slot == Files)
            return -1;
        int end = slot - Files - 1;
        return end % 2 == 0 ? _streams[end / 2].Reads : _streams[end / 2].Writes;
    }

    public static int SlotOf(int stream, bool writes) => Files + 1 + 2 * stream + (writes ? 1 : 0);

    /// <summary>How full each stream is.</summary>
    public string Levels() => string.Join(' ', _streams.Select(stream => $"{stream.Level.Near}/{stream.Level.Far}"));

    /// <summary>Everything a program can see of its files.</summary>
    public IEnumerable<string> Describe()
    {
        yield return $"disk {Content(_disk)} at {_disk.Position}/{Libc.Lseek(_readOnly, 0, Libc.SEEK_CUR)}";
        yield return $"memory file {Content(_inMemory)} at {_inMemory.Position}";
        yield return $"direct {Content(_directContent)}";
    }

    public string HashOfSlot(int request) => $"{Hash(Memory.Bytes.Slice(request * SlotBytes, SlotBytes)):x8}";

    public static uint Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            hash = (hash ^ word) * 1099511628211 ^ hash >> 29;
        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
            hash = (hash ^ value) * 1099511628211;
        return (uint)(hash ^ hash >> 32);
    }

    public void Dispose()
    {
        foreach (Stream stream in _streams)
            stream.Dispose();
        foreach (TestDescriptor descriptor in new[] { _disk, _inMemory, _direct, _readOnly, _zero, _nothing, _directContent })
            descriptor.Dispose();
        Memory.Dispose();
        Tables.Dispose();
        _scratch.Dispose();
    }

    private void Restore(TestDescriptor file)
    {
        Assert.Equal(0, Libc.Ftruncate(file, FileBytes));
        _content.CopyTo(_scratch.Bytes);
        Assert.Equal(FileBytes, Libc.Pwritev2(file, new IoVec { Base = _scratch.Address, Len = FileBytes }, 0, 0));
    }

    private string Content(TestDescriptor file)
    {
        nint bytes = Libc.Preadv2(file, new IoVec { Base = _scratch.Address, Len = (nuint)_scratch.Length }, 0, 0);
        return $"{bytes}/{Hash(_scratch[..(int)bytes]):x8}";
    }
}
