using UserRing.Abi;

namespace UserRing.Engine.Managed.Parking;

/// <summary>
/// Requests of one ring that wait for a futex. The waiting is done by the process's <see cref="FutexSleepers"/>, whose lock guards the list
/// as well: who takes a request out there owns it.
/// </summary>
internal sealed class FutexWait(RingContext ring) : ParkingPlace(ring)
{
    private RequestList _waiting;

    /// <summary>Waits until one of the futexes is woken: 0, or -EAGAIN where no thread is to be had.</summary>
    internal int Park(Request request, FutexWaitv[] futexes, uint mask)
    {
        Ring.HoldFor(request);
        return FutexSleepers.Instance.Add(this, request, futexes, mask);
    }

    /// <summary>The sleepers' lock held.</summary>
    internal void Enlist(Request request)
    {
        request.Place = this;
        request.Sweep = Sweeps.Futexes;
        _waiting.Append(request);
    }

    /// <summary>The sleepers' lock held.</summary>
    internal void Unlist(Request request)
    {
        _waiting.Remove(request);
        request.Place = null;
    }

    internal override CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        RequestList taken = default;
        FutexSleepers.Instance.TakeMatching(match, ref _waiting, ref taken);
        var result = default(CancelResult);
        while (taken.TakeFirst() is { } request)
        {
            result.TakeOut(request, match);
            Ring.Later.Cancel(request);
        }

        return result;
    }
}
