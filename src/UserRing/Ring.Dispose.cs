using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using UserRing.Engine.Managed;

namespace UserRing;

// Dispose may come from a thread that does not use the ring while another does. Three things protect that user:
//
//  - A call that crosses to the engine or touches the held requests is tracked (_inside). The descriptor is not closed while somebody is
//    inside, because its number could be given out again and the call would reach another ring.
//  - Members that only read and write ring memory are not tracked: they are too frequent. So a disposer who is not the ring's last user
//    does not unmap the memory but puts empty memory in its place, and whoever is still at it does no harm.
//  - A user who waits in the engine is woken, and lets go of the held requests itself: a ring with a single issuer obeys nobody else.
public sealed partial class Ring
{
    private const int LeaveTimeoutMs = 10_000;
    private const int UserLeft = 1, DisposerLeft = 2;

    private int _disposed, _inside, _handover;
    private int _lastUser;
    private uint _awaited;
    private bool _drained;

    /// <summary>
    /// Ends the ring. Queued SQEs that were not submitted are forgotten; submitted ones are cancelled in the background. Held requests
    /// are cancelled and waited for, for seconds at most; memory of those that the engine could not end in that time, or that it
    /// would let only their single issuer end, stays pinned for good, because it might still be written to. Further calls do nothing.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        // Pairs with the order of _inside and _disposed in BeginCall, which pays for no fence: either the user sees that the ring is
        // disposed, or we see that it is inside.
        Interlocked.MemoryBarrierProcessWide();
        bool isLastUser = Volatile.Read(ref _lastUser) == Environment.CurrentManagedThreadId;
        if (!isLastUser && !WaitForUser())
            return;
        TearDown(isLastUser);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _disposed) != 0)
            ThrowDisposed();
    }

    /// <summary>
    /// A value just read from ring memory. Dispose may have put empty memory in its place after the caller was let in; what was read there
    /// must not pass for the ring's state: an empty index says that the queue is full, or holds thousands.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T StillLive<T>(T value)
        where T : unmanaged
    {
        ThrowIfDisposed();
        return value;
    }

    [DoesNotReturn]
    private static void ThrowDisposed() => throw new ObjectDisposedException(nameof(Ring));

    /// <param name="awaited">Completions that the call is going to wait for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BeginCall(uint awaited)
    {
        _awaited = awaited;
        _lastUser = Environment.CurrentManagedThreadId;
        Volatile.Write(ref _inside, 1);
        // The processor may read before it wrote; Dispose's process-wide barrier rules that out where it matters.
        if (Volatile.Read(ref _disposed) != 0)
            Refuse();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndCall()
    {
        if (Volatile.Read(ref _disposed) != 0)
            LeaveDisposed();
        Volatile.Write(ref _inside, 0);
    }

    [DoesNotReturn]
    private void Refuse()
    {
        Volatile.Write(ref _inside, 0);
        ThrowDisposed();
    }

    /// <summary>The ring was disposed under this thread's call: the disposer waits until we are out.</summary>
    [DoesNotReturn]
    private void LeaveDisposed()
    {
        Drain();
        Volatile.Write(ref _inside, 0);
        if (Interlocked.Exchange(ref _handover, UserLeft) == DisposerLeft)
            TearDown(isLastUser: true);
        ThrowDisposed();
    }

    /// <summary>Wakes whoever is inside and waits until it has left; false if it did not in time and now ends the ring itself.</summary>
    private bool WaitForUser()
    {
        long start = Stopwatch.GetTimestamp();
        RingWaker? waker = null;
        try
        {
            for (int round = 0; Volatile.Read(ref _inside) != 0; round++)
            {
                if (Stopwatch.GetElapsedTime(start).TotalMilliseconds > LeaveTimeoutMs)
                    return Interlocked.CompareExchange(ref _handover, DisposerLeft, 0) == UserLeft;
                if (round > 0)
                    Wake(ref waker, round);
                // Also before the first wake-up: a user who is on the way into the managed engine has then arrived there, and is
                // not left with a number that Release made free.
                Thread.Sleep(1);
            }
        }
        finally
        {
            waker?.Dispose();
        }

        return true;
    }

    private void Wake(ref RingWaker? waker, int round)
    {
        if (_engine is ManagedEngine)
        {
            _mapping.Release();
            return;
        }

        // Without messages between rings the waits are cut into slices, and the user comes out by itself. Otherwise what was posted stays
        // in the queue, so once is enough; another one now and then costs nothing.
        if (_wakesByItself || (round > 1 && round % 64 != 0))
            return;
        waker ??= RingWaker.TryCreate(_engine);
        waker?.Post(_descriptor, Math.Max(1, _awaited));
    }

    /// <summary>Nobody is inside, and nobody comes in any more.</summary>
    private void TearDown(bool isLastUser)
    {
        if (!_drained && _held is { Count: > 0 } && !isLastUser && _mapping.Seclude() < 0)
        {
            HeldRequests.Abandon(_held);
            _drained = true;
        }

        Drain();
        if (isLastUser)
            _mapping.Dispose();
        else
            _mapping.DisposeBehindUser();
        GC.KeepAlive(this);
    }

    private void Drain()
    {
        if (_drained)
            return;
        _drained = true;
        if (_held is not { Count: > 0 } held)
            return;
        new RingDrain(_mapping, held).Run(_sqTail);
        if (held.Count > 0)
            HeldRequests.Abandon(held);
    }
}
