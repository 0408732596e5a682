using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

/// <summary>
/// Ends a wait on somebody else's ring: posts completions to it from a small ring of its own (MSG_RING), as many as the waiter needs.
/// Closing the descriptor would not do, since the kernel's waiter holds the ring. Works for rings of a single issuer too.
/// </summary>
internal sealed class RingWaker : IDisposable
{
    private const uint Entries = 64;

    private readonly RingMapping _mapping;
    private readonly RingPointers _shared;
    private uint _tail, _head;

    private RingWaker(RingMapping mapping)
    {
        _mapping = mapping;
        _shared = new RingPointers(mapping);
        RingPointers.FillArray(mapping);
    }

    /// <summary>Null if there is no memory or descriptor for it now.</summary>
    internal static RingWaker? TryCreate(IRingEngine engine)
    {
        RingParams parameters = default;
        return RingMapping.TryCreate(engine, Entries, ref parameters, out RingMapping? mapping) < 0 ? null : new RingWaker(mapping!);
    }

    internal void Post(int ring, uint count)
    {
        while (count > 0)
        {
            uint batch = Math.Min(count, Entries);
            for (uint i = 0; i < batch; i++)
                _shared.SqeAt(_tail++).PrepareMessage(ring);
            _shared.PublishSqTail(_tail);
            int taken = _mapping.Engine.Enter(_mapping.Descriptor, batch, batch, EnterFlags.GetEvents, 0, 0);
            _tail = _shared.SqHead;
            _head = _shared.CqTail;
            _shared.PublishCqHead(_head);
            if (taken <= 0)
                return;
            count -= (uint)taken;
        }
    }

    public void Dispose() => _mapping.Dispose();
}
