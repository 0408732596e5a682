using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>
/// From SQ to requests: each SQE is copied once, checked, prepared and issued; what would block is parked. Submitters take turns under
/// <see cref="Lock"/>, which also guards the file and buffer tables. The batch is consumed against a private head that is
/// published once, after the last SQE was read: the barrier and the shared cache line are paid per batch (review of the 2019 series).
/// </summary>
internal sealed class Submission(RingContext ring)
{
    private const SqeFlags KnownFlags =
        SqeFlags.FixedFile | SqeFlags.IoDrain | SqeFlags.IoLink | SqeFlags.IoHardlink | SqeFlags.Async | SqeFlags.BufferSelect
        | SqeFlags.CqeSkipSuccess;

    /// <summary>What this engine does not do yet is refused as by a kernel that does not know the flag.</summary>
    private const SqeFlags HonouredFlags = SqeFlags.FixedFile | SqeFlags.Async;

    private readonly IssueBatch _batch = new();
    private readonly RingMemory _memory = ring.Memory;
    private readonly uint _entries = ring.Layout.SqEntries;
    private readonly bool _submitAll = (ring.Flags & SetupFlags.SubmitAll) != 0;

    /// <summary>The SQ head is the engine's own; its shared copy is output only.</summary>
    private uint _head;

    internal Lock Lock { get; } = new();

    /// <summary>Whether SQEs are queued, for the polling thread; needs no lock to be asked.</summary>
    internal bool HasWork => _memory.ReadSqTail() != Volatile.Read(ref _head);

    internal bool IsFull => _memory.ReadSqTail() - Volatile.Read(ref _head) >= _entries;

    /// <summary>Takes up to <paramref name="most"/> SQEs: how many were used up with a completion due.</summary>
    internal uint Submit(Caller caller, uint most)
    {
        lock (Lock)
        {
            if (ring.IsClosed)
                return 0;
            uint head = _head;
            // The tail is the program's: whatever it says, no more than the ring holds is taken.
            uint queued = Math.Min(_memory.ReadSqTail() - head, _entries);
            uint count = Math.Min(queued, most);
            if (count == 0)
                return 0;
            _batch.Begin(ring, caller, onSubmitter: true);
            uint taken = Consume(ref head, count);
            _memory.PublishSqHead(head);
            Volatile.Write(ref _head, head); // after it: who waits for room looks here, and must find it in shared memory too
            _batch.End();
            return taken;
        }
    }

    /// <summary>Runs a register command under the lock, with a batch for the tags it may post.</summary>
    internal int Register(Caller caller, RegisterOp operation, nuint argument, uint count)
    {
        lock (Lock)
        {
            _batch.Begin(ring, caller, onSubmitter: true);
            int result = Registration.RunLocked(ring, caller, operation, argument, count, _batch);
            _batch.End();
            return result;
        }
    }

    private uint Consume(ref uint head, uint count)
    {
        uint taken = 0;
        Request? request = null;
        while (taken < count)
        {
            uint index = _memory.ReadSqIndex(head++);
            if (index >= _entries)
            {
                // Used up, counted, no completion, and the batch ends here (io_uring.c, io_get_sqe).
                _memory.CountDropped();
                break;
            }

            taken++;
            request ??= Rent();
            _memory.CopySqe(index, out request.Sqe);
            bool goOn = Start(ref request) || _submitAll;
            if (!goOn)
                break;
        }

        if (request is not null)
            ring.Pool.Return(request);
        return taken;
    }

    private Request Rent()
    {
        Request request = ring.Pool.Rent();
        request.Caller = _batch.Caller;
        return request;
    }

    /// <summary>False if the SQE failed in preparation, which ends the batch on a ring without SUBMIT_ALL.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Start(ref Request? current)
    {
        Request request = current!;
        int error = Prepare(request);
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        if ((row.Needs & Needs.Gathers) == 0 || error < 0)
            _batch.RunGathered(); // what came before it is issued before it
        if (error == 0 && (row.Needs & Needs.File) != 0)
        {
            int found = FindFile(request);
            if (found < 0)
            {
                _batch.CompleteAndKeep(request, found);
                return true;
            }
        }

        if (error < 0)
        {
            _batch.CompleteAndKeep(request, error);
            return false;
        }

        if ((request.Sqe.Flags & SqeFlags.Async) != 0)
        {
            current = null;
            Park(request, _batch, straightToWorker: true);
            return true;
        }

        IssueOutcome outcome = OpTable.Issue(row, request, _batch, IssueMode.Inline);
        if (outcome is IssueOutcome.Done or IssueOutcome.Refused)
        {
            _batch.CompleteAndKeep(request, request.Result);
            return outcome == IssueOutcome.Done;
        }

        current = null; // somebody else's now
        if (outcome == IssueOutcome.WouldBlock)
            Park(request, _batch, straightToWorker: false);
        return true;
    }

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
            case IssueOutcome.WouldBlock:
                Park(request, batch, straightToWorker: false);
                break;
        }
    }

    /// <summary>The checks common to all operations, in the kernel's order, then the operation's own.</summary>
    private static int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((int)sqe.Opcode >= OpTable.Count)
        {
            sqe.Opcode = Opcode.Nop; // nothing behind may look up a row that does not exist
            return -Errno.EINVAL;
        }

        ref readonly OpRow row = ref OpTable.Of(sqe.Opcode);
        if ((sqe.Flags & ~HonouredFlags) != 0)
        {
            if ((sqe.Flags & ~KnownFlags) != 0)
                return -Errno.EINVAL;
            return (sqe.Flags & SqeFlags.BufferSelect) != 0 ? -Errno.EOPNOTSUPP : -Errno.EINVAL;
        }

        if (request.Ring.Restrictions is { } restrictions && !restrictions.Allows(sqe))
            return -Errno.EACCES;
        if (sqe.IoPrio != 0 && (row.Needs & Needs.IoPrio) == 0)
            return -Errno.EINVAL;
        if (sqe.Personality != 0)
            return -Errno.EINVAL; // none is registered
        return row.IsImplemented ? OpTable.Prepare(row, request) : -Errno.EOPNOTSUPP;
    }

    /// <summary>The descriptor is looked up once, here; a parked request then keeps that file, whatever becomes of the number.</summary>
    private int FindFile(Request request)
    {
        if ((request.Sqe.Flags & SqeFlags.FixedFile) != 0)
        {
            RegisteredFile? file = ring.Files.Find(request.Sqe.Fd);
            if (file is null)
                return -Errno.EBADF;
            request.FixedFile = file;
            request.File = file.Descriptor;
            return 0;
        }

        int local = _batch.Caller.LendsInPlace ? request.Sqe.Fd : _batch.Caller.Borrow(request.Sqe.Fd, _batch);
        if (local < 0)
            return -Errno.EBADF;
        request.File = local;
        return 0;
    }

    /// <summary>
    /// Hands a request that would block to where it can wait: readiness if its file has that, else a worker. From here on it holds
    /// the ring, its file and its buffer.
    /// </summary>
    internal static void Park(Request request, IssueBatch batch, bool straightToWorker)
    {
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        bool poll = row.ReadyOn != Ready.Never && !straightToWorker && !(request.CannotTry && request.WasReady);
        if (poll && request.CannotTry)
            poll = !batch.FactsOf(request.File).HasNoReadiness;
        int found = request.File; // facts belong to the program's number, not to the duplicate that may be about to be made
        int error = poll || !batch.OnSubmitter ? Hold(request, row) : HoldShared(request, row, batch);
        if (error == 0 && poll)
        {
            error = request.Ring.GetPollWait().Park(request, (uint)row.ReadyOn);
            if (error == 0)
                return;
            if (error == -Errno.EPERM) // no readiness on this file
            {
                request.CannotTry = true;
                error = 0;
            }
        }

        if (error < 0)
        {
            batch.Complete(request, error);
            return;
        }

        if ((row.Needs & Needs.File) != 0)
        {
            ref FileFacts.Entry facts = ref batch.FactsOf(found);
            request.MayWaitLong = !facts.HasNoReadiness;
            bool ordered = (row.Needs & Needs.FileOrder) != 0 && facts.IsRegular && !facts.IsDirect;
            // What can only be run after it was ready takes turns too, by direction: two that were woken for one line of a terminal would
            // otherwise both find it there, and one of them block.
            bool takesTurns = request.MayWaitLong && request.CannotTry && row.ReadyOn != Ready.Never;
            request.FileKey = ordered || takesTurns ? Math.Max(1, facts.FileKey + (takesTurns ? (ulong)row.ReadyOn : 0)) : 0;
        }
        else
        {
            (request.MayWaitLong, request.FileKey) = (false, 0); // what an earlier use of the request left would queue it behind a file
        }

        request.Ring.GetWorkers().Park(request);
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
    internal static int HoldForParking(Request request) => Hold(request, OpTable.Of(request.Sqe.Opcode));

    /// <summary>Takes what is not held yet; a second call changes nothing.</summary>
    private static int Hold(Request request, in OpRow row)
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

    /// <summary>As <see cref="Hold"/> for a worker: the duplicate is shared with the others of the batch.</summary>
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

        return Hold(request, row);
    }
}
