using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Testing;

/// <summary>
/// A ring driven at the seam, with nothing between the test and the engine: every word of ring memory, every argument of every call. Waits
/// are bounded: an engine that loses a completion fails the test instead of hanging it.
/// </summary>
internal sealed unsafe class SeamRing : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Of the two areas that a NO_MMAP ring is given.</summary>
    private const int OwnBytes = 1 << 16;

    private const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;

    private readonly RingParams _parameters;
    private readonly nuint _rings, _ringBytes, _sqes, _sqeBytes;
    private readonly uint _sqeStride, _cqeStride;
    private readonly TestMemory? _own;
    private uint _tail;
    private bool _released, _unmapped;

    public SeamRing(string engine, uint entries = 8, SetupFlags flags = 0, uint cqEntries = 0, uint idleMs = 0)
        : this(TestEngines.Get(engine), entries, Parameters(flags, cqEntries, idleMs))
    {
    }

    public SeamRing(IRingEngine engine, uint entries, RingParams parameters)
    {
        Engine = engine;
        if ((parameters.Flags & SetupFlags.NoMmap) != 0)
        {
            _own = new TestMemory(2 * OwnBytes);
            (parameters.CqOff.UserAddr, parameters.SqOff.UserAddr) = (_own.At(0), _own.At(OwnBytes));
        }

        Descriptor = engine.Setup(entries, (nuint)(&parameters));
        Assert.True(Descriptor >= 0, $"setup: {Errno.Name(-Descriptor)}");
        _parameters = parameters;
        Assert.True((parameters.Features & RingFeatures.SingleMmap) != 0, "an engine without SINGLE_MMAP");
        uint array = (parameters.Flags & SetupFlags.NoSqArray) != 0 ? 0 : parameters.SqOff.Array + parameters.SqEntries * sizeof(uint);
        _sqeStride = (uint)sizeof(Sqe) << ((parameters.Flags & SetupFlags.Sqe128) != 0 ? 1 : 0);
        _cqeStride = (uint)sizeof(Cqe) << ((parameters.Flags & SetupFlags.Cqe32) != 0 ? 1 : 0);
        _ringBytes = Math.Max(parameters.CqOff.Cqes + parameters.CqEntries * _cqeStride, array);
        _sqeBytes = parameters.SqEntries * _sqeStride;
        Assert.True(_own is null || Math.Max(_ringBytes, _sqeBytes) <= OwnBytes, "too large for the memory it is given");
        _rings = _own is null ? Map(_ringBytes, MmapOffsets.SqRing) : _own.At(0);
        _sqes = _own is null ? Map(_sqeBytes, MmapOffsets.Sqes) : _own.At(OwnBytes);
        // What a client that uses the SQEs in order writes once.
        for (uint i = 0; i < parameters.SqEntries && array != 0; i++)
            SqArray(i) = i;
    }

    public IRingEngine Engine { get; }

    public int Descriptor { get; }

    public RingParams Params => _parameters;

    public uint SqEntries => _parameters.SqEntries;

    public uint CqEntries => _parameters.CqEntries;

    public ref uint SqHead => ref Word(_parameters.SqOff.Head);

    public ref uint SqTail => ref Word(_parameters.SqOff.Tail);

    public ref uint Dropped => ref Word(_parameters.SqOff.Dropped);

    public ref uint CqHead => ref Word(_parameters.CqOff.Head);

    public ref uint CqTail => ref Word(_parameters.CqOff.Tail);

    public ref uint Overflow => ref Word(_parameters.CqOff.Overflow);

    public SqRingFlags SqFlags => (SqRingFlags)Volatile.Read(ref Word(_parameters.SqOff.Flags));

    public CqRingFlags CqFlags
    {
        get => (CqRingFlags)Volatile.Read(ref Word(_parameters.CqOff.Flags));
        set => Volatile.Write(ref Word(_parameters.CqOff.Flags), (uint)value);
    }

    /// <summary>Completions that can be read without a call.</summary>
    public uint Ready => Volatile.Read(ref CqTail) - Volatile.Read(ref CqHead);

    /// <summary>SQEs that were published and not taken.</summary>
    public uint Queued => Volatile.Read(ref SqTail) - Volatile.Read(ref SqHead);

    public static RingParams Parameters(SetupFlags flags, uint cqEntries = 0, uint idleMs = 0) => new()
    {
        Flags = flags | (cqEntries != 0 ? SetupFlags.CqSize : 0),
        CqEntries = cqEntries,
        SqThreadIdle = idleMs,
    };

    /// <summary>Only the setup call: a descriptor, which is given back at once, or -errno.</summary>
    public static int TrySetup(string engine, uint entries, ref RingParams parameters)
    {
        IRingEngine made = TestEngines.Get(engine);
        fixed (RingParams* address = &parameters)
        {
            int ring = made.Setup(entries, (nuint)address);
            if (ring < 0)
                return ring;
            Assert.Equal(0, made.Release(ring));
            return 0;
        }
    }

    public ref uint Word(uint offset) => ref *(uint*)(_rings + offset);

    public ref uint SqArray(uint slot) => ref Word(_parameters.SqOff.Array + (slot & (SqEntries - 1)) * sizeof(uint));

    public ref Sqe SqeAt(uint index) => ref *(Sqe*)(_sqes + index * _sqeStride);

    /// <summary>The completion at a position of the CQ, which counts up like its head and tail.</summary>
    public ref Cqe CqeAt(uint position) => ref *(Cqe*)(_rings + _parameters.CqOff.Cqes + (position & (CqEntries - 1)) * _cqeStride);

    /// <summary>One of the two more words of a 32-byte completion.</summary>
    public ulong ExtraAt(uint position, int word)
    {
        fixed (Cqe* cqe = &CqeAt(position))
            return ((ulong*)(cqe + 1))[word];
    }

    /// <summary>The next SQE, zeroed; the tail that covers it is published by the next enter.</summary>
    public ref Sqe Next(ulong userData = 0)
    {
        Assert.True(_tail - SqHead < SqEntries, "the test overfills its own SQ");
        ref Sqe sqe = ref SqeAt(_tail++ & (SqEntries - 1));
        sqe = new Sqe { UserData = userData };
        return ref sqe;
    }

    /// <summary>Queues NOPs with these user_data.</summary>
    public void Nops(params ReadOnlySpan<ulong> userData)
    {
        foreach (ulong value in userData)
            Next(value).Opcode = Opcode.Nop;
    }

    public void Publish() => Volatile.Write(ref SqTail, _tail);

    /// <summary>
    /// As a client of a polled ring does: publishes, and wakes the engine's thread if it says so. Whether that took a call.
    /// </summary>
    public bool PublishAndWake()
    {
        Publish();
        // Pairs with the fence in the polling thread, between setting NEED_WAKEUP and looking at the tail once more.
        Interlocked.MemoryBarrier();
        if ((SqFlags & SqRingFlags.NeedWakeup) == 0)
            return false;
        Assert.Equal(0, Enter(0, 0, EnterFlags.SqWakeup));
        return true;
    }

    /// <summary>Starts counting at <paramref name="tail"/> after the test wrote the shared tail itself.</summary>
    public void ContinueAt(uint tail) => _tail = tail;

    /// <summary>Enter as it is, after publishing what was queued.</summary>
    public int Enter(uint toSubmit = 0, uint minComplete = 0, EnterFlags flags = 0, nuint argument = 0, nuint size = 0)
    {
        Publish();
        return Engine.Enter(Descriptor, toSubmit, minComplete, flags, argument, size);
    }

    /// <summary>Enter with GETEVENTS and a time limit: what enter answered.</summary>
    public int EnterFor(uint toSubmit, uint minComplete, TimeSpan time, EnterFlags flags = 0)
    {
        KernelTimespec limit = new() { TvSec = (long)time.TotalSeconds, TvNsec = time.Ticks % TimeSpan.TicksPerSecond * 100 };
        GetEventsArg argument = new() { Ts = (ulong)&limit };
        return Enter(toSubmit, minComplete, flags | EnterFlags.GetEvents | EnterFlags.ExtArg,
            (nuint)(&argument), (nuint)sizeof(GetEventsArg));
    }

    /// <summary>Submits everything queued.</summary>
    public int Submit()
    {
        Publish();
        return Enter(Queued);
    }

    /// <summary>Lets the engine make progress: deferred work, a backlog.</summary>
    public int GetEvents() => Enter(0, 0, EnterFlags.GetEvents);

    /// <summary>Whether nothing comes within a short time.</summary>
    public bool StaysQuiet(int milliseconds = 40)
    {
        uint before = Ready;
        int result;
        do
            result = EnterFor(0, before + 1, TimeSpan.FromMilliseconds(milliseconds));
        while (result == -Errno.EINTR);
        return Ready == before;
    }

    /// <summary>Waits until that many completions are unread. The runtime's own signals end a wait early, and are no failure.</summary>
    public void Await(uint count)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (Ready < count)
        {
            int result = EnterFor(0, count, Patience);
            Assert.True(result is 0 or -Errno.EINTR, $"waiting for {count}, {Ready} unread: {Errno.Name(-result)}");
            Assert.True(Environment.TickCount64 < end, $"only {Ready} of {count} completions came");
        }
    }

    public bool TryTake(out Cqe cqe)
    {
        if (Ready == 0)
        {
            cqe = default;
            return false;
        }

        uint head = CqHead;
        cqe = CqeAt(head);
        Volatile.Write(ref CqHead, head + 1);
        return true;
    }

    /// <summary>The oldest completion, left where it is.</summary>
    public Cqe SeeFirst()
    {
        Await(1);
        return CqeAt(CqHead);
    }

    /// <summary>The oldest completion, waited for if need be.</summary>
    public Cqe Take()
    {
        Await(1);
        Assert.True(TryTake(out Cqe cqe));
        return cqe;
    }

    public Cqe[] Take(int count)
    {
        var taken = new Cqe[count];
        for (int i = 0; i < count; i++)
            taken[i] = Take();
        return taken;
    }

    /// <summary>What can be read now.</summary>
    public List<Cqe> TakeReady()
    {
        List<Cqe> taken = [];
        while (TryTake(out Cqe cqe))
            taken.Add(cqe);
        return taken;
    }

    /// <summary>Completions by user_data, waited for.</summary>
    public Dictionary<ulong, int> Results(int count) => Take(count).ToDictionary(cqe => cqe.UserData, cqe => cqe.Res);

    /// <summary>Submits the one SQE queued and waits for its completion: res.</summary>
    public int Result()
    {
        Assert.Equal(1, Submit());
        return Take().Res;
    }

    /// <summary>Submits this one SQE and waits for its completion: res.</summary>
    public int Do(in Sqe sqe)
    {
        Next() = sqe;
        return Result();
    }

    /// <summary>Submits this one SQE, which is to fail before it is started: that ends the batch before a NOP. Its res.</summary>
    public int DoRefused(in Sqe sqe)
    {
        Next() = sqe;
        Nops(0);
        Assert.Equal(1, Submit());
        int result = Take().Res;
        Assert.Equal(1, Submit());
        Assert.Equal(0, Take().Res);
        return result;
    }

    public int Register(RegisterOp operation, nuint argument = 0, uint count = 0) =>
        Engine.Register(Descriptor, operation, argument, count);

    /// <summary>Register with the address of a copy of <paramref name="argument"/>.</summary>
    public int RegisterBy<T>(RegisterOp operation, T argument, uint count = 1)
        where T : unmanaged => Register(operation, (nuint)(&argument), count);

    public int RegisterBuffers(params ReadOnlySpan<IoVec> buffers)
    {
        fixed (IoVec* first = buffers)
            return Register(RegisterOp.RegisterBuffers, (nuint)first, (uint)buffers.Length);
    }

    public int RegisterFiles(params ReadOnlySpan<int> files)
    {
        fixed (int* first = files)
            return Register(RegisterOp.RegisterFiles, (nuint)first, (uint)files.Length);
    }

    public int Release()
    {
        _released = true;
        return Engine.Release(Descriptor);
    }

    public void Unmap()
    {
        if (_unmapped)
            return;
        _unmapped = true;
        _own?.Dispose();
        if (_own is not null)
            return;
        _ = Libc.Munmap(_rings, _ringBytes);
        _ = Libc.Munmap(_sqes, _sqeBytes);
    }

    public void Dispose()
    {
        Unmap();
        if (!_released)
            Release();
    }

    private nuint Map(nuint bytes, ulong offset)
    {
        nint at = Engine.Map(Descriptor, 0, bytes, Protection, Libc.MAP_SHARED | Libc.MAP_POPULATE, offset);
        Assert.False(at is < 0 and > -4096, $"mmap: {at}");
        return (nuint)at;
    }
}
