using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>System calls that an operation makes on a worker.</summary>
internal static class WorkerCall
{
    /// <summary>
    /// Whether a call that answered <paramref name="result"/> is to be made again: the runtime's own signals interrupt calls, and mean
    /// nothing to the request.
    /// </summary>
    internal static bool IsToBeRepeated(int result) => result == -Errno.EINTR;

    /// <summary>Before a worker is asked: one that can do nothing for the request's file need not be.</summary>
    internal static IssueOutcome OnOpenFile(Request request, IssueBatch batch)
    {
        if (batch.FactsOf(request.File).OpenFlags >= 0)
            return IssueOutcome.WouldBlock;
        request.Result = -Errno.EBADF;
        return IssueOutcome.Done;
    }
}
