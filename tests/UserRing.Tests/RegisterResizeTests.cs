using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>RESIZE_RINGS: a ring in use gets other sizes and keeps what is in it.</summary>
public sealed unsafe class RegisterResizeTests
{
    private const SetupFlags Deferred = SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun;

    [Theory, EveryEngine(SetupFlags.None), EveryEngine(SetupFlags.Sqe128 | SetupFlags.Cqe32)]
    public void What_is_queued_and_unread_is_kept(string engine, SetupFlags more)
    {
        using var old = new Setting(engine, 4, more);
        RawRing ring = old.Map();
        ring.Nops(1, 2, 3);
        Assert.Equal(3, ring.Enter(3));
        ring.CqHead++; // one of them is read
        ring.Nops(4, 5);
        RingParams resized = new() { SqEntries = 16 };
        Assert.Equal(0, old.Resize(ref resized));
        Assert.Equal((16u, 32u, Deferred | SetupFlags.NoSqArray | more), (resized.SqEntries, resized.CqEntries, resized.Flags | Deferred));
        ring = old.Map();
        Assert.Equal((3u, 5u, 1u, 3u), (ring.SqHead, ring.SqTail, ring.CqHead, ring.CqTail));
        Assert.Equal((15u, 31u), (ring.Word(ring.Params.SqOff.RingMask), ring.Word(ring.Params.CqOff.RingMask)));
        Assert.Equal([2ul, 3ul], ring.Take());
        Assert.Equal(2, ring.Enter(5));
        Assert.Equal([4ul, 5ul], ring.Take());
        ring.Nops([.. Enumerable.Range(10, 16).Select(value => (ulong)value)]);
        Assert.Equal(16, ring.Enter(16));
        Assert.Equal(16u, ring.Ready);
    }

    [Theory, EveryEngine]
    public void What_does_not_fit_is_refused_and_nothing_changes(string engine)
    {
        using var setting = new Setting(engine, 8);
        RawRing ring = setting.Map();
        ring.Nops(1, 2, 3, 4, 5, 6);
        Assert.Equal(6, ring.Enter(6));
        RingParams small = new() { SqEntries = 2 };
        Assert.Equal(-Errno.EOVERFLOW, setting.TryResize(small));
        ring.Nops(7, 8, 9);
        Assert.Equal(-Errno.EOVERFLOW, setting.TryResize(small));
        RingParams enough = new() { SqEntries = 4 };
        Assert.Equal(3, ring.Enter(3));
        Assert.Equal([1ul, 2ul, 3ul, 4ul, 5ul, 6ul, 7ul, 8ul, 9ul], ring.Take());
        Assert.Equal(0, setting.Resize(ref small));
        Assert.Equal(0, setting.Resize(ref enough));
        ring = setting.Map();
        ring.Nops(10, 11, 12, 13);
        Assert.Equal(4, ring.Enter(4));
        Assert.Equal([10ul, 11ul, 12ul, 13ul], ring.Take());
    }

    [Theory, EveryEngine]
    public void A_backlog_moves_into_the_larger_ring(string engine)
    {
        using var setting = new Setting(engine, 4);
        RingParams small = new() { SqEntries = 4, CqEntries = 4, Flags = SetupFlags.CqSize };
        Assert.Equal(0, setting.Resize(ref small));
        RawRing ring = setting.Map();
        ring.Nops(1, 2, 3, 4);
        Assert.Equal(4, ring.Enter(4));
        ring.Nops(5, 6);
        Assert.Equal(2, ring.Enter(2));
        Assert.Equal(4u, ring.Ready);
        Assert.True(((SqRingFlags)ring.Word(ring.Params.SqOff.Flags) & SqRingFlags.CqOverflow) != 0);
        RingParams large = new() { SqEntries = 8 };
        Assert.Equal(0, setting.Resize(ref large));
        ring = setting.Map();
        Assert.True(((SqRingFlags)ring.Word(ring.Params.SqOff.Flags) & SqRingFlags.CqOverflow) != 0);
        Assert.Equal(0, ring.Enter(0));
        Assert.Equal([1ul, 2ul, 3ul, 4ul, 5ul, 6ul], ring.Take());
        Assert.True(((SqRingFlags)ring.Word(ring.Params.SqOff.Flags) & SqRingFlags.CqOverflow) == 0);
    }

    [Theory, EveryEngine]
    public void Requests_in_flight_complete_in_the_new_ring(string engine)
    {
        using var setting = new Setting(engine, 4);
        using var pipe = new TestPipe();
        using var memory = new TestMemory();
        RawRing ring = setting.Map();
        ring.Queue(new Sqe { Opcode = Opcode.Read, Fd = pipe.ReadEnd, Addr = memory.Address, Len = 8, UserData = 7 });
        Assert.Equal(1, ring.Enter(1));
        RingParams resized = new() { SqEntries = 32 };
        Assert.Equal(0, setting.Resize(ref resized));
        pipe.Write("abc");
        ring = setting.Map();
        Assert.Equal(0, ring.Enter(0, 1));
        Assert.Equal(3, ring.CqeAt(ring.CqHead).Res);
        Assert.Equal([7ul], ring.Take());
    }

    [Theory, EveryEngine]
    public void Sizes_are_checked_as_at_setup(string engine)
    {
        using var setting = new Setting(engine, 4);
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams()));
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams { SqEntries = 40_000 }));
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams { SqEntries = 4, Flags = SetupFlags.CqSize }));
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams { SqEntries = 8, CqEntries = 4, Flags = SetupFlags.CqSize }));
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams { SqEntries = 4, Flags = SetupFlags.DeferTaskrun }));
        Assert.Equal(-Errno.EINVAL, setting.TryResize(new RingParams { SqEntries = 4, Flags = (SetupFlags)(1u << 31) }));
        RingParams clamped = new() { SqEntries = 40_000, Flags = SetupFlags.Clamp };
        Assert.Equal(0, setting.Resize(ref clamped));
        Assert.Equal((32768u, 65536u), (clamped.SqEntries, clamped.CqEntries));
        Assert.Equal(0, setting.TryResize(new RingParams { SqEntries = 5, CqEntries = 5, Flags = SetupFlags.CqSize }));
        RingParams kept = new() { SqEntries = 8, Resv1 = 1, Features = (RingFeatures)5, WqFd = 9, SqThreadIdle = 3 };
        Assert.Equal(0, setting.Resize(ref kept));
        Assert.Equal((1u, 5u, 9u, 3u), (kept.Resv1, (uint)kept.Features, kept.WqFd, kept.SqThreadIdle));
    }

    [Theory, EveryEngine]
    public void Only_a_deferring_ring_can_be_resized(string engine)
    {
        using var plain = new SeamRing(engine);
        Assert.Equal(-Errno.EINVAL, plain.RegisterBy(RegisterOp.RegisterResizeRings, new RingParams { SqEntries = 8 }));
        Assert.Equal(-Errno.EINVAL, plain.Register(RegisterOp.RegisterResizeRings, TestMemory.Bad, 1));
        using var ring = new SeamRing(engine, flags: Deferred);
        Assert.Equal(-Errno.EINVAL, ring.Register(RegisterOp.RegisterResizeRings, 0, 1));
        Assert.Equal(-Errno.EINVAL, ring.RegisterBy(RegisterOp.RegisterResizeRings, new RingParams { SqEntries = 8 }, 0));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterResizeRings, TestMemory.Bad, 1));
        using var memory = new TestMemory();
        memory.As<RingParams>() = new RingParams { SqEntries = 32 };
        Assert.Equal(0, Libc.Mprotect(memory.Address, 4096, Libc.PROT_READ));
        Assert.Equal(-Errno.EFAULT, ring.Register(RegisterOp.RegisterResizeRings, memory.Address, 1));
        ring.Nops(1); // the ring is as it was
        Assert.Equal(1, ring.Submit());
        Assert.Equal(1ul, ring.Take().UserData);
    }

    [Theory, EveryEngine]
    public void An_index_array_starts_at_zero(string engine)
    {
        using var setting = new Setting(engine, 4, array: true);
        RawRing ring = setting.Map();
        ring.Nops(1, 2);
        Assert.Equal(2, ring.Enter(2));
        ring.Take();
        ring.Nops(3, 4);
        RingParams resized = new() { SqEntries = 8 };
        Assert.Equal(0, setting.Resize(ref resized));
        Assert.Equal(0u, resized.SqOff.Array); // Linux does not say where it is
        ring = setting.Map();
        ring.SqeAt(0) = new Sqe { UserData = 9 };
        Assert.Equal(2, ring.Enter(2));
        Assert.Equal([9ul, 9ul], ring.Take());
    }

    /// <summary>A deferring ring whose areas are mapped anew after each resize.</summary>
    private sealed class Setting : IDisposable
    {
        private readonly IRingEngine _engine;
        private readonly int _ring;
        private readonly List<(nuint Address, nuint Bytes)> _mapped = [];
        private RingParams _parameters;

        public Setting(string engine, uint entries, SetupFlags more = 0, bool array = false)
        {
            _engine = TestEngines.Get(engine);
            RingParams parameters = new() { Flags = Deferred | (array ? 0 : SetupFlags.NoSqArray) | more };
            _ring = _engine.Setup(entries, (nuint)(&parameters));
            Assert.True(_ring >= 0, Errno.Name(-_ring));
            _parameters = parameters;
        }

        public RawRing Map()
        {
            nuint rings = Map(_parameters.CqOff.Cqes + _parameters.CqEntries * 32 + _parameters.SqEntries * 4, MmapOffsets.SqRing);
            nuint sqes = Map(_parameters.SqEntries * 128, MmapOffsets.Sqes);
            return new RawRing(_engine, _ring, _parameters, rings, sqes);
        }

        public int Resize(ref RingParams parameters)
        {
            fixed (RingParams* address = &parameters)
            {
                int error = _engine.Register(_ring, RegisterOp.RegisterResizeRings, (nuint)address, 1);
                if (error == 0)
                    _parameters = parameters;
                return error;
            }
        }

        public int TryResize(RingParams parameters) => Resize(ref parameters);

        public void Dispose()
        {
            foreach ((nuint address, nuint bytes) in _mapped)
                _ = Libc.Munmap(address, bytes);
            Assert.Equal(0, _engine.Release(_ring));
        }

        private nuint Map(nuint bytes, ulong offset)
        {
            nint at = _engine.Map(_ring, 0, bytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, offset);
            Assert.False(at is < 0 and > -4096, $"mmap: {at}");
            _mapped.Add(((nuint)at, bytes));
            return (nuint)at;
        }
    }
}
