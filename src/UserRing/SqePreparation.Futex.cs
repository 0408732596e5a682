using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary><c>FUTEX2_SIZE_U32</c>: a futex of 32 bits, the only size there is.</summary>
    public const uint Futex32 = 0x2;

    /// <summary><c>FUTEX2_PRIVATE</c>: a futex that no other process uses.</summary>
    public const uint FutexPrivate = 0x80;

    /// <summary>
    /// FUTEX_WAIT: completes with 0 when somebody wakes the futex, through a ring or by futex(2); at once with -EAGAIN if it does not
    /// hold the expected value. Linux 6.7.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="futex">Address of 32 bits, aligned, which must not move until the completion.</param>
    /// <param name="expected">The value to wait on.</param>
    /// <param name="mask">A wake whose mask has one of these bits ends it; 0 is -EINVAL.</param>
    /// <param name="flags">FUTEX2_ bits.</param>
    public static ref Sqe PrepareFutexWait(
        this ref Sqe sqe, nuint futex, uint expected, uint mask = uint.MaxValue, uint flags = Futex32 | FutexPrivate) =>
        ref PrepareFutex(ref sqe, Opcode.FutexWait, futex, expected, mask, flags);

    /// <summary>FUTEX_WAKE: completes with how many were woken. Linux 6.7.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="futex">Address of the futex.</param>
    /// <param name="most">How many to wake at most.</param>
    /// <param name="mask">Only those who wait with one of these bits; 0 is -EINVAL.</param>
    /// <param name="flags">FUTEX2_ bits, as those who wait gave.</param>
    public static ref Sqe PrepareFutexWake(
        this ref Sqe sqe, nuint futex, uint most, uint mask = uint.MaxValue, uint flags = Futex32 | FutexPrivate) =>
        ref PrepareFutex(ref sqe, Opcode.FutexWake, futex, most, mask, flags);

    /// <summary>
    /// FUTEX_WAITV: completes with the index of one that was woken; at once with -EAGAIN if one does not hold what is expected. Linux 6.7.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="futexes">Address of <see cref="FutexWaitv"/>s; the array may go once it is submitted, the futexes may not.</param>
    /// <param name="count">How many, 128 at most.</param>
    public static ref Sqe PrepareFutexWaitv(this ref Sqe sqe, nuint futexes, uint count) =>
        ref Prepare(ref sqe, Opcode.FutexWaitv, 0, futexes, count, 0);

    /// <summary>
    /// WAITID, as waitid(2): completes with 0 when a child has changed its state, or with -ECHILD. It waits unless WNOHANG says not to.
    /// Linux 6.7.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="idType">P_ALL 0, P_PID 1, P_PGID 2, P_PIDFD 3.</param>
    /// <param name="id">Process, group or descriptor.</param>
    /// <param name="info">Where to put a siginfo_t (128 bytes) by the completion, or 0; it must not move until then.</param>
    /// <param name="options">WEXITED 4, WSTOPPED 2, WCONTINUED 8, with WNOHANG 1 and WNOWAIT 0x1000000.</param>
    public static ref Sqe PrepareWaitid(this ref Sqe sqe, int idType, int id, nuint info, int options)
    {
        Prepare(ref sqe, Opcode.Waitid, id, 0, (uint)idType, info).FileIndex = (uint)options;
        return ref sqe;
    }

    private static ref Sqe PrepareFutex(ref Sqe sqe, Opcode opcode, nuint futex, uint value, uint mask, uint flags)
    {
        Prepare(ref sqe, opcode, (int)flags, futex, 0, value).Addr3 = mask;
        return ref sqe;
    }
}
