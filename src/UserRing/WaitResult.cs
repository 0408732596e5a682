namespace UserRing;

/// <summary>How a wait ended.</summary>
public enum WaitStatus
{
    /// <summary>As many completions as asked for are unread.</summary>
    Ready,

    /// <summary>The time is up. Fewer completions than asked for may be unread.</summary>
    TimedOut,

    /// <summary>
    /// The wait ended early, for a signal or because the engine did not take all that was queued (then it does not wait, since the
    /// completions might never come). Reap, then call again.
    /// </summary>
    Interrupted,
}

/// <summary>What came of submitting and waiting.</summary>
public readonly struct WaitResult
{
    internal WaitResult(int submitted, WaitStatus status) => (Submitted, Status) = (submitted, status);

    /// <summary>SQEs the engine took.</summary>
    public int Submitted { get; }

    /// <summary>How the wait ended.</summary>
    public WaitStatus Status { get; }
}
