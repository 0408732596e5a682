using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>
    /// ASYNC_CANCEL: ends the request with that user_data. Completes with 0 if it was found (with ALL or ANY: how many), -ENOENT if not,
    /// -EALREADY if it is past stopping; the request itself completes too, mostly with -ECANCELED. Linux 5.5.
    /// </summary>
    /// <param name="sqe">The entry to fill in.</param>
    /// <param name="userData">user_data of what to cancel.</param>
    /// <param name="flags">Other ways to match, Linux 5.19.</param>
    public static ref Sqe PrepareAsyncCancel(this ref Sqe sqe, ulong userData, CancelFlags flags = CancelFlags.None)
    {
        Prepare(ref sqe, Opcode.AsyncCancel, -1).Addr = userData;
        sqe.CancelFlags = flags;
        return ref sqe;
    }
}
