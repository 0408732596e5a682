using System.Numerics;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Parking;

/// <summary>What a cancel found in one place.</summary>
internal struct CancelResult
{
    /// <summary>Requests that were taken out, to be completed with ECANCELED.</summary>
    internal int Cancelled;

    /// <summary>Matches that are being executed and can no longer be taken out.</summary>
    internal int Running;

    // Sweeps that took all of their list: each counts as one. And how many were taken by sweeps that take one at a time.
    private Sweeps _whole;
    private int _swept;

    internal readonly int Found => Cancelled + Running + _swept + BitOperations.PopCount((uint)_whole);

    /// <summary>What a cancel of one request answers; a sweep tells how many it took.</summary>
    internal readonly int ForOne => Cancelled > 0 ? 0 : _swept > 0 ? 1 : Running > 0 ? -Errno.EALREADY : -Errno.ENOENT;

    /// <summary>One more that was taken out.</summary>
    internal void TakeOut(Request request, in CancelMatch match)
    {
        if (request.Sweep == Sweeps.None)
            Cancelled++;
        else if (match.SweepsAll)
            _whole |= request.Sweep;
        else
            _swept++;
    }

    internal void Add(in CancelResult other)
    {
        Cancelled += other.Cancelled;
        Running += other.Running;
        _swept += other._swept;
        _whole |= other._whole;
    }
}

/// <summary>
/// What the kernel keeps in a list of its own and cancels by a sweep over it (io_cancel_remove in io_uring/cancel.c).
/// </summary>
[Flags]
internal enum Sweeps : byte
{
    None = 0,
    Children = 1,
    Futexes = 2,
}

/// <summary>
/// Where requests of one ring wait. A place never knows operations; cancelling belongs to it. Whoever takes a request out of its
/// list owns it and completes it, which is how a cancel and an event that race complete it exactly once.
/// </summary>
internal abstract class ParkingPlace(RingContext ring)
{
    protected RingContext Ring { get; } = ring;

    /// <summary>Takes matching requests out; they complete with ECANCELED, behind what <paramref name="batch"/> completes.</summary>
    internal abstract CancelResult Cancel(in CancelMatch match, IssueBatch batch);
}

/// <summary>
/// A doubly linked list through <see cref="Request.Previous"/> and <see cref="Request.Next"/>; guarded by its place's lock.
/// </summary>
internal struct RequestList
{
    private Request? _first, _last;

    internal int Count { get; private set; }

    internal readonly Request? First => _first;

    internal readonly Request? Last => _last;

    internal void Append(Request request)
    {
        request.Previous = _last;
        request.Next = null;
        if (_last is null)
            _first = request;
        else
            _last.Next = request;
        _last = request;
        Count++;
    }

    /// <summary>Behind <paramref name="before"/>, which is in the list, or at its head if that is null.</summary>
    internal void InsertAfter(Request? before, Request request)
    {
        if (before == _last)
        {
            Append(request);
            return;
        }

        Request next = before is null ? _first! : before.Next!;
        (request.Previous, request.Next) = (before, next);
        next.Previous = request;
        if (before is null)
            _first = request;
        else
            before.Next = request;
        Count++;
    }

    internal void Remove(Request request)
    {
        if (request.Previous is null)
            _first = request.Next;
        else
            request.Previous.Next = request.Next;
        if (request.Next is null)
            _last = request.Previous;
        else
            request.Next.Previous = request.Previous;
        request.Previous = request.Next = null;
        Count--;
    }

    internal Request? TakeFirst()
    {
        Request? first = _first;
        if (first is not null)
            Remove(first);
        return first;
    }

    /// <summary>Moves the matching requests (one, or all if the match says so) to the end of <paramref name="taken"/>.</summary>
    internal void TakeMatching(in CancelMatch match, ref RequestList taken)
    {
        Request? next;
        for (Request? request = _first; request is not null; request = next)
        {
            next = request.Next;
            if (!match.Matches(request))
                continue;
            Remove(request);
            taken.Append(request);
            if (!match.All)
                return;
        }
    }
}
