using System.Diagnostics;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Tests;

/// <summary>
/// A program with a ring that has everything a ring can share memory for, and that scribbles over all of it: headers, index array, SQEs,
/// CQEs, provided buffers, arguments of waits and of register commands. What it writes harms no more than this process would do to itself
/// on the kernel: addresses lie in memory set aside, and no descriptor of another's is named.
/// </summary>
internal sealed unsafe class HostileProgram : IDisposable
{
    private const uint Entries = 32;
    private const int Groups = 4, BuffersEach = 8, LongestBuffer = 2048, Transfers = 1 << 16, Waits = 64;
    private const EnterFlags Registered = EnterFlags.GetEvents | EnterFlags.ExtArg | EnterFlags.ExtArgReg;

    private static readonly Opcode[] Operations =
    [
        Opcode.Nop, Opcode.Read, Opcode.Write, Opcode.Readv, Opcode.Writev, Opcode.ReadFixed, Opcode.Fsync, Opcode.PollAdd, Opcode.Timeout,
        Opcode.Recv, Opcode.ReadMultishot, Opcode.AsyncCancel, Opcode.AsyncCancel, Opcode.AsyncCancel,
    ];

    private readonly IRingEngine _engine;
    private readonly SeamRing _ring;

    // Far more than is meant to be used: what an incremental buffer's address may come to, bytes at a time, is still nobody else's.
    private readonly TestMemory _memory = new(1 << 24), _entries = new(1 << 14), _arguments = new();
    private readonly TestPipe _pipe = new();
    private readonly TestDescriptor _zero = TestDescriptor.Open("/dev/zero"), _nothing = TestDescriptor.Open("/dev/null", Libc.O_WRONLY);
    private readonly TestPair _sockets = new();
    private readonly nint[] _buffers = new nint[Groups];
    private readonly nint _waits;
    private readonly int[] _files;

    public HostileProgram(string engine, SetupFlags flags)
    {
        _engine = TestEngines.Get(engine);
        Assert.Equal(0, Libc.Mprotect(_memory.At(Transfers), (nuint)(_memory.Length - Transfers), Libc.PROT_NONE));
        _ring = new SeamRing(_engine, Entries, SeamRing.Parameters(flags | SetupFlags.RDisabled, idleMs: 1));
        RegionDesc region = new() { Size = (ulong)Waits * 64 };
        MemRegionReg wanted = new() { RegionUptr = (ulong)(&region), Flags = MemRegionFlags.RegWaitArg };
        Assert.Equal(0, _ring.RegisterBy(RegisterOp.RegisterMemRegion, wanted));
        _waits = Mapped((nuint)region.Size, region.MmapOffset);
        for (int i = 0; i < Waits; i++)
            ((RegWait*)_waits)[i].Flags = RegWaitFlags.Ts;
        _files = [_pipe.ReadEnd, _zero, _zero, _nothing, _sockets.A, TestDescriptor.Closed, -1, int.MaxValue];
        // Each slot is the file of that number: whether a flag says that one is meant or the other, it is this program's own.
        Assert.Equal(0, _ring.RegisterFiles([.. Enumerable.Range(0, 512).Select(number => _files.Contains(number) ? number : -1)]));
        Assert.Equal(0, _ring.RegisterBuffers(new IoVec { Base = _memory.Address, Len = 4096 }));
        for (int group = 0; group < Groups; group++)
            RegisterBuffers(group);
    }

    public SeamRing Ring => _ring;

    /// <summary>Before anybody enters: on the thread that is to be its owner, if it has one.</summary>
    public void Enable() => Assert.Equal(0, _ring.Register(RegisterOp.RegisterEnableRings));

    /// <summary>Every word that is shared, any time: how many times.</summary>
    public long Scribble(int seed, long end)
    {
        var random = new Random(seed);
        RingParams p = _ring.Params;
        uint[] words =
        [
            p.SqOff.Head, p.SqOff.Tail, p.SqOff.Tail, p.SqOff.Tail, p.SqOff.Flags, p.SqOff.Dropped, p.SqOff.RingMask, p.SqOff.RingEntries,
            p.CqOff.Head, p.CqOff.Head, p.CqOff.Tail, p.CqOff.Flags, p.CqOff.Overflow, p.CqOff.RingMask, p.CqOff.RingEntries,
        ];
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            uint value = random.Next(4) == 0 ? (uint)random.NextInt64() : (uint)random.Next(64);
            Volatile.Write(ref _ring.Word(words[random.Next(words.Length)]), value);
            uint index = random.Next(8) == 0 ? (uint)random.NextInt64() : (uint)random.Next((int)Entries);
            _ring.SqArray((uint)random.Next((int)Entries)) = index;
            ScribbleSqe(random);
            ScribbleCqe(random);
            ScribbleBuffer(random);
            ScribbleWait(random);
            ScribbleArgument(random);
        }

        return count;
    }

    /// <summary>Enters in every way, and registers and takes back; answers that make no sense fail the test. How many times.</summary>
    public long Enter(int seed, long end)
    {
        var random = new Random(seed);
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            uint most = (uint)random.Next(64);
            int result = random.Next(6) switch
            {
                0 => _engine.Enter(_ring.Descriptor, most, 0, EnterFlags.SqWakeup, 0, 0),
                1 => _engine.Enter(_ring.Descriptor, most, 0, EnterFlags.GetEvents | EnterFlags.SqWakeup, 0, 0),
                2 => _engine.Enter(_ring.Descriptor, most, (uint)random.Next(100), Registered, (nuint)random.Next(66) * 64, 64),
                3 => EnterRegistered(random, most),
                _ => EnterLimited(random, _ring.Descriptor, most, 0),
            };
            Assert.True(
                result is >= 0 or -Errno.ETIME or -Errno.EINTR or -Errno.EFAULT or -Errno.EINVAL or -Errno.EBADF or -Errno.EBADR,
                Errno.Name(-result));
            Feed(random);
            if (random.Next(16) == 0)
                Reregister(random);
        }

        // The ring is to end with its descriptor.
        for (uint slot = 0; slot < 16; slot++)
        {
            RsrcUpdate mine = new() { Offset = slot };
            Assert.InRange(_ring.Register(RegisterOp.UnregisterRingFds, (nuint)(&mine), 1), 0, 1); // 0: the thread never had one
        }

        return count;
    }

    public void Dispose()
    {
        _ring.Dispose();
        Unmap(_waits, Waits * 64);
        foreach (nint buffers in _buffers.Where((_, group) => IsMapped(group)))
            Unmap(buffers, 4096);
        foreach (IDisposable part in (IDisposable[])[_memory, _entries, _arguments, _pipe, _zero, _nothing, _sockets])
            part.Dispose();
    }

    private int EnterLimited(Random random, int ring, uint most, EnterFlags flags)
    {
        KernelTimespec limit = new() { TvNsec = random.Next(200_000) };
        GetEventsArg argument = new() { Ts = (ulong)&limit };
        return _engine.Enter(ring, most, (uint)random.Next(100), flags | EnterFlags.GetEvents | EnterFlags.ExtArg, (nuint)(&argument), 24);
    }

    private int EnterRegistered(Random random, uint most)
    {
        if (random.Next(4) == 0)
        {
            RegisterOp operation = random.Next(2) == 0 ? RegisterOp.RegisterRingFds : RegisterOp.UnregisterRingFds;
            int result = _ring.Register(operation, _arguments.At(random.Next(4) * 16), (uint)random.Next(1, 5));
            Assert.InRange(result, -133, 4);
        }

        return EnterLimited(random, random.Next(18), most, EnterFlags.RegisteredRing);
    }

    /// <summary>So that what waits comes to an end.</summary>
    private void Feed(Random random)
    {
        byte value = 1;
        if (random.Next(4) == 0)
            _ = _pipe.TryWrite();
        if (random.Next(4) == 0)
            _ = Libc.Send(_sockets.B, (nuint)(&value), 1, (int)TestSocket.MSG_DONTWAIT);
    }

    private void Reregister(Random random)
    {
        int group = random.Next(Groups);
        if (IsMapped(group))
            return; // the mapping would be another's memory
        BufReg gone = new() { Bgid = (ushort)group };
        if (_ring.Register(RegisterOp.UnregisterPbufRing, (nuint)(&gone), 1) == 0)
            RegisterBuffers(group);
    }

    private static bool IsMapped(int group) => (group & 1) == 0;

    private void RegisterBuffers(int group)
    {
        var registration = new BufReg
        {
            RingEntries = BuffersEach, Bgid = (ushort)group, RingAddr = IsMapped(group) ? 0 : _entries.At(group * 4096),
            Flags = (IsMapped(group) ? PbufRingFlags.Mmap : 0) | (group >= 2 ? PbufRingFlags.Inc : 0),
        };
        Assert.Equal(0, _ring.RegisterBy(RegisterOp.RegisterPbufRing, registration));
        _buffers[group] = IsMapped(group) ? Mapped(4096, MmapOffsets.PbufRing | (ulong)group << 16) : (nint)registration.RingAddr;
    }

    private nint Mapped(nuint bytes, ulong offset)
    {
        nint at = _engine.Map(_ring.Descriptor, 0, bytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, offset);
        Assert.False(at is < 0 and > -4096, $"mmap: {at}");
        return at;
    }

    private static void Unmap(nint at, int bytes) => _ = Libc.Munmap((nuint)at, (nuint)bytes);

    /// <summary>Field by field, so that the engine meets halves of two: each field by itself is harmless to this process.</summary>
    private void ScribbleSqe(Random random)
    {
        ref Sqe sqe = ref _ring.SqeAt((uint)random.Next((int)Entries));
        sqe.Opcode = (Opcode)(random.Next(4) == 0 ? Anything(random) : (int)Pick(random, Operations));
        sqe.Fd = Pick(random, _files);
        sqe.Flags = random.Next(8) == 0 ? (SqeFlags)random.Next(256) : Pick<SqeFlags>(random, SqeFlags.Async, SqeFlags.BufferSelect, 0, 0);
        sqe.Addr = Pick<ulong>(random, _memory.Address, _memory.Address, _memory.At(4096), TestMemory.Bad, 0);
        sqe.Len = random.Next(2) == 0 ? 1 : (uint)random.Next(32 << 10);
        sqe.Off = random.Next(2) == 0 ? 0 : (ulong)random.NextInt64();
        sqe.CancelFlags = random.Next(3) == 0 ? CancelFlags.Any : (CancelFlags)random.Next(64);
        sqe.UserData = (ulong)random.Next(8);
        sqe.BufIndex = (ushort)(random.Next(2) == 0 ? random.Next(Groups + 1) : 0);
        sqe.SpliceFdIn = random.Next(8) == 0 ? random.Next() : 0;
        if ((_ring.Params.Flags & SetupFlags.Sqe128) == 0)
            return;
        fixed (Sqe* first = &sqe)
            ((ulong*)(first + 1))[random.Next(8)] = (ulong)random.NextInt64();
    }

    private void ScribbleCqe(Random random)
    {
        ref Cqe cqe = ref _ring.CqeAt((uint)random.Next(2 * (int)Entries));
        (cqe.UserData, cqe.Res, cqe.Flags) = ((ulong)random.NextInt64(), random.Next(), (CqeFlags)random.Next());
        if ((_ring.Params.Flags & SetupFlags.Cqe32) == 0)
            return;
        fixed (Cqe* first = &cqe)
            ((ulong*)(first + 1))[random.Next(2)] = (ulong)random.NextInt64();
    }

    private void ScribbleBuffer(Random random)
    {
        nint buffers = Volatile.Read(ref _buffers[random.Next(Groups)]);
        ref Buf entry = ref ((Buf*)buffers)[random.Next(BuffersEach)];
        entry.Addr = Pick<ulong>(random, _memory.Address, _memory.At(4096), TestMemory.Bad, 0);
        entry.Len = Pick<uint>(random, 0, 1, (uint)random.Next(LongestBuffer));
        entry.Bid = (ushort)random.Next(1 << 16);
        Volatile.Write(ref ((BufRing*)buffers)->Tail, (ushort)(random.Next(4) == 0 ? random.Next(1 << 16) : random.Next(64)));
    }

    /// <summary>A wait is limited at any time: one without a limit would be this program's own fault.</summary>
    private void ScribbleWait(Random random)
    {
        ref RegWait wait = ref ((RegWait*)_waits)[random.Next(Waits)];
        wait.Ts.TvSec = random.Next(4) == 0 ? -1 : 0;
        wait.Ts.TvNsec = random.Next(200_000);
        wait.Flags = random.Next(8) == 0 ? (RegWaitFlags)random.Next() | (RegWaitFlags)2 : RegWaitFlags.Ts;
        wait.MinWaitUsec = (uint)random.Next(200);
        wait.Sigmask = Pick<ulong>(random, 0, 0, _arguments.At(2048), TestMemory.Bad);
        wait.SigmaskSz = Pick(random, 8u, 8u, (uint)random.Next());
        wait.Pad2_1 = (ulong)random.NextInt64();
    }

    private void ScribbleArgument(Random random)
    {
        ref RsrcUpdate update = ref _arguments.As<RsrcUpdate>(random.Next(8) * 16);
        update.Offset = random.Next(4) == 0 ? uint.MaxValue : (uint)random.Next(18);
        update.Resv = random.Next(16) == 0 ? 1u : 0;
        update.Data = Pick<ulong>(random, (ulong)_ring.Descriptor, (ulong)_ring.Descriptor, TestDescriptor.Closed, ulong.MaxValue);
    }

    /// <summary>
    /// Any but those that harm this process as they would on the kernel: a number that is closed comes to mean another file, which is
    /// then written to, and one that is made belongs to nobody; a buffer that is provided may lie anywhere; advice may empty what others
    /// use.
    /// </summary>
    private static int Anything(Random random)
    {
        int number;
        do
            number = random.Next(256);
        while ((Opcode)number is Opcode.Close or Opcode.ProvideBuffers or Opcode.Madvise or Opcode.FixedFdInstall);
        return number;
    }

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
