using System.Runtime.CompilerServices;
using UserRing.Abi;

namespace UserRing;

public sealed partial class Ring
{
    /// <summary>
    /// Completions that can be read now. Those the engine holds back (<see cref="HasBacklog"/>) do not count.
    /// </summary>
    public uint CqReady
    {
        get
        {
            ThrowIfDisposed();
            return StillLive(_shared.CqTail) - _cqHead;
        }
    }

    /// <summary>
    /// Whether completions wait behind a full completion queue. They are not lost: reap what is there, and
    /// <see cref="TryPeek"/>, <see cref="Reap"/> or a wait brings them.
    /// </summary>
    public bool HasBacklog
    {
        get
        {
            ThrowIfDisposed();
            return StillLive((_shared.SqFlags & SqRingFlags.CqOverflow) != 0);
        }
    }

    /// <summary>Completions that were lost: 0 unless the engine had no memory to hold them back (or is a kernel before 5.5).</summary>
    public uint CqOverflow
    {
        get
        {
            ThrowIfDisposed();
            return StillLive(_shared.CqOverflow);
        }
    }

    /// <summary>
    /// Looks at the oldest unread completion without taking it; <see cref="Advance"/> does. Does not wait, but if the queue looks empty
    /// while the engine holds completions back, enters it to fetch them. On a ring with DEFER_TASKRUN it can only know of them if
    /// the ring has TASKRUN_FLAG too; without it, wait instead.
    /// </summary>
    /// <param name="cqe">A copy of the completion, or an empty one.</param>
    /// <returns>False if there is none.</returns>
    /// <exception cref="RingException">The engine refused to deliver what it holds back.</exception>
    public bool TryPeek(out Cqe cqe)
    {
        ThrowIfDisposed();
        if (_cqHead == _cqTailSeen && !Fetch())
        {
            cqe = default;
            return false;
        }

        cqe = _shared.CqeAt(_cqHead);
        // Dispose may have put empty memory in the ring's place meanwhile; what was copied from there must not pass for a completion.
        ThrowIfDisposed();
        return true;
    }

    /// <summary>Takes the <paramref name="count"/> oldest completions; their entries are the engine's again.</summary>
    /// <param name="count">At most <see cref="CqReady"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not that many.</exception>
    public void Advance(uint count)
    {
        ThrowIfDisposed();
        if (count > _cqTailSeen - _cqHead)
        {
            _cqTailSeen = StillLive(_shared.CqTail);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _cqTailSeen - _cqHead);
        }

        if (_held is { Count: > 0 } held)
            LetGo(held, count);
        Take(count);
    }

    /// <summary>Takes as many completions as there are and fit, oldest first. Does not wait; see <see cref="TryPeek"/>.</summary>
    /// <param name="destination">Where to copy them.</param>
    /// <returns>How many were copied.</returns>
    /// <exception cref="RingException">The engine refused to deliver what it holds back.</exception>
    public int Reap(Span<Cqe> destination)
    {
        ThrowIfDisposed();
        if (destination.IsEmpty)
            return 0;
        if (_cqTailSeen - _cqHead < (uint)destination.Length)
            _cqTailSeen = _shared.CqTail;
        if (_cqHead == _cqTailSeen && !Fetch())
            return 0;

        uint count = Math.Min(_cqTailSeen - _cqHead, (uint)destination.Length);
        destination = destination[..(int)count];
        _shared.CopyCqes(_cqHead, destination);
        ThrowIfDisposed();
        if (_held is { Count: > 0 } held)
            LetGo(held, count);
        Take(count);
        return (int)count;
    }

    /// <summary>Takes the oldest completion. If there is none, submits what is queued and waits for one.</summary>
    /// <exception cref="RingException">The engine refused the call, or a completion was lost (EBADR).</exception>
    public Cqe WaitOne()
    {
        Cqe cqe;
        while (!TryPeek(out cqe))
        {
            WaitResult result = SubmitAndWait(1, NoDeadline, signalMask: null);
            if (result.Status == WaitStatus.Interrupted && result.Submitted == 0)
                Thread.Yield();
        }

        Advance(1);
        return cqe;
    }

    /// <summary>Lets go of what the next <paramref name="count"/> completions complete.</summary>
    private void LetGo(HeldRequests held, uint count)
    {
        BeginCall(0);
        try
        {
            for (uint i = 0; i < count; i++)
                held.Complete(_shared.CqeAt(_cqHead + i));
        }
        finally
        {
            EndCall();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(uint count)
    {
        _cqHead += count;
        _shared.PublishCqHead(_cqHead);
        if (_hasPollDescriptor)
            RefreshPollDescriptor();
    }

    /// <summary>The queue looks empty: reads its tail, and asks the engine for what it holds back. False if it is empty.</summary>
    private bool Fetch()
    {
        _lastUser = Environment.CurrentManagedThreadId;
        _cqTailSeen = _shared.CqTail;
        if (_cqTailSeen != _cqHead)
            return true;
        if (!HoldsBack())
            return false;
        int result = Enter(0, 0, EnterFlags.GetEvents, 0, 0);
        if (result < 0 && result != -Errno.EINTR && !IsNotNow(result))
            throw RingException.OfCall("io_uring_enter", result);
        _cqTailSeen = _shared.CqTail;
        return _cqTailSeen != _cqHead;
    }
}
