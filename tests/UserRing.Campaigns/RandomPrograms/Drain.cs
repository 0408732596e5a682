using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>
/// Which chains a drain holds back, as the kernel counts it: from a drained request on everything queues up, and what is first in the queue
/// starts when nothing is in flight; with it what follows, up to the next that is drained. It is over with a chain that did not ask
/// for it and finds nothing before it.
/// </summary>
internal sealed class Drain
{
    private readonly List<Chain> _started = [], _waiting = [];
    private bool _isNextDrained, _isRefused;

    public bool IsActive { get; private set; }

    /// <summary>
    /// There was a drain at all. What is said here of what came since is no more than likely: a chain that is refused in preparation takes
    /// no part, and one that was not cannot be told from it.
    /// </summary>
    public bool WasActive { get; private set; }

    /// <summary>Something is held back by what may have ended silently.</summary>
    public bool WaitsForUnknown => _waiting.Count > 0 && !_waiting[0].IsPresumedQuiet
        && _started.Exists(chain => !chain.IsEnded && chain.IsSilent);

    public void Take(Chain chain)
    {
        bool drains = _isNextDrained;
        _isNextDrained = false;
        foreach (Member member in chain.Members)
        {
            if (member.Shape.Flaw is Flaw.UnknownOpcode or Flaw.UnknownFlag or Flaw.SelectsBuffer)
                continue; // refused before its other flags are looked at
            _isRefused |= member.Shape.Is(SqeFlags.CqeSkipSuccess); // from there on nobody can count what is to come
            if (_isRefused || !member.Shape.Is(SqeFlags.IoDrain))
                continue;
            drains = true;
            _isNextDrained |= member != chain.Members[0];
        }

        IsActive |= drains;
        WasActive |= drains;
        if (!IsActive)
        {
            Start(chain);
            return;
        }

        chain.StartsOnWorker = true;
        chain.IsDrained = drains;
        if (!drains && _waiting.Count == 0 && !IsAnyInFlight())
            IsActive = false;
        _waiting.Add(chain);
        Release();
        chain.WaitedForOthers = drains && !chain.IsStarted;
    }

    public void Release()
    {
        _waiting.RemoveAll(chain => chain.IsEnded); // refused in preparation: not held back at all
        bool seen = false, first = true;
        while (_waiting.Count > 0)
        {
            seen |= _waiting[0].IsDrained;
            if ((seen || first) && IsAnyInFlight())
                break;
            Start(_waiting[0]);
            _waiting.RemoveAt(0);
            first = false;
        }
    }

    private bool IsAnyInFlight()
    {
        _started.RemoveAll(chain => chain.IsEnded);
        return _started.Count > 0;
    }

    private void Start(Chain chain)
    {
        chain.IsStarted = true;
        _started.Add(chain);
    }
}
