using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// TIMEOUT: completes with -ETIME when the time is up, or with 0 when that many other completions were posted. Linux 5.4.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="timespec">Address of a <see cref="KernelTimespec"/>, which may go once it is submitted.</param>
    /// <param name="count">How many completions end it; 0: only the time does.</param>
    /// <param name="flags">Which clock, and whether the time is a point on it.</param>
    public static ref Sqe PrepareTimeout(this ref Sqe sqe, nuint timespec, uint count = 0, TimeoutFlags flags = TimeoutFlags.None)
    {
        Prepare(ref sqe, Opcode.Timeout, -1, timespec, 1, count).TimeoutFlags = flags;
        return ref sqe;
    }

    /// <summary>
    /// TIMEOUT_REMOVE: ends the TIMEOUT with that user_data, which completes with -ECANCELED. Completes with 0, or -ENOENT if there is
    /// none. Linux 5.5.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="userData">user_data of the TIMEOUT.</param>
    public static ref Sqe PrepareTimeoutRemove(this ref Sqe sqe, ulong userData)
    {
        Prepare(ref sqe, Opcode.TimeoutRemove, -1).Addr = userData;
        return ref sqe;
    }

    /// <summary>
    /// TIMEOUT_REMOVE that gives a TIMEOUT another time instead, on its own clock, from now on; it no longer waits for completions. Linux
    /// 5.11.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="userData">user_data of the TIMEOUT or LINK_TIMEOUT.</param>
    /// <param name="timespec">Address of a <see cref="KernelTimespec"/>, which may go once it is submitted.</param>
    /// <param name="flags">
    /// <see cref="TimeoutFlags.Abs"/> if the time is a point on the clock, <see cref="TimeoutFlags.LinkTimeoutUpdate"/> if a LINK_TIMEOUT
    /// is meant (Linux 5.15).
    /// </param>
    public static ref Sqe PrepareTimeoutUpdate(
        this ref Sqe sqe, ulong userData, nuint timespec, TimeoutFlags flags = TimeoutFlags.None)
    {
        Prepare(ref sqe, Opcode.TimeoutRemove, -1, (nuint)userData, 0, timespec).TimeoutFlags = flags | TimeoutFlags.Update;
        return ref sqe;
    }
}
