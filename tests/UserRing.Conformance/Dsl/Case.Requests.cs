using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Conformance;

/// <summary>Puts a fault into a request that was good.</summary>
internal delegate void Fault<T>(ref T request)
    where T : unmanaged;

/// <summary>What came of several SQEs that were submitted together.</summary>
/// <param name="Consumed">What enter answered.</param>
/// <param name="Cqes">The completions in the order in which they came.</param>
internal sealed record Batch(int Consumed, IReadOnlyList<Cqe> Cqes)
{
    /// <summary>The res of an SQE, counted from 0.</summary>
    public long this[int sqe] => Cqes.First(cqe => cqe.UserData == (ulong)sqe + 1).Res;

    /// <summary>Which completion, counted from 0, was that SQE's.</summary>
    public int IndexOf(int sqe) => Cqes.Index().First(cqe => cqe.Item.UserData == (ulong)sqe + 1).Index;
}

/// <summary>Requests and raw calls.</summary>
internal sealed unsafe partial class Case
{
    private const int ReadWrite = Libc.PROT_READ | Libc.PROT_WRITE;

    /// <summary>What setup wrote into the parameters in the last <see cref="Setup(uint, RingParams)"/>.</summary>
    public RingParams Made { get; private set; }

    /// <summary>Submits one SQE and waits for its completion: res.</summary>
    public int Res(in Sqe sqe) => Res(Ring, sqe);

    public int Res(SeamRing ring, in Sqe sqe) => ring.Do(sqe);

    /// <summary>The request without, then with a fault: the res with it.</summary>
    public long Fault(in Sqe good, Fault<Sqe> fault) => Fault(Ring, good, fault);

    public long Fault(SeamRing ring, in Sqe good, Fault<Sqe> fault)
    {
        Sqe bad = good;
        fault(ref bad);
        return Unlike(Res(ring, good), Res(ring, bad));
    }

    /// <summary>Register with the address of a structure, without, then with a fault in it.</summary>
    public long FaultOf<T>(RegisterOp operation, T good, Fault<T> fault, uint count = 1)
        where T : unmanaged => FaultOf(Ring, operation, good, fault, count);

    public long FaultOf<T>(SeamRing ring, RegisterOp operation, T good, Fault<T> fault, uint count = 1)
        where T : unmanaged
    {
        T bad = good;
        fault(ref bad);
        return Unlike(ring.RegisterBy(operation, good, count), ring.RegisterBy(operation, bad, count));
    }

    /// <summary>Queues the SQEs and submits them in one call: what enter answered.</summary>
    public int Submit(params ReadOnlySpan<Sqe> sqes) => Submit(Ring, sqes);

    public int Submit(SeamRing ring, params ReadOnlySpan<Sqe> sqes)
    {
        for (int i = 0; i < sqes.Length; i++)
        {
            ref Sqe next = ref ring.Next();
            next = sqes[i];
            if (next.UserData == 0)
                next.UserData = (ulong)i + 1;
        }

        return ring.Submit();
    }

    /// <summary>Submits the SQEs in one call and waits for a completion of each that was consumed.</summary>
    public Batch Run(params ReadOnlySpan<Sqe> sqes) => Run(Ring, sqes);

    public Batch Run(SeamRing ring, params ReadOnlySpan<Sqe> sqes)
    {
        int consumed = Submit(ring, sqes);
        Assert.True(consumed >= 0, $"enter: {Errno.Name(consumed)}");
        return new Batch(consumed, ring.Take(consumed));
    }

    /// <summary>Records a row for each SQE that was run without, then with a fault: "name" and one of the suffixes.</summary>
    public void Rows(string name, string[] suffixes, Batch control, Batch faulty)
    {
        for (int i = 0; i < suffixes.Length; i++)
            Row(name + suffixes[i], Unlike(control[i], faulty[i]));
    }

    /// <summary>How many CQEs are visible after some time in which the engine could work.</summary>
    public long After(int milliseconds) => After(Ring, milliseconds);

    public long After(SeamRing ring, int milliseconds)
    {
        ring.StaysQuiet(milliseconds);
        return ring.Ready;
    }

    /// <summary>Only the setup call: a descriptor, given back already, or -errno. What it wrote is in <see cref="Made"/>.</summary>
    public int Setup(uint entries, RingParams parameters = default)
    {
        int ring = Seam.Setup(entries, (nuint)(&parameters));
        Made = parameters;
        if (ring >= 0 && (parameters.Flags & SetupFlags.RegisteredFdOnly) == 0)
            Assert.Equal(0, Seam.Release(ring));
        return ring;
    }

    public int Setup(uint entries, SetupFlags flags, uint cqEntries = 0) =>
        Setup(entries, new RingParams { Flags = flags, CqEntries = cqEntries });

    /// <summary>Setup without, then with a fault in the parameters.</summary>
    public long SetupFault(uint entries, RingParams good, Fault<RingParams> fault)
    {
        RingParams bad = good;
        fault(ref bad);
        return Unlike(Setup(entries, good), Setup(entries, bad));
    }

    /// <summary>Setup with flags that work, then with others.</summary>
    public long SetupFault(SetupFlags good, SetupFlags bad) => Unlike(Setup(4, good), Setup(4, bad));

    /// <summary>Maps an area of a ring and unmaps it again: 0 or -errno.</summary>
    public long Map(
        SeamRing ring, nuint length, ulong offset, int protection = ReadWrite, int flags = Libc.MAP_SHARED, nuint address = 0) =>
        Map(ring.Descriptor, length, offset, protection, flags | Libc.MAP_POPULATE, address);

    public long Map(int ring, nuint length, ulong offset, int protection, int flags, nuint address = 0)
    {
        nint at = Seam.Map(ring, address, length, protection, flags, offset);
        if (at is < 0 and > -4096)
            return at;
        return Libc.Munmap((nuint)at, length);
    }

    /// <summary>Enter with nothing added.</summary>
    public int Enter(int ring, uint toSubmit = 0, uint minComplete = 0, EnterFlags flags = 0, nuint argument = 0, nuint size = 0) =>
        Seam.Enter(ring, toSubmit, minComplete, flags, argument, size);

    /// <summary>Register on <see cref="Ring"/> with nothing added.</summary>
    public int Register(RegisterOp operation, nuint argument = 0, uint count = 0) => Ring.Register(operation, argument, count);

    /// <summary>Register on any descriptor with nothing added.</summary>
    public int Register(int ring, RegisterOp operation, nuint argument = 0, uint count = 0) =>
        Seam.Register(ring, operation, argument, count);

    /// <summary>poll(2), without waiting, of the descriptor by which the engine lets a ring be polled.</summary>
    public long PollOf(SeamRing ring, short events)
    {
        int descriptor = Seam is ManagedEngine managed ? managed.PollDescriptor(ring.Descriptor) : ring.Descriptor;
        Assert.InRange(Libc.Poll(descriptor, events, 0, out short happened), 0, 1);
        return happened;
    }
}
