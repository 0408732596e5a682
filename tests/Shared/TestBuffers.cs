using UserRing.Abi;

namespace UserRing.Testing;

/// <summary>How a group of provided buffers came to be, and how it is used up.</summary>
public enum BufferKind
{
    Ring,
    Mapped,
    Incremental,
    List,
}

/// <summary>
/// A group of provided buffers, of one size each, numbered from <see cref="FirstId"/> on. A fixed pattern fills them, so that what
/// was received shows.
/// </summary>
internal sealed unsafe class TestBuffers : IDisposable
{
    public const ushort FirstId = 40;

    private readonly SeamRing _ring;
    private readonly TestMemory _memory, _entries;
    private readonly ushort _group;
    private readonly int _size;
    private readonly nint _mapped;
    private readonly int _mask;
    private ushort _tail;

    public TestBuffers(SeamRing ring, ushort group, int count, int size, BufferKind kind = BufferKind.Ring)
    {
        (_ring, _group, _size, Kind) = (ring, group, size, kind);
        _memory = new TestMemory(count * size);
        _memory.Bytes.Fill(0xEE);
        _entries = new TestMemory(32768);
        if (kind == BufferKind.List)
        {
            Provide(0, count);
            return;
        }

        uint slots = System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
        _mask = (int)slots - 1;
        var registration = new BufReg
        {
            RingEntries = slots, Bgid = group, RingAddr = kind == BufferKind.Mapped ? 0 : _entries.Address,
            Flags = kind switch
            {
                BufferKind.Mapped => PbufRingFlags.Mmap,
                BufferKind.Incremental => PbufRingFlags.Inc,
                _ => PbufRingFlags.None,
            },
        };
        Assert.Equal(0, ring.RegisterBy(RegisterOp.RegisterPbufRing, registration));
        _mapped = (nint)_entries.Address;
        if (kind == BufferKind.Mapped)
            _mapped = ring.Engine.Map(ring.Descriptor, 0, 32768, Read | Write, Shared, MmapOffsets.PbufRing | ((ulong)group << 16));
        Assert.False(_mapped is < 0 and > -4096, $"mmap: {_mapped}");
        for (int i = 0; i < count; i++)
            Add(i);
        Publish();
    }

    private const int Read = 1, Write = 2, Shared = 1;

    public BufferKind Kind { get; }

    /// <summary>Where the engine is in the ring.</summary>
    public ushort Head
    {
        get
        {
            var status = new BufStatus { BufGroup = _group };
            Assert.Equal(0, _ring.Register(RegisterOp.RegisterPbufStatus, (nuint)(&status), 1));
            return (ushort)status.Head;
        }
    }

    /// <summary>The buffer with an id.</summary>
    public Span<byte> this[int id] => _memory.Bytes.Slice((id - FirstId) * _size, _size);

    /// <summary>What a completion says was put into its buffer, from the beginning of it.</summary>
    public Span<byte> Of(Cqe cqe) => this[IdOf(cqe)][..cqe.Res];

    public static int IdOf(Cqe cqe)
    {
        Assert.True((cqe.Flags & CqeFlags.Buffer) != 0, $"no buffer in {cqe.Res}, {cqe.Flags}");
        return (int)((uint)cqe.Flags >> CqeBits.BufferShift);
    }

    /// <summary>Offers a buffer again, which a completion told.</summary>
    public void GiveBack(int id)
    {
        if (Kind == BufferKind.List)
        {
            Provide(id - FirstId, 1);
            return;
        }

        Add(id - FirstId);
        Publish();
    }

    public void Dispose()
    {
        if (Kind == BufferKind.Mapped)
            _ = UserRing.Engine.Linux.Libc.Munmap((nuint)_mapped, 32768);
        _memory.Dispose();
        _entries.Dispose();
    }

    private void Add(int index)
    {
        Buf* entry = (Buf*)_mapped + (_tail++ & _mask);
        // The tail shares the first entry's last word, which stays as it is.
        (entry->Addr, entry->Len, entry->Bid) = (_memory.At(index * _size), (uint)_size, (ushort)(FirstId + index));
    }

    private void Publish() => Volatile.Write(ref ((BufRing*)_mapped)->Tail, _tail);

    private void Provide(int first, int count)
    {
        _ring.Next() = new Sqe
        {
            Opcode = Opcode.ProvideBuffers, Fd = count, Addr = _memory.At(first * _size), Len = (uint)_size, BufGroup = _group,
            Off = (uint)(FirstId + first), Flags = SqeFlags.CqeSkipSuccess,
        };
        Assert.Equal(1, _ring.Submit());
    }
}
