using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// Buffers of one group: a <see cref="BufferList"/> (PROVIDE_BUFFERS) or a <see cref="BufferRing"/> (REGISTER_PBUF_RING).
/// </summary>
internal abstract class BufferGroup
{
    internal abstract void Free();
}

/// <summary>
/// Buffers handed over by PROVIDE_BUFFERS, first in first out. Kept as runs of buffers that lie one behind the other with successive ids,
/// which is how they come.
/// </summary>
internal sealed class BufferList : BufferGroup
{
    // One less than there are ids (io_uring/kbuf.c, io_add_buffers).
    private const int Most = 65535;

    // A ring of runs, its length a power of two.
    private Run[] _runs = new Run[4];
    private int _first, _runCount;

    internal int Count { get; private set; }

    /// <summary>Adds what there is room for: 0, or -EOVERFLOW if that is nothing.</summary>
    internal int Add(nuint address, uint length, int count, ushort firstId)
    {
        count = Math.Min(count, Most - Count);
        if (count == 0)
            return -Errno.EOVERFLOW;
        MakeRoom();
        _runs[(_first + _runCount++) & (_runs.Length - 1)] = new Run(address, length, count, firstId);
        Count += count;
        return 0;
    }

    /// <summary>Takes up to <paramref name="most"/> away: how many.</summary>
    internal int Remove(int most)
    {
        int removed = Math.Min(most, Count);
        for (int left = removed; left > 0;)
        {
            int part = Math.Min(left, _runs[_first].Count);
            DropFirst(part);
            left -= part;
        }

        return removed;
    }

    internal bool TryTake(ref BufferSelection selection)
    {
        if (Count == 0)
            return false;
        (selection.Address, selection.Length, selection.Id) = _runs[_first].First;
        DropFirst(1);
        return true;
    }

    /// <summary>It becomes the first again.</summary>
    internal void PutBack(in BufferSelection selection)
    {
        MakeRoom();
        _first = (_first - 1) & (_runs.Length - 1);
        _runs[_first] = new Run(selection.Address, selection.Length, 1, selection.Id);
        _runCount++;
        Count++;
    }

    internal override void Free()
    {
    }

    private void DropFirst(int buffers)
    {
        Count -= buffers;
        if (_runs[_first].Drop(buffers))
            return;
        _first = (_first + 1) & (_runs.Length - 1);
        _runCount--;
    }

    private void MakeRoom()
    {
        if (_runCount < _runs.Length)
            return;
        var larger = new Run[_runs.Length * 2];
        for (int i = 0; i < _runCount; i++)
            larger[i] = _runs[(_first + i) & (_runs.Length - 1)];
        (_runs, _first) = (larger, 0);
    }

    private struct Run(nuint address, uint stride, int count, ushort firstId)
    {
        private nuint _address = address;
        private ushort _id = firstId;

        internal int Count { get; private set; } = count;

        /// <summary>One transfer moves no more than that, however long the buffer is.</summary>
        internal readonly (nuint Address, uint Length, ushort Id) First =>
            (_address, Math.Min(stride, RingLimits.MaxTransferBytes), _id);

        /// <summary>Takes buffers from its front; false if nothing is left.</summary>
        internal bool Drop(int buffers)
        {
            Count -= buffers;
            _address += (nuint)buffers * stride;
            _id += (ushort)buffers;
            return Count > 0;
        }
    }
}
