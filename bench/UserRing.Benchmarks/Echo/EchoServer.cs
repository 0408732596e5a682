using System.Buffers.Binary;
using UserRing.Abi;
using UserRing.Benchmarks.Traffic;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Benchmarks.Echo;

/// <summary>
/// Sends back what it receives, all on one ring: one multishot accept into slots, on each of them one multishot receive out of a shared
/// ring of buffers; a buffer is sent from where it was received into and then offered again.
/// </summary>
internal sealed class EchoServer : RingLoop
{
    private const int None = -1;

    private readonly EchoListener _listener;
    private readonly BufferRing _buffers;
    private readonly Connection[] _connections;
    private readonly int[] _lengths, _next;
    private readonly Queue<int> _starved = new();
    private int _open, _closed, _held;

    public EchoServer(IRingEngine engine, EchoPlan plan, EchoListener listener)
        : base(engine)
    {
        _listener = listener;
        _connections = new Connection[plan.Connections];
        Echoed = new long[plan.Connections];
        (_lengths, _next) = (new int[plan.Buffers], new int[plan.Buffers]);
        try
        {
            Ring.RegisterSparseFiles((uint)plan.Connections);
            _buffers = new BufferRing(Ring, plan.Buffers, plan.BufferBytes);
        }
        catch
        {
            Ring.Dispose();
            throw;
        }

        Accept();
    }

    private enum Kind
    {
        Accept,
        Receive,
        Send,
        Close,
    }

    /// <summary>Bytes sent back, by the number that each connection's first bytes tell.</summary>
    public long[] Echoed { get; }

    public int MostOpen { get; private set; }

    /// <summary>How often a receive found no buffer.</summary>
    public long Shortages { get; private set; }

    protected override bool IsDone => _closed == _connections.Length;

    public override void Dispose()
    {
        base.Dispose();
        _buffers.Dispose();
    }

    /// <summary>
    /// As many of those that found no buffer as there are free ones. They need not have data, and then take none: more of them next time.
    /// </summary>
    protected override bool QueueMore()
    {
        for (int free = _lengths.Length - _held; free > 0 && _starved.Count > 0 && Ring.SqSpaceLeft > 0; free--)
            Receive(_starved.Dequeue());
        return _starved.Count > 0 && _held < _lengths.Length;
    }

    protected override void Complete(in Cqe cqe)
    {
        (int kind, int index) = Named(cqe);
        switch ((Kind)kind)
        {
            case Kind.Accept:
                Accepted(cqe);
                break;
            case Kind.Receive:
                Received(index, cqe);
                break;
            case Kind.Send:
                Sent(index, cqe.Res);
                break;
            default:
                if (cqe.Res != 0)
                    throw TrafficException.Of("close of a slot", cqe.Res);
                (_open, _closed) = (_open - 1, _closed + 1);
                break;
        }
    }

    private void Accept() =>
        Ring.GetSqe().PrepareAccept(_listener.Descriptor, flags: AcceptFlags.Multishot, fileIndex: FileSlots.Alloc).UserData =
            Name((int)Kind.Accept, 0);

    private void Accepted(in Cqe cqe)
    {
        if (cqe.Res < 0)
            throw TrafficException.Of("accept", cqe.Res);
        MostOpen = Math.Max(MostOpen, ++_open);
        _connections[cqe.Res] = new Connection { Number = None, First = None, Last = None };
        Receive(cqe.Res);
        if ((cqe.Flags & CqeFlags.More) == 0)
            Accept();
    }

    private void Receive(int slot)
    {
        ref Sqe sqe = ref Ring.GetSqe().PrepareRecv(slot, 0, 0, flags: RecvSendFlags.Multishot).SelectBuffer(BufferRing.Group);
        sqe.Flags |= SqeFlags.FixedFile;
        sqe.UserData = Name((int)Kind.Receive, slot);
    }

    private void Received(int slot, in Cqe cqe)
    {
        ref Connection connection = ref _connections[slot];
        if (cqe.Res > 0)
        {
            int id = (int)((uint)cqe.Flags >> CqeBits.BufferShift);
            if (connection.Number == None)
                connection.Number = NumberIn(_buffers.Content(id, cqe.Res));
            Append(ref connection, slot, id, cqe.Res);
        }

        if ((cqe.Flags & CqeFlags.More) != 0)
            return;
        if (cqe.Res > 0)
        {
            Receive(slot);
        }
        else if (cqe.Res == -Errno.ENOBUFS)
        {
            Shortages++;
            _starved.Enqueue(slot);
        }
        else if (cqe.Res == 0)
        {
            connection.HasEnded = true;
            CloseIfDone(slot);
        }
        else
        {
            throw TrafficException.Of("receive", cqe.Res);
        }
    }

    private int NumberIn(ReadOnlySpan<byte> beginning)
    {
        int number = beginning.Length < sizeof(int) ? None : BinaryPrimitives.ReadInt32LittleEndian(beginning);
        return (uint)number < _connections.Length ? number : throw new TrafficException($"a connection begins with the number {number}");
    }

    /// <summary>One send at a time on each connection, else two could overtake each other.</summary>
    private void Append(ref Connection connection, int slot, int id, int length)
    {
        (_lengths[id], _next[id]) = (length, None);
        _held++;
        if (connection.First == None)
        {
            connection.First = id;
            Send(slot, id);
        }
        else
        {
            _next[connection.Last] = id;
        }

        connection.Last = id;
    }

    private void Send(int slot, int id)
    {
        const uint Flags = Libc.MSG_NOSIGNAL | Libc.MSG_WAITALL;
        ref Sqe sqe = ref Ring.GetSqe().PrepareSend(slot, _buffers.AddressOf(id), (uint)_lengths[id], Flags);
        sqe.Flags |= SqeFlags.FixedFile;
        sqe.UserData = Name((int)Kind.Send, slot);
    }

    private void Sent(int slot, int result)
    {
        ref Connection connection = ref _connections[slot];
        int id = connection.First;
        if (result != _lengths[id])
            throw result < 0 ? TrafficException.Of("send", result) : new TrafficException($"sent {result} of {_lengths[id]} bytes");
        Echoed[connection.Number] += result;
        connection.First = _next[id];
        if (connection.First != None)
            Send(slot, connection.First);
        else
            CloseIfDone(slot);
        _buffers.GiveBack(id);
        _held--;
    }

    private void CloseIfDone(int slot)
    {
        ref Connection connection = ref _connections[slot];
        if (!connection.HasEnded || connection.First != None)
            return;
        Ring.GetSqe().PrepareCloseSlot((uint)slot).UserData = Name((int)Kind.Close, slot);
    }

    private struct Connection
    {
        public int Number;

        /// <summary>The buffers still to be sent back, the first of them being sent.</summary>
        public int First, Last;
        public bool HasEnded;
    }
}
