using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Tests;

/// <summary>
/// Whatever makes, passes on or closes descriptors, in random order and with cancels in between. What a completion hands out is owned from
/// then on, and what is owned is closed by another request or, at the latest, at the end.
/// </summary>
internal sealed class DescriptorStorm : IDisposable
{
    private const int Slots = 64, MostInFlight = 48, PipePlaces = 512;
    private const ulong Quiet = ulong.MaxValue;

    private readonly Random _random;
    private readonly Ring _ring, _other;
    private readonly TestMemory _memory = new(16384);
    private readonly TestFolder _folder = new();
    private readonly TestSocket _listener = TestSocket.Listener(backlog: 1024);
    private readonly List<int> _owned = [];
    private readonly Dictionary<ulong, Flight> _inFlight = [];
    private readonly Cqe[] _batch = new Cqe[64];
    private readonly nuint _file, _fifo, _address;
    private ulong _last;

    public DescriptorStorm(IRingEngine engine, int seed)
    {
        _random = new Random(seed);
        _ring = new Ring(64, new RingOptions { Engine = engine, CqEntries = 1024 });
        _other = new Ring(8, new RingOptions { Engine = engine, CqEntries = 1024 });
        _ring.RegisterSparseFiles(Slots);
        _other.RegisterSparseFiles(Slots);
        _folder.Add("file");
        Assert.Equal(0, TestLibc.MakeFifo(_folder["fifo"]));
        (_file, _fifo) = (_memory.PutPath(0, "file"), _memory.PutPath(64, "fifo"));
        _address = _memory.Put<byte>(128, _listener.Address);
    }

    private enum Kind
    {
        Makes,
        MakesPipe,
        MakesInSlot,
        Accepts,
        Closes,
        Other,
    }

    /// <summary>How many were handed out.</summary>
    public int Made { get; private set; }

    /// <summary>How many requests ended because they were cancelled.</summary>
    public int Cancelled { get; private set; }

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
            if (_random.Next(4) == 0)
                _ring.Submit();
            Reap();
            while (_inFlight.Count >= MostInFlight)
                CancelAll();
        }

        while (_inFlight.Count > 0)
            CancelAll();
    }

    public void Dispose()
    {
        _ring.Dispose();
        _other.Dispose();
        foreach (int descriptor in _owned)
            Assert.Equal(0, Libc.Close(descriptor));
        _listener.Dispose();
        _folder.Dispose();
        _memory.Dispose();
    }

    private void Step()
    {
        uint slot = _random.Next(3) == 0 ? (uint)_random.Next(1, Slots + 1) : FileSlots.Alloc;
        bool direct = _random.Next(2) == 0;
        uint index = direct ? slot : 0;
        Kind makes = direct ? Kind.MakesInSlot : Kind.Makes;
        ref Sqe sqe = ref _ring.GetSqe();
        switch (_random.Next(12))
        {
            case 0:
                Begin(ref sqe.PrepareOpenat(_folder, _file, Libc.O_RDONLY, fileIndex: index), makes);
                break;
            case 1:
                Begin(ref sqe.PrepareOpenat(_folder, _fifo, Libc.O_RDONLY, fileIndex: index), makes).Flags = SqeFlags.Async;
                break;
            case 2:
                Begin(ref sqe.PrepareSocket(TestSocket.AF_INET, TestSocket.SOCK_STREAM, 0, index), makes);
                break;
            case 3:
                int place = (int)(_last % PipePlaces);
                sqe.PreparePipe(_memory.At(8192 + 8 * place), 0, direct ? FileSlots.Alloc : 0);
                Begin(ref sqe, direct ? Kind.Other : Kind.MakesPipe);
                _inFlight[_last] = _inFlight[_last] with { Number = place };
                break;
            case 4:
                AcceptFlags flags = _random.Next(2) == 0 ? AcceptFlags.Multishot : AcceptFlags.None;
                index = flags != 0 && direct ? FileSlots.Alloc : index;
                Begin(ref sqe.PrepareAccept(_listener, flags: flags, fileIndex: index), direct ? Kind.MakesInSlot : Kind.Accepts);
                break;
            case 5 or 6:
                int caller = Libc.Socket(TestSocket.AF_INET, TestSocket.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
                _owned.Add(caller);
                Begin(ref sqe.PrepareConnect(caller, _address, TestSocket.AddressBytes), Kind.Other);
                break;
            case 7:
                Begin(ref sqe.PrepareFixedFdInstall(_random.Next(Slots)), Kind.Makes);
                break;
            case 8:
                Begin(ref PassOn(ref sqe), Kind.Other);
                break;
            case 9:
                Begin(ref sqe.PrepareCloseSlot((uint)_random.Next(Slots)), Kind.Other);
                break;
            case 10 when _owned.Count > 0:
                int last = _owned.Count - 1, chosen = _random.Next(_owned.Count), descriptor = _owned[chosen];
                (_owned[chosen], _owned[last]) = (_owned[last], descriptor);
                _owned.RemoveAt(last);
                Begin(ref sqe.PrepareClose(descriptor), Kind.Closes);
                _inFlight[_last] = _inFlight[_last] with { Number = descriptor };
                break;
            default:
                ulong target = _last - (ulong)_random.Next(20);
                Begin(ref sqe.PrepareAsyncCancel(target), Kind.Other);
                break;
        }
    }

    /// <summary>The file of a slot to a slot of the other ring.</summary>
    private ref Sqe PassOn(ref Sqe sqe)
    {
        sqe = new Sqe
        {
            Opcode = Opcode.MsgRing, Fd = _other.Descriptor, Addr = (ulong)MsgRingCommand.SendFd, Addr3 = (ulong)_random.Next(Slots),
            FileIndex = FileSlots.Alloc,
        };
        return ref sqe;
    }

    private ref Sqe Begin(ref Sqe sqe, Kind kind)
    {
        sqe.UserData = ++_last;
        _inFlight.Add(_last, new Flight(kind, 0));
        return ref sqe;
    }

    /// <summary>Ends what waits, and waits for that.</summary>
    private void CancelAll()
    {
        _ring.GetSqe().PrepareAsyncCancel(0, CancelFlags.Any).UserData = Quiet;
        Assert.NotEqual(WaitStatus.TimedOut, _ring.SubmitAndWait(1, SeamRing.Patience).Status);
        Reap();
    }

    private void Reap()
    {
        for (int count; (count = _ring.Reap(_batch)) > 0;)
        {
            foreach (Cqe cqe in _batch.AsSpan(0, count))
                Complete(cqe);
        }

        while (_other.Reap(_batch) > 0)
        {
        }
    }

    private void Complete(in Cqe cqe)
    {
        if (cqe.UserData == Quiet)
            return;
        Flight flight = _inFlight[cqe.UserData];
        if ((cqe.Flags & CqeFlags.More) == 0)
            _inFlight.Remove(cqe.UserData);
        if (cqe.Res == -Errno.ECANCELED)
            Cancelled++;
        switch (flight.Kind)
        {
            case Kind.Makes or Kind.Accepts when cqe.Res >= 0:
                Own(cqe.Res);
                break;
            case Kind.MakesPipe when cqe.Res >= 0:
                Own(_memory.As<int>(8192 + 8 * flight.Number));
                Own(_memory.As<int>(8192 + 8 * flight.Number + 4));
                break;
            case Kind.Closes when cqe.Res == -Errno.ECANCELED:
                _owned.Add(flight.Number); // it was not looked at
                break;
            case Kind.Closes:
                Assert.Equal(0, cqe.Res);
                break;
        }
    }

    private void Own(int descriptor)
    {
        Made++;
        _owned.Add(descriptor);
    }

    private readonly record struct Flight(Kind Kind, int Number);
}
