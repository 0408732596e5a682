using UserRing.Engine.Managed.Parking;

namespace UserRing.Engine.Managed;

/// <summary>Where the requests of a ring wait, and how they are found there.</summary>
internal sealed partial class RingContext
{
    /// <summary>Parking places come into being with their first request: an idle ring pays for none.</summary>
    internal Workers? Workers { get; private set; }

    internal PollWait? PollWait { get; private set; }

    internal Timers? Timers { get; private set; }

    internal FutexWait? FutexWait { get; private set; }

    internal DirectWait? DirectWait { get; private set; }

    internal Workers GetWorkers() => Workers ?? Make(static ring => ring.Workers ??= new Workers(ring));

    internal PollWait GetPollWait() => PollWait ?? Make(static ring => ring.PollWait ??= new PollWait(ring));

    internal Timers GetTimers() => Timers ?? Make(static ring => ring.Timers ??= new Timers(ring));

    internal FutexWait GetFutexWait() => FutexWait ?? Make(static ring => ring.FutexWait ??= new FutexWait(ring));

    internal DirectWait GetDirectWait() => DirectWait ?? Make(static ring => ring.DirectWait ??= new DirectWait(ring));

    /// <summary>How many places a request may wait in, for <see cref="PlaceAt"/>.</summary>
    internal const int Places = 4;

    /// <summary>In the order in which a cancel asks them; null if no request ever waited there.</summary>
    internal ParkingPlace? PlaceAt(int index) => index switch
    {
        0 => Workers,
        1 => PollWait,
        2 => FutexWait,
        _ => Timers,
    };

    /// <summary>Takes matching requests out of wherever they wait; each is completed with ECANCELED, later.</summary>
    internal CancelResult Cancel(in CancelMatch match, IssueBatch batch)
    {
        var result = new CancelResult { Cancelled = Later.CountFound(match) };
        if (!match.All && result.Found > 0)
            return result;
        lock (MoveLock)
        {
            for (int i = 0; i < Places; i++)
            {
                if (PlaceAt(i) is not { } place)
                    continue;
                CancelResult found = place.Cancel(match, batch);
                result.Add(found);
                if (!match.All && result.Found > 0)
                    break;
            }
        }

        return result;
    }

    private void CancelEverything()
    {
        var batch = new IssueBatch();
        batch.Begin(this, SelfCaller.Instance, onSubmitter: false);
        Cancel(CancelMatch.Everything, batch);
        batch.End();
    }

    private T Make<T>(Func<RingContext, T> make)
    {
        lock (Pool)
            return make(this);
    }
}
