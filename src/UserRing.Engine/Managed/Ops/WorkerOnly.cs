using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>Operations on a file that are never attempted on the submitter.</summary>
internal static class WorkerOnly
{
    /// <summary>For a worker, unless there is no file that it could do anything with.</summary>
    internal static IssueOutcome IfOpen(Request request, IssueBatch batch)
    {
        if (batch.FactsOf(request.File).OpenFlags >= 0)
            return IssueOutcome.WouldBlock;
        request.Result = -Errno.EBADF;
        return IssueOutcome.Done;
    }
}
