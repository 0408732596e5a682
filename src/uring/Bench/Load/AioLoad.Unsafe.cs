using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Tool.Bench.Load;

/// <summary>Linux AIO, the older interface: io_submit a batch, io_getevents a batch. Truly asynchronous only with --direct.</summary>
internal sealed unsafe class AioLoad(WorkerOrder order, int thread, LoadSwitches switches) : BlockLoad(order, thread, switches)
{
    private readonly bool _remembers = order.Load.Verify || order.Load.Latency;
    private AlignedMemory _blocks = null!;
    private AlignedMemory _pointers = null!;
    private AlignedMemory _events = null!;
    private nuint _context;

    public override void Open()
    {
        base.Open();
        if (Spec.Nop)
        {
            throw new LoadUnavailableException("Linux AIO has no NOP");
        }
        int error = Libc.IoSetup((uint)Spec.Depth, out _context);
        if (error < 0)
        {
            throw new LoadUnavailableException($"io_setup: {Errno.Name(-error)}");
        }
        _blocks = new AlignedMemory((nuint)(Spec.Depth * sizeof(Iocb)));
        _pointers = new AlignedMemory((nuint)(Spec.Batch * sizeof(nuint)));
        _events = new AlignedMemory((nuint)(Spec.Depth * sizeof(IoEvent)));
    }

    protected override void Step()
    {
        int count = Math.Min(Spec.Batch, Slots.Free);
        Prepare(count);
        int calls = Submit(count);
        int inFlight = Slots.InFlight;
        int reaped = Reap(inFlight < Spec.Depth ? 0 : Math.Min(Spec.Batch, inFlight));
        Count(reaped, calls + 1);
    }

    protected override void Drain()
    {
        while (Slots.InFlight > 0)
        {
            Reap(1);
        }
    }

    protected override void Close()
    {
        if (_context != 0)
        {
            Libc.IoDestroy(_context);
        }
        _blocks?.Dispose();
        _pointers?.Dispose();
        _events?.Dispose();
    }

    private void Prepare(int count)
    {
        Span<Iocb> blocks = _blocks.As<Iocb>();
        long now = Now();
        Span<nuint> pointers = _pointers.As<nuint>();
        for (int i = 0; i < count; i++)
        {
            int slot = Slots.Take();
            ulong offset = Source.Next(out int file);
            if (_remembers)
            {
                Slots.Remember(slot, file, offset, now);
            }
            blocks[slot] = new Iocb
            {
                Data = (ulong)slot,
                Opcode = Libc.IOCB_CMD_PREAD,
                Fd = Descriptors[file],
                Buffer = Slots.AddressOf(slot),
                Bytes = (ulong)Spec.Block,
                Offset = (long)offset,
            };
            pointers[i] = _blocks.Address + (nuint)(slot * sizeof(Iocb));
        }
    }

    /// <summary>All of them, however many calls it takes; a request refused at once counts as completed with that error.</summary>
    private int Submit(int count)
    {
        int calls = 0;
        for (int done = 0; done < count;)
        {
            calls++;
            int taken = Libc.IoSubmit(_context, count - done, _pointers.Address + (nuint)(done * sizeof(nuint)));
            if (taken >= 0)
            {
                done += taken;
            }
            else if (taken is not (-Errno.EINTR or -Errno.EAGAIN))
            {
                nuint block = _pointers.As<nuint>()[done++] - _blocks.Address;
                Completed((int)(block / (nuint)sizeof(Iocb)), taken, Now());
            }
        }
        return calls;
    }

    private int Reap(int minimum)
    {
        int count;
        do
        {
            count = Libc.IoGetevents(_context, minimum, Spec.Depth, _events.Address, null);
        }
        while (count == -Errno.EINTR);
        if (count < 0)
        {
            CountError($"io_getevents: {Errno.Name(-count)}");
            return 0;
        }
        long now = Now();
        foreach (ref readonly IoEvent item in _events.As<IoEvent>()[..count])
        {
            Completed((int)item.Data, item.Result, now);
        }
        return count;
    }
}
