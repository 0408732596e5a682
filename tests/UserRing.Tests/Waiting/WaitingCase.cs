using UserRing.Abi;

namespace UserRing.Tests.Waiting;

/// <summary>How a cancel ends what waits, on the kernel's engine.</summary>
internal enum Ending
{
    /// <summary>Taken out of where it waits: ECANCELED, and the cancel has found it.</summary>
    TakenOut,

    /// <summary>
    /// The same, but the cancel says 1: how many it took in a sweep over all that wait for such a thing.
    /// </summary>
    Swept,

    /// <summary>The call that a worker makes for it is interrupted: EINTR, and the cancel is told that it runs.</summary>
    Interrupted,

    /// <summary>The same, and the kernel's internal code for a call to be restarted shows through: 512.</summary>
    Restarted,

    /// <summary>
    /// The cancel is told that it runs, and it succeeds when the call ends: with what it waits for or, if it only asked for a read ahead,
    /// when that is interrupted.
    /// </summary>
    LeftAlone,
}

/// <summary>A request in a form in which it waits for ever.</summary>
/// <param name="Opcode">Of the request that waits.</param>
/// <param name="Form">What it waits for.</param>
/// <param name="Ending">How a cancel ends it.</param>
/// <param name="Prepare">Puts it into the ring.</param>
internal sealed record WaitingCase(Opcode Opcode, string Form, Ending Ending, WaitingCase.Preparation Prepare)
{
    internal delegate void Preparation(Scene scene, ref Sqe sqe);

    /// <summary>It then waits in the file system that does not answer.</summary>
    public bool IsHeld { get; init; }

    /// <summary>The kernel's own engine makes the call where it is submitted, and keeps the submitter with it.</summary>
    public bool KeepsKernel { get; init; }

    /// <summary>
    /// Closing a descriptor of the file waits as well: that is what a caller does after each batch who lends duplicates.
    /// </summary>
    public bool KeepsCopying { get; init; }

    public string Name => $"{Opcode}: {Form}";
}
