using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing;

/// <summary>
/// Requests whose memory the ring pins and whose handle it keeps open until their completion is reaped. A request is known by its
/// user_data: top bit set, 31 bits of generation, 32 bits of slot index; the generation moves with every use, so a stale or
/// foreign number with the top bit set finds nothing. One thread at a time, in a tracked call of the ring.
/// </summary>
internal sealed class HeldRequests
{
    private const ulong TokenBit = 1UL << 63;
    private const uint GenerationMask = 0x7FFF_FFFF;
    private const int MaxSlots = 1 << 20;
    private const int None = -1;

    // Requests whose engine never said it was done with their memory: pinned, and reachable, for good.
    private static readonly ConcurrentBag<HeldRequests> Abandoned = [];

    private Slot[] _slots = [];
    private int _free = None;

    internal int Count { get; private set; }

    /// <summary>Slots that ever were in use: the range of <see cref="TokenAt"/>.</summary>
    internal int Capacity => _slots.Length;

    /// <summary>So that nothing can fail once memory is pinned. Allocates only when more requests are in flight than ever.</summary>
    internal void Reserve()
    {
        if (_free != None)
            return;
        int used = _slots.Length;
        if (used == MaxSlots)
            throw new InvalidOperationException($"{MaxSlots} held requests are in flight; reap some first.");
        Array.Resize(ref _slots, Math.Max(16, 2 * used));
        for (int i = _slots.Length - 1; i >= used; i--)
        {
            _slots[i].Next = _free;
            _free = i;
        }
    }

    /// <summary>Takes over <paramref name="pin"/> and one reference of <paramref name="file"/>. After <see cref="Reserve"/>.</summary>
    internal ulong Add(SafeHandle file, in MemoryHandle pin)
    {
        int index = _free;
        ref Slot slot = ref _slots[index];
        _free = slot.Next;
        slot.File = file;
        slot.Pin = pin;
        Count++;
        return Token(index, slot.Generation);
    }

    /// <summary>Lets go of what <paramref name="cqe"/> completes, if it is one of ours and its last.</summary>
    internal void Complete(in Cqe cqe)
    {
        if ((long)cqe.UserData < 0 && (cqe.Flags & CqeFlags.More) == 0)
            Release(cqe.UserData);
    }

    /// <summary>Lets go of a request the engine is done with, or never saw.</summary>
    internal void Release(ulong token)
    {
        uint index = (uint)token;
        if (index >= (uint)_slots.Length)
            return;
        ref Slot slot = ref _slots[index];
        if (slot.File is null || Token((int)index, slot.Generation) != token)
            return;
        slot.Pin.Dispose();
        slot.Pin = default;
        slot.File.DangerousRelease();
        slot.File = null;
        slot.Generation = (slot.Generation + 1) & GenerationMask;
        slot.Next = _free;
        _free = (int)index;
        Count--;
    }

    /// <summary>Gives up on what is left: letting go of memory that may still be written to would corrupt somebody else's.</summary>
    internal static void Abandon(HeldRequests held) => Abandoned.Add(held);

    /// <summary>The token of the request in that slot; false if it is free.</summary>
    internal bool TokenAt(int index, out ulong token)
    {
        token = Token(index, _slots[index].Generation);
        return _slots[index].File is not null;
    }

    private static ulong Token(int index, uint generation) => TokenBit | ((ulong)generation << 32) | (uint)index;

    private struct Slot
    {
        internal SafeHandle? File;
        internal MemoryHandle Pin;
        internal uint Generation;
        internal int Next;
    }
}
