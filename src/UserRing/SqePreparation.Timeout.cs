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
}
