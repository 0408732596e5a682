using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine;

namespace UserRing;

/// <summary>A ring call failed. What one request answers is never an exception: it is in its completion (<see cref="Cqe.Res"/>).</summary>
public sealed class RingException : IOException
{
    private RingException(int errorNumber, string message)
        : base(message, errorNumber) => ErrorNumber = errorNumber;

    /// <summary>The errno, positive: see <see cref="Errno"/>.</summary>
    public int ErrorNumber { get; }

    /// <summary>A call on a live ring answered -errno.</summary>
    internal static RingException OfCall(string call, int result) => new(-result, $"{Describe(call, result)}{Hint(result)}");

    /// <summary>No ring could be made.</summary>
    internal static RingException OfSetup(IRingEngine engine, int result, uint entries, in RingParams asked)
    {
        string refuser = engine is AutoEngine auto ? auto.Refuser : engine.Name;
        string cause = RefusalCause.OfSetup(refuser, result, entries, asked);
        return new RingException(-result, $"{Describe($"io_uring_setup ({refuser} engine)", result)} {cause}");
    }

    private static string Describe(string call, int result) =>
        $"{call} failed: {Errno.Name(result)} ({Marshal.GetPInvokeErrorMessage(-result)}).";

    private static string Hint(int result) => result switch
    {
        -Errno.EEXIST => " The ring has a single issuer (SINGLE_ISSUER), and this is another thread.",
        -Errno.EBADFD => " The ring is disabled (R_DISABLED) until Enable is called, or it was enabled already.",
        -Errno.EOWNERDEAD => " The engine's polling thread (SQPOLL) has died.",
        -Errno.EBADR => " A completion was lost because the engine had no memory to keep it; CqOverflow counts them.",
        -Errno.EACCES => " The ring's restrictions do not allow it.",
        -Errno.EPROTO => " The sizes in ring memory are not those the engine reported.",
        _ => "",
    };
}
