using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Benchmarks.Traffic;
using UserRing.Engine;
using UserRing.Engine.Linux;

namespace UserRing.Benchmarks.Echo;

/// <summary>
/// All the clients on one ring. Each connects; when all are, each sends a message and receives at the same time, compares what came back,
/// and begins anew; in the end it says that it ends, and sees the server end as well.
/// </summary>
internal sealed class EchoClients : RingLoop
{
    private const int AddressBytes = 128;
    private const int ShutWrite = 1;

    private readonly EchoPlan _plan;
    private readonly EchoListener _listener;
    private readonly NativeBlock _memory;
    private readonly Client[] _clients;
    private readonly Stopwatch _clock = new();
    private int _opened, _connected, _started, _ended;
    private long _messages;

    public EchoClients(IRingEngine engine, EchoPlan plan, EchoListener listener)
        : base(engine)
    {
        (_plan, _listener) = (plan, listener);
        _clients = new Client[plan.Connections];
        _memory = new NativeBlock(AddressBytes + 2 * plan.Connections * plan.MessageBytes);
        listener.Address.CopyTo(_memory.Bytes);
    }

    private enum Kind
    {
        Socket,
        Connect,
        Send,
        Receive,
        ShutDown,
        End,
        Close,
    }

    /// <summary>Messages that came back, for who watches from another thread.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>From the first message to the last.</summary>
    public TimeSpan Time { get; private set; }

    protected override bool IsDone => _ended == _clients.Length;

    /// <summary>Bytes that a connection sent, all of which came back.</summary>
    public long BytesOf(int number) => (long)_clients[number].Count * _plan.MessageBytes;

    public override void Dispose()
    {
        base.Dispose();
        foreach (ref readonly Client client in _clients.AsSpan())
        {
            if (client.IsOpen)
                _ = Libc.Close(client.Descriptor);
        }

        _memory.Dispose();
    }

    /// <summary>
    /// Begins as fast as the submission queue has room: first the connections; once all are there, and so open at once, their messages.
    /// </summary>
    protected override bool QueueMore()
    {
        const int Tcp = 0;
        for (; _opened < _clients.Length && Ring.SqSpaceLeft > 0; _opened++)
        {
            ref Sqe sqe = ref Ring.GetSqe().PrepareSocket((int)_listener.Family, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, Tcp);
            sqe.UserData = Name((int)Kind.Socket, _opened);
        }

        if (_connected < _clients.Length)
            return _opened < _clients.Length;
        if (_started == 0)
            _clock.Start();
        for (; _started < _clients.Length && Ring.SqSpaceLeft >= MostSqesPerCompletion; _started++)
            Send(_started);
        return _started < _clients.Length;
    }

    protected override void Complete(in Cqe cqe)
    {
        (int kind, int number) = Named(cqe);
        if (cqe.Res < 0)
            throw TrafficException.Of($"{(Kind)kind} of connection {number}", cqe.Res);
        ref Client client = ref _clients[number];
        switch ((Kind)kind)
        {
            case Kind.Socket:
                (client.Descriptor, client.IsOpen) = (cqe.Res, true);
                Ring.GetSqe().PrepareConnect(client.Descriptor, _memory.At(0), (uint)_listener.Address.Length).UserData =
                    Name((int)Kind.Connect, number);
                break;
            case Kind.Connect:
                _connected++;
                break;
            case Kind.Send:
                if (cqe.Res != _plan.MessageBytes)
                    throw new TrafficException($"connection {number} sent {cqe.Res} of {_plan.MessageBytes} bytes");
                client.HasSent = true;
                EndMessage(number);
                break;
            case Kind.Receive:
                Received(number, cqe.Res);
                break;
            case Kind.End:
                if (cqe.Res != 0)
                    throw new TrafficException($"connection {number} received more than it had sent");
                Ring.GetSqe().PrepareClose(client.Descriptor).UserData = Name((int)Kind.Close, number);
                client.IsOpen = false;
                break;
            case Kind.Close:
                _ended++;
                break;
        }
    }

    private void Send(int number)
    {
        const uint Flags = Libc.MSG_NOSIGNAL | Libc.MSG_WAITALL;
        ref Client client = ref _clients[number];
        (client.HasSent, client.Received) = (false, 0);
        Fill(number, client.Count);
        Ring.GetSqe().PrepareSend(client.Descriptor, _memory.At(Outgoing(number)), (uint)_plan.MessageBytes, Flags).UserData =
            Name((int)Kind.Send, number);
        Receive(number, Kind.Receive);
    }

    private void Receive(int number, Kind kind)
    {
        ref readonly Client client = ref _clients[number];
        int had = kind == Kind.End ? 0 : client.Received;
        Ring.GetSqe().PrepareRecv(client.Descriptor, _memory.At(Incoming(number) + had), (uint)(_plan.MessageBytes - had)).UserData =
            Name((int)kind, number);
    }

    private void Received(int number, int count)
    {
        ref Client client = ref _clients[number];
        if (count == 0)
            throw new TrafficException($"connection {number} was closed after {client.Received} bytes of message {client.Count}");
        client.Received += count;
        if (client.Received < _plan.MessageBytes)
            Receive(number, Kind.Receive);
        else
            EndMessage(number);
    }

    private void EndMessage(int number)
    {
        ref Client client = ref _clients[number];
        if (!client.HasSent || client.Received < _plan.MessageBytes)
            return;
        if (!Message(Incoming(number)).SequenceEqual(Message(Outgoing(number))))
            throw new TrafficException($"message {client.Count} of connection {number} came back changed");
        client.Count++;
        Volatile.Write(ref _messages, _messages + 1);
        bool isEnough = _plan.Messages is { } wanted ? client.Count >= wanted : _clock.Elapsed.TotalSeconds >= _plan.Seconds;
        if (isEnough)
            End(number);
        else
            Send(number);
    }

    private void End(int number)
    {
        Time = _clock.Elapsed;
        ref Sqe sqe = ref Ring.GetSqe().PrepareShutdown(_clients[number].Descriptor, ShutWrite);
        (sqe.Flags, sqe.UserData) = (SqeFlags.IoLink, Name((int)Kind.ShutDown, number));
        Receive(number, Kind.End);
    }

    /// <summary>No two messages are the same, on no two connections; the first bytes of a connection tell its number.</summary>
    private void Fill(int number, int message)
    {
        Span<byte> bytes = Message(Outgoing(number));
        ulong value = ((ulong)number << 32 | (uint)message) * 0x9E3779B97F4A7C15;
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = value += 0xBF58476D1CE4E5B9;
        if (message == 0)
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
    }

    private int Outgoing(int number) => AddressBytes + 2 * number * _plan.MessageBytes;

    private int Incoming(int number) => Outgoing(number) + _plan.MessageBytes;

    private Span<byte> Message(int offset) => _memory.Bytes.Slice(offset, _plan.MessageBytes);

    private struct Client
    {
        public int Descriptor, Count, Received;
        public bool IsOpen, HasSent;
    }
}
