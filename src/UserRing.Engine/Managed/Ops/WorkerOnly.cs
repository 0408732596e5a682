using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>Operations on a file that are never attempted on the submitter.</summary>
internal static class WorkerOnly
{
    /// <summary>
    /// ERESTARTSYS, of a call that was interrupted: only the kernel's own code should ever see it; its rings show it all the same.
    /// </summary>
    internal const int Restarted = -512;

    /// <summary>For a worker, unless there is no file that it could do anything with.</summary>
    internal static IssueOutcome IfOpen(Request request, IssueBatch batch)
    {
        if (batch.FactsOf(request.File).OpenFlags >= 0)
            return IssueOutcome.WouldBlock;
        request.Result = -Errno.EBADF;
        return IssueOutcome.Done;
    }
}
