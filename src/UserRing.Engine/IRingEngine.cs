using UserRing.Abi;

namespace UserRing.Engine;

/// <summary>
/// What serves a ring: the Linux kernel, or the managed engine. The seam lies where an unmodified program meets io_uring, at ring memory
/// plus a handful of calls, so a new operation never touches it and there is one virtual call per batch, none per request.
/// </summary>
/// <remarks>
/// No method throws for anything the engine can refuse: the answer is a negative errno (see <see cref="Errno"/>). Every method may be
/// called from any thread. Addresses are the program's own and are read by the engine, never by the caller of these methods.
/// </remarks>
public interface IRingEngine
{
    /// <summary>"kernel", "managed" or "auto".</summary>
    string Name { get; }

    /// <summary>As io_uring_setup(2): makes a ring.</summary>
    /// <param name="entries">Submission queue entries asked for; rounded up to a power of two.</param>
    /// <param name="parameters">Address of a <see cref="RingParams"/>; filled in on success, untouched on failure.</param>
    /// <returns>The ring's descriptor, or a negative errno.</returns>
    int Setup(uint entries, nuint parameters);

    /// <summary>As mmap(2) of the ring's descriptor: maps one of its areas, named by a <see cref="MmapOffsets"/> value.</summary>
    /// <param name="ring">A descriptor that <see cref="Setup"/> returned.</param>
    /// <param name="address">Where to map, or 0.</param>
    /// <param name="length">Bytes to map.</param>
    /// <param name="protection">PROT_ bits.</param>
    /// <param name="flags">MAP_ bits.</param>
    /// <param name="offset">The area.</param>
    /// <returns>An address, given back with munmap(2) whether or not the ring still lives; or a negative errno.</returns>
    nint Map(int ring, nuint address, nuint length, int protection, int flags, ulong offset);

    /// <summary>As io_uring_enter(2): submits, waits, or both.</summary>
    /// <param name="ring">A descriptor that <see cref="Setup"/> returned.</param>
    /// <param name="toSubmit">How many queued SQEs to take.</param>
    /// <param name="minComplete">With <see cref="EnterFlags.GetEvents"/>: how many completions to wait for.</param>
    /// <param name="flags">How to enter.</param>
    /// <param name="argument">0, or address of a signal mask or (<see cref="EnterFlags.ExtArg"/>) of a <see cref="GetEventsArg"/>.</param>
    /// <param name="argumentSize">Size in bytes of what <paramref name="argument"/> points to.</param>
    /// <returns>The number of SQEs consumed, or a negative errno.</returns>
    int Enter(int ring, uint toSubmit, uint minComplete, EnterFlags flags, nuint argument, nuint argumentSize);

    /// <summary>As io_uring_register(2).</summary>
    /// <param name="ring">A descriptor that <see cref="Setup"/> returned.</param>
    /// <param name="operation">What to register or unregister.</param>
    /// <param name="argument">Address that <paramref name="operation"/> gives a meaning to, or 0.</param>
    /// <param name="count">Number that <paramref name="operation"/> gives a meaning to.</param>
    /// <returns>What the operation answers, or a negative errno.</returns>
    int Register(int ring, RegisterOp operation, nuint argument, uint count);

    /// <summary>
    /// Ends the ring, as close(2) of its descriptor does: requests in flight are cancelled in the background. On the managed engine,
    /// threads waiting in <see cref="Enter"/> return with EBADF; the kernel leaves them waiting.
    /// </summary>
    /// <param name="ring">A descriptor that <see cref="Setup"/> returned.</param>
    /// <returns>0 or a negative errno.</returns>
    int Release(int ring);
}
