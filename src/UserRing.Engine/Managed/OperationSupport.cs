namespace UserRing.Engine.Managed;

/// <summary>How much of an operation the managed engine has.</summary>
public enum OperationState
{
    /// <summary>Nothing: its requests are refused.</summary>
    Refused,

    /// <summary>It works, but something is missing or done otherwise.</summary>
    Part,

    /// <summary>All of it.</summary>
    Full,
}

/// <summary>Where a request waits that cannot be finished when it is submitted.</summary>
public enum WaitingPlace
{
    /// <summary>Nowhere: the submitter finishes it.</summary>
    Inline,

    /// <summary>For its file to be ready; on a worker (or, direct I/O, in the device's queue) where there is no readiness.</summary>
    Poll,

    /// <summary>On a thread that makes the blocking system call.</summary>
    Worker,

    /// <summary>For a time.</summary>
    Timer,

    /// <summary>For a wake-up of a futex.</summary>
    Futex,
}

/// <summary>What the managed engine does with an operation.</summary>
/// <param name="State">How much of it there is.</param>
/// <param name="Why">What is missing or done otherwise, or why it is refused; null if all of it is there.</param>
/// <param name="Waits">Where its requests wait; a refused one waits nowhere.</param>
public readonly record struct OperationSupport(OperationState State, string? Why, WaitingPlace Waits);
