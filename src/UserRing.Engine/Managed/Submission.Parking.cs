using UserRing.Abi;

namespace UserRing.Engine.Managed;

/// <summary>Where a request goes that was not done at once, what it takes along, and how it comes back.</summary>
internal sealed partial class Submission
{
    /// <summary>What <see cref="TryPark"/> answers of a request that waits for its file.</summary>
    internal const int WaitsForReadiness = 1;

    /// <summary>Issues by itself a read whose gathered attempt moved only <paramref name="moved"/> bytes.</summary>
    internal static void IssueAlone(Request request, IssueBatch batch, int moved)
    {
        request.Progress = moved;
        request.WasGathered = true;
        switch (OpTable.Issue(OpTable.Of(request.Sqe.Opcode), request, batch, IssueMode.Inline))
        {
            case IssueOutcome.Done:
                batch.Complete(request, request.Result);
                break;
            case IssueOutcome.WouldBlock or IssueOutcome.Again:
                Park(request, batch, straightToWorker: false);
                break;
        }
    }

    /// <summary>What a request waited for is there, or its time is up: it is issued again, by whoever took it out of its place.</summary>
    internal static void Resume(Request request, IssueBatch batch)
    {
        request.WasReady = true;
        switch (OpTable.Issue(OpTable.Of(request.Sqe.Opcode), request, batch, IssueMode.Ready))
        {
            case IssueOutcome.Done:
                batch.Complete(request, request.Result);
                break;
            case IssueOutcome.WouldBlock or IssueOutcome.Again:
                Park(request, batch, straightToWorker: false);
                break;
        }
    }

    /// <summary>
    /// Hands a request that would block to where it can wait: readiness if its file has that, else a worker. From here on it holds
    /// the ring, its file and its buffer.
    /// </summary>
    internal static void Park(Request request, IssueBatch batch, bool straightToWorker)
    {
        LinkedTimeout timeout = Chain.TimeoutOf(request);
        int place = TryPark(request, batch, straightToWorker);
        if (place < 0)
            batch.Complete(request, place);
        else if (place == WaitsForReadiness)
            Chain.Arm(timeout);
    }

    /// <summary>
    /// As <see cref="Park"/>, but for the timeout: <see cref="WaitsForReadiness"/>, or 0 if it is a worker's, or -errno, when the request
    /// is still the caller's to complete.
    /// </summary>
    internal static int TryPark(Request request, IssueBatch batch, bool straightToWorker)
    {
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        bool poll = row.ReadyOn != Ready.Never && !straightToWorker && !(request.CannotTry && request.WasReady);
        if (poll && request.CannotTry)
            poll = !batch.FactsOf(request.File).HasNoReadiness;
        int found = request.File; // facts belong to the program's number, not to the duplicate that may be about to be made
        int error = poll || !batch.OnSubmitter ? HoldAll(request, row) : HoldShared(request, row, batch);
        if (error == 0 && poll)
        {
            error = request.Ring.GetPollWait().Park(request, (uint)row.ReadyOn);
            if (error == 0)
                return WaitsForReadiness;
            if (error == -Errno.EPERM) // no readiness on this file
            {
                request.CannotTry = true;
                error = 0;
            }
        }

        if (error < 0)
            return error;
        if ((row.Needs & Needs.File) != 0)
        {
            ref FileFacts.Entry facts = ref batch.FactsOf(found);
            request.MayWaitLong = (row.Needs & Needs.WaitsLong) != 0 || !facts.HasNoReadiness;
            bool ordered = (row.Needs & Needs.FileOrder) != 0 && facts.IsRegular && !facts.IsDirect;
            // What can only be run after it was ready takes turns too, by direction: two that were woken for one line of a terminal would
            // otherwise both find it there, and one of them block.
            bool takesTurns = request.MayWaitLong && request.CannotTry && row.ReadyOn != Ready.Never;
            request.FileKey = ordered || takesTurns ? Math.Max(1, facts.FileKey + (takesTurns ? (ulong)row.ReadyOn : 0)) : 0;
        }
        else
        {
            // What an earlier use of the request left would queue it behind a file.
            (request.MayWaitLong, request.FileKey) = ((row.Needs & Needs.WaitsLong) != 0, 0);
        }

        bool waitsInCall = request.WaitsInCall; // for what the kernel would have waiting for its file
        request.Ring.GetWorkers().Park(request);
        return waitsInCall ? WaitsForReadiness : 0;
    }

    /// <summary>References to the registered file and buffer in use, for a request that leaves the submit lock.</summary>
    internal static void HoldFixed(Request request)
    {
        if (request.FixedFile is not null && !request.HoldsFixedFile)
        {
            request.FixedFile.AddReference();
            request.HoldsFixedFile = true;
        }

        if (request.FixedBuffer is not null && !request.HoldsFixedBuffer)
        {
            request.FixedBuffer.AddReference();
            request.HoldsFixedBuffer = true;
        }
    }

    /// <summary>For an operation that parks itself: ring, file and buffer are its own until it completes. 0 or -errno.</summary>
    internal static int HoldForParking(Request request) => HoldAll(request, OpTable.Of(request.Sqe.Opcode));

    /// <summary>Takes what is not held yet; a second call changes nothing.</summary>
    private static int HoldAll(Request request, in OpRow row)
    {
        request.Ring.HoldFor(request);
        HoldFixed(request);
        if ((row.Needs & Needs.File) == 0 || request.FixedFile is not null || request.HoldsFile || request.Shared is not null)
            return 0;
        // Of the local number: the caller's own was looked up once, in FindFile.
        int duplicate = SelfCaller.Instance.Duplicate(request.File);
        if (duplicate < 0)
            return duplicate;
        request.File = duplicate;
        request.HoldsFile = true;
        return 0;
    }

    /// <summary>As <see cref="HoldAll"/> for a worker: the duplicate is shared with the others of the batch.</summary>
    private static int HoldShared(Request request, in OpRow row, IssueBatch batch)
    {
        if ((row.Needs & Needs.File) != 0 && request.FixedFile is null && !request.HoldsFile && request.Shared is null)
        {
            int error = batch.Share(request.File, out request.Shared);
            if (error < 0)
            {
                request.Ring.HoldFor(request); // so that it is let go of as any other
                return error;
            }

            request.File = request.Shared!.Descriptor;
        }

        return HoldAll(request, row);
    }
}
