using UserRing.Abi;

namespace UserRing.Engine.Managed.Ops;

/// <summary>
/// RECV_ZC, answered as on a machine whose network cards have no queue for it: none can be registered, so none is ever named.
/// </summary>
internal static class ReceiveZeroCopy
{
    internal static int Prepare(Request request) => -Errno.EINVAL;

    internal static IssueOutcome Issue(Request request, IssueBatch batch, IssueMode mode)
    {
        request.Result = -Errno.EINVAL;
        return IssueOutcome.Done;
    }
}
