using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// REGISTER_NAPI and REGISTER_ZCRX_IFQ. Busy polling of network queues is a setting that only shortens waits: it is kept and handed back,
/// as where no queue is ever met. A queue for zero-copy receive is refused as by an interface that cannot lend one.
/// </summary>
internal sealed class BusyPolling(RingContext ring)
{
    private const uint Dynamic = 0, Static = 1, Inactive = 255;
    private const uint MostMicroseconds = 10_000;
    private const byte Start = 0, AddQueue = 1, RemoveQueue = 2;
    private const int CapNetAdmin = 12;

    private HashSet<uint>? _queues;
    private Napi _current = new() { OpParam = Inactive };

    /// <summary>A queue's id begins above the numbers of the processors.</summary>
    private static uint FirstQueue
    {
        get
        {
            Span<byte> mask = stackalloc byte[Libc.MostCpuMaskBytes];
            return (uint)Math.Max(Libc.SchedGetaffinity(0, mask), 1) * 8 + 1;
        }
    }

    internal int Register(Caller caller, nuint argument, uint count)
    {
        if (ring.PollsDevices)
            return -Errno.EINVAL;
        Napi old = _current;
        if ((ring.Flags & SetupFlags.IoPoll) != 0)
            return -Errno.EINVAL;
        int error = caller.ReadOne(argument, count, out Napi asked);
        if (error < 0)
            return error;
        if (asked.Pad1 != 0 || asked.Pad2 != 0 || asked.Resv >> 32 != 0)
            return -Errno.EINVAL;
        error = caller.Write(argument, old);
        if (error < 0)
            return error;
        switch (asked.Opcode)
        {
            case Start when asked.OpParam is Dynamic or Static:
                _queues = null;
                _current = new Napi
                {
                    BusyPollTo = Math.Min(asked.BusyPollTo, MostMicroseconds),
                    PreferBusyPoll = asked.PreferBusyPoll != 0 ? (byte)1 : (byte)0,
                    OpParam = asked.OpParam,
                };
                return 0;
            case AddQueue when old.OpParam == Static && asked.OpParam >= FirstQueue:
                return (_queues ??= []).Add(asked.OpParam) ? 0 : -Errno.EEXIST;
            case RemoveQueue when old.OpParam == Static && asked.OpParam >= FirstQueue:
                return _queues?.Remove(asked.OpParam) == true ? 0 : -Errno.ENOENT;
            default:
                return -Errno.EINVAL;
        }
    }

    internal int Unregister(Caller caller, nuint argument, uint count)
    {
        if (count != 1)
            return -Errno.EINVAL;
        int error = argument == 0 ? 0 : caller.Write(argument, _current with { OpParam = 0 }); // the strategy is not told
        if (error < 0)
            return error;
        (_queues, _current) = (null, new Napi { OpParam = Inactive });
        return 0;
    }

    /// <summary>ZCRX_IFQ, as far as the kernel looks before it asks the interface (io_uring/zcrx.c, io_register_zcrx_ifq).</summary>
    internal int RegisterQueue(Caller caller, nuint argument, uint count)
    {
        if (argument == 0 || count != 1)
            return -Errno.EINVAL;
        if (!caller.HasCapability(CapNetAdmin))
            return -Errno.EPERM;
        if ((ring.Flags & SetupFlags.DeferTaskrun) == 0 || (ring.Flags & (SetupFlags.Cqe32 | SetupFlags.CqeMixed)) == 0)
            return -Errno.EINVAL;
        int error = caller.Read(argument, out ZcrxIfqReg asked);
        if (error == 0)
            error = caller.Read((nuint)asked.RegionPtr, out RegionDesc _);
        if (error < 0)
            return error;
        const uint MostEntries = 32768;
        if (asked.Resv0 != 0 || asked.Resv1 != 0 || asked.Resv2 != 0 || asked.RxBufLen != 0 || asked.ZcrxId != 0)
            return -Errno.EINVAL;
        if (asked.IfRxq == uint.MaxValue || asked.RqEntries == 0 || asked.Flags != 0)
            return -Errno.EINVAL;
        if (asked.RqEntries > MostEntries && (ring.Flags & SetupFlags.Clamp) == 0)
            return -Errno.EINVAL;
        error = caller.Read((nuint)asked.AreaPtr, out ZcrxAreaReg _);
        if (error < 0)
            return error;
        return Libc.HasInterface(asked.IfIdx) ? -Errno.EOPNOTSUPP : -Errno.ENODEV;
    }
}
