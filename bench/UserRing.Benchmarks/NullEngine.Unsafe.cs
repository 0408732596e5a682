using UserRing.Abi;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Benchmarks;

/// <summary>
/// Completes every request at once with 0 and looks at nothing but its user_data: what is left of a ring is what the client costs.
/// One ring at a time, no SQ array.
/// </summary>
internal sealed unsafe class NullEngine : IRingEngine
{
    private const uint HeaderBytes = 64 * 4;

    private static readonly int Descriptor = Libc.MemfdCreate("null-ring", Libc.MFD_CLOEXEC);

    private byte* _rings;
    private Sqe* _sqes;
    private RingParams _parameters;

    public string Name => "null";

    public int Setup(uint entries, nuint parameters)
    {
        RingParams* p = (RingParams*)parameters;
        p->SqEntries = entries;
        p->CqEntries = 2 * entries;
        p->Features = RingFeatures.SingleMmap | RingFeatures.NoDrop | RingFeatures.ExtArg;
        p->SqOff = new SqRingOffsets { Head = 0, Tail = 4, RingMask = 8, RingEntries = 12, Flags = 16, Dropped = 20, Array = 24 };
        p->CqOff = new CqRingOffsets
        {
            Head = 64,
            Tail = 128,
            RingMask = 68,
            RingEntries = 72,
            Overflow = 76,
            Flags = 80,
            Cqes = HeaderBytes,
        };
        _parameters = *p;
        return Libc.Fcntl(Descriptor, Libc.F_DUPFD_CLOEXEC, 0);
    }

    public nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset)
    {
        nint area = Libc.Mmap(0, length, protection, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        if (offset == MmapOffsets.Sqes)
        {
            _sqes = (Sqe*)area;
            return area;
        }
        _rings = (byte*)area;
        *(uint*)(_rings + _parameters.SqOff.RingMask) = _parameters.SqEntries - 1;
        *(uint*)(_rings + _parameters.SqOff.RingEntries) = _parameters.SqEntries;
        *(uint*)(_rings + _parameters.CqOff.RingMask) = _parameters.CqEntries - 1;
        *(uint*)(_rings + _parameters.CqOff.RingEntries) = _parameters.CqEntries;
        return area;
    }

    public int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize)
    {
        uint head = *(uint*)(_rings + _parameters.SqOff.Head);
        uint tail = *(uint*)(_rings + _parameters.CqOff.Tail);
        Cqe* cqes = (Cqe*)(_rings + _parameters.CqOff.Cqes);
        for (uint i = 0; i < toSubmit; i++)
        {
            ref readonly Sqe sqe = ref _sqes[(head + i) & (_parameters.SqEntries - 1)];
            cqes[(tail + i) & (_parameters.CqEntries - 1)] = new Cqe { UserData = sqe.UserData };
        }
        Volatile.Write(ref *(uint*)(_rings + _parameters.SqOff.Head), head + toSubmit);
        Volatile.Write(ref *(uint*)(_rings + _parameters.CqOff.Tail), tail + toSubmit);
        return (int)toSubmit;
    }

    public int Register(int ring, RegisterOp operation, nuint argument, uint count) => -Errno.EINVAL;

    public int Release(int ring) => Libc.Close(ring);
}
