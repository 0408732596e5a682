using UserRing.Abi;
using UserRing.Engine;

namespace UserRing.Tool.Bench.Load;

/// <summary>
/// The kernel's or the managed engine through <see cref="Ring"/>; nothing but the engine option differs. The loop is that of
/// bench/native/uring_loop.c: prepare up to a batch, submit, wait for a batch only once the depth is reached, reap all there is.
/// </summary>
internal sealed class RingLoad(WorkerOrder order, int thread, LoadSwitches switches) : BlockLoad(order, thread, switches)
{
    /// <summary>What a loop with a ring of its own wants, then less, for kernels that know less.</summary>
    private static readonly SetupFlags[] FlagChoices =
    [
        SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.CoopTaskrun | SetupFlags.NoSqArray,
        SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun | SetupFlags.CoopTaskrun,
        SetupFlags.CoopTaskrun,
        SetupFlags.None,
    ];

    private readonly string _engineName = order.Engine;
    private readonly Cqe[] _reaped = new Cqe[order.Load.Depth];
    private readonly bool _remembers = order.Load.Verify || order.Load.Latency;
    private Ring _ring = null!;
    private CountingEngine? _counting;

    public override void Open()
    {
        base.Open();
        try
        {
            _ring = OpenRing();
            if (Spec.Fixed)
            {
                Register();
            }
        }
        catch (RingException refusal)
        {
            throw new LoadUnavailableException(refusal.Message);
        }
    }

    protected override void Step()
    {
        int count = Math.Min(Spec.Batch, Room());
        if (Spec.Nop)
        {
            PrepareNops(count);
        }
        else if (Spec.Fixed)
        {
            PrepareFixedReads(count);
        }
        else
        {
            PrepareReads(count);
        }
        int inFlight = Slots.InFlight;
        Submit(inFlight < Spec.Depth ? 0 : Math.Min(Spec.Batch, inFlight));
        Count(ReapAll(), _counting is null ? 1 : _counting.TakeCalls());
    }

    protected override void Drain()
    {
        while (Slots.InFlight > 0)
        {
            Submit(1);
            ReapAll();
        }
    }

    protected override void Close() => _ring?.Dispose();

    private Ring OpenRing()
    {
        IRingEngine engine = _engineName == BenchEngines.Kernel ? RingEngines.Kernel : RingEngines.Managed;
        if (Spec.SqPoll)
        {
            // With a polling thread most submissions make no call; only the engine sees which do.
            _counting = new CountingEngine(engine);
            return new Ring((uint)Spec.Depth, new RingOptions { Engine = _counting, Flags = SetupFlags.SqPoll });
        }
        for (int choice = 0; ; choice++)
        {
            try
            {
                return new Ring((uint)Spec.Depth, new RingOptions { Engine = engine, Flags = FlagChoices[choice] });
            }
            catch (RingException refusal) when (refusal.ErrorNumber == Errno.EINVAL && choice + 1 < FlagChoices.Length)
            {
            }
        }
    }

    private void Register()
    {
        IoVec[] buffers = new IoVec[Spec.Depth];
        for (int slot = 0; slot < buffers.Length; slot++)
        {
            buffers[slot] = new IoVec { Base = Slots.AddressOf(slot), Len = (nuint)Spec.Block };
        }
        _ring.RegisterBuffers(buffers);
        _ring.RegisterFiles(Descriptors);
    }

    /// <summary>
    /// How many requests can be prepared now. A polling thread gives SQEs back only after it has posted their completions, so a slot can be
    /// free before there is an SQE for it.
    /// </summary>
    private int Room() => Spec.SqPoll ? Math.Min(Slots.Free, (int)_ring.SqSpaceLeft) : Slots.Free;

    private void PrepareNops(int count)
    {
        long now = Now();
        for (int i = 0; i < count; i++)
        {
            int slot = Slots.Take();
            _ring.GetSqe().PrepareNop().UserData = (ulong)slot;
            if (_remembers)
            {
                Slots.Remember(slot, now);
            }
        }
    }

    private void PrepareReads(int count)
    {
        long now = Now();
        for (int i = 0; i < count; i++)
        {
            int slot = Slots.Take();
            ulong offset = NextBlock(slot, now, out int file);
            _ring.GetSqe().PrepareRead(Descriptors[file], Slots.AddressOf(slot), (uint)Spec.Block, offset).UserData = (ulong)slot;
        }
    }

    private void PrepareFixedReads(int count)
    {
        long now = Now();
        for (int i = 0; i < count; i++)
        {
            int slot = Slots.Take();
            ulong offset = NextBlock(slot, now, out int file);
            ref Sqe sqe = ref _ring.GetSqe().PrepareReadFixed(file, Slots.AddressOf(slot), (uint)Spec.Block, offset, (ushort)slot);
            sqe.Flags |= SqeFlags.FixedFile;
            sqe.UserData = (ulong)slot;
        }
    }

    private ulong NextBlock(int slot, long now, out int file)
    {
        ulong offset = Source.Next(out file);
        if (_remembers)
        {
            Slots.Remember(slot, file, offset, now);
        }
        return offset;
    }

    private void Submit(int wait)
    {
        if (wait == 0)
        {
            _ring.Submit();
        }
        else
        {
            _ring.SubmitAndWait((uint)wait);
        }
    }

    private int ReapAll()
    {
        ReadOnlySpan<Cqe> reaped = _reaped.AsSpan(0, _ring.Reap(_reaped));
        long now = Now();
        foreach (ref readonly Cqe cqe in reaped)
        {
            Completed((int)cqe.UserData, cqe.Res, now);
        }
        return reaped.Length;
    }
}
