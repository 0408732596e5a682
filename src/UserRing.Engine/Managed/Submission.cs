using System.Runtime.CompilerServices;
using UserRing.Abi;
using UserRing.Engine.Managed.Registered;

namespace UserRing.Engine.Managed;

/// <summary>
/// From SQ to requests: each SQE is copied once, checked, prepared and issued; what would block is parked. Submitters take turns under
/// <see cref="Lock"/>, which also guards the file and buffer tables. The batch is consumed against a private head that is
/// published once, after the last SQE was read: the barrier and the shared cache line are paid per batch (review of the 2019 series).
/// </summary>
internal sealed partial class Submission(RingContext ring)
{
    internal const SqeFlags KnownFlags =
        SqeFlags.FixedFile | SqeFlags.IoDrain | SqeFlags.IoLink | SqeFlags.IoHardlink | SqeFlags.Async | SqeFlags.BufferSelect
        | SqeFlags.CqeSkipSuccess;

    private const Opcode Unknown = (Opcode)byte.MaxValue;

    private const SqeFlags Linking = SqeFlags.IoLink | SqeFlags.IoHardlink;

    /// <summary>Flags of the hot path; any other makes a request a marked one.</summary>
    private const SqeFlags PlainFlags = SqeFlags.FixedFile | SqeFlags.Async;

    private readonly IssueBatch _batch = new();
    private readonly RingMemory _memory = ring.Memory;
    private readonly Lock _lock = new();
    private uint _entries = ring.Layout.SqEntries;
    /// <summary>SQ_REWIND: every call begins at the first SQE, and head and tail mean nothing.</summary>
    private readonly bool _rewinds = (ring.Flags & SetupFlags.SqRewind) != 0;
    private readonly bool _submitAll = (ring.Flags & SetupFlags.SubmitAll) != 0;

    /// <summary>The SQ head is the engine's own; its shared copy is output only.</summary>
    private uint _head;

    /// <summary>The chain that is being taken: not started before its last member is there.</summary>
    private Request? _chainHead;

    /// <summary>Whether the SQE in hand, and the one with which its chain began, is the first of its batch.</summary>
    private bool _isFirst, _isChainFirst;

    private uint _tickets;
    private bool _hasSkipped;

    /// <summary>Last member so far of the chain that is being taken, for the LINK_TIMEOUT that may follow; null outside one.</summary>
    internal Request? ChainLast { get; private set; }

    internal DrainQueue Drain { get; } = new(ring);

    /// <summary>Whether SQEs are queued, for the polling thread; needs no lock to be asked.</summary>
    internal bool HasWork => _memory.ReadSqTail() != Volatile.Read(ref _head);

    internal bool IsFull => _memory.ReadSqTail() - Volatile.Read(ref _head) >= _entries;

    /// <summary>Takes up to <paramref name="most"/> SQEs: how many were used up with a completion due.</summary>
    internal uint Submit(Caller caller, uint most)
    {
        using (Hold())
            return Take(caller, most);
    }

    /// <summary>Takes everything that is queued, unless somebody is at it. True if there was something.</summary>
    internal bool TrySubmit(Caller caller)
    {
        if (!HasWork || !_lock.TryEnter())
            return false;
        using (new Held(this))
            return Take(caller, uint.MaxValue) > 0;
    }

    /// <summary>Lock held, and the head as it was taken so far: the memory holds another number of SQEs from now on.</summary>
    internal void Resize(uint entries) => _entries = entries;

    internal uint Head => _head;

    /// <summary>Runs a register command under the lock, with a batch for the tags it may post.</summary>
    internal int Register(Caller caller, RegisterOp operation, nuint argument, uint count)
    {
        using (Hold())
        {
            _batch.Begin(ring, caller, onSubmitter: true);
            int result = Registration.RunLocked(ring, caller, operation, argument, count, _batch);
            _batch.End();
            return result;
        }
    }

    private uint Take(Caller caller, uint most)
    {
        if (ring.IsClosed)
            return 0;
        uint head = _rewinds ? 0 : _head;
        // The tail is the program's: whatever it says, no more than the ring holds is taken.
        uint queued = _rewinds ? _entries : Math.Min(_memory.ReadSqTail() - head, _entries);
        uint count = Math.Min(queued, most);
        if (count == 0)
            return 0;
        _batch.Begin(ring, caller, onSubmitter: true);
        uint taken = Consume(ref head, count);
        if (!_rewinds)
        {
            _memory.PublishSqHead(head);
            Volatile.Write(ref _head, head); // after it: who waits for room looks here, and must find it in shared memory too
        }

        _batch.End();
        return taken;
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

            _isFirst = taken++ == 0;
            request ??= Rent();
            _memory.CopySqe(index, out request.Sqe);
            if (request.Sqe.Opcode is Opcode.Nop128 or Opcode.UringCmd128 && ring.IsNewest)
                TakeSecondHalf(request, index, count, ref head, ref taken);
            bool goOn = Start(ref request) || _submitAll;
            if (!goOn)
                break;
        }

        if (request is not null)
            ring.Pool.Return(request);
        if (_chainHead is { } cut)
        {
            // One that was not ended is ended by the end of the call, and goes to a worker (io_uring/io_uring.c, io_submit_state_end).
            cut.MayBlock = true;
            QueueChain();
        }

        return taken;
    }

    /// <summary>
    /// The operations of 128 bytes: on a ring of small SQEs the next one is their second half (SQE_MIXED). One that has none is refused.
    /// </summary>
    private void TakeSecondHalf(Request request, uint index, uint count, ref uint head, ref uint taken)
    {
        if (ring.Layout.SqeShift == RingLayout.BigSqeShift)
            return;
        if ((ring.Flags & SetupFlags.SqeMixed) != 0 && taken < count && index + 1 < _entries)
            (head, taken) = (head + 1, taken + 1);
        else
            request.Sqe.Opcode = Unknown;
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
        if ((request.Sqe.Flags & ~PlainFlags) != 0 | _chainHead is not null | Drain.IsActive)
        {
            current = null;
            return StartMarked(request);
        }

        int error = Prepare(request);
        ref readonly OpRow row = ref OpTable.Of(request.Sqe.Opcode);
        if ((row.Needs & Needs.Gathers) == 0 || error < 0)
            _batch.RunGathered(); // what came before it is issued before it
        if (request.Marks != Marks.None && error == 0)
        {
            current = null; // what it asks of the operation makes it one of those
            Launch(request);
            return true;
        }

        int found = error == 0 && (row.Needs & Needs.File) != 0 ? FindFile(request) : 0;
        if (error < 0 || found < 0)
        {
            CompleteInline(request, error < 0 ? error : found, ref current);
            return error == 0;
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
            CompleteInline(request, request.Result, ref current);
            return outcome == IssueOutcome.Done;
        }

        current = null; // somebody else's now
        if (outcome is IssueOutcome.WouldBlock or IssueOutcome.Again)
            Park(request, _batch, straightToWorker: false);
        return true;
    }

    /// <summary>The object stays at hand for the next SQE, unless marks ask for more than one completion.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CompleteInline(Request request, int result, ref Request? current)
    {
        if (request.Marks == Marks.None)
        {
            _batch.CompleteAndKeep(request, result);
            return;
        }

        current = null;
        _batch.Complete(request, result);
    }

    /// <summary>The checks common to all operations, in the kernel's order, then the operation's own.</summary>
    private int Prepare(Request request)
    {
        ref Sqe sqe = ref request.Sqe;
        if ((int)sqe.Opcode >= ring.Opcodes)
        {
            sqe.Opcode = Opcode.Nop; // nothing behind may look up a row that does not exist
            return -Errno.EINVAL;
        }

        ref readonly OpRow row = ref OpTable.Of(sqe.Opcode);
        if ((sqe.Flags & ~PlainFlags) != 0 && CheckFlags(request, row) is < 0 and var refusal)
            return refusal;

        if (request.Ring.Restrictions is { } restrictions && !restrictions.Allows(sqe))
            return -Errno.EACCES;
        if (Drain.IsNextDrained && _chainHead is null)
            DrainNext(request);
        if (sqe.IoPrio != 0 && (row.Needs & Needs.IoPrio) == 0)
            return -Errno.EINVAL;
        if (ring.PollsDevices && (row.Needs & Needs.Polled) == 0)
            return -Errno.EINVAL;
        if (sqe.Personality != 0 && FindPersonality(request) is < 0 and var unknown)
            return unknown;
        return row.IsImplemented ? OpTable.Prepare(row, request) : -Errno.EOPNOTSUPP;
    }

    private int CheckFlags(Request request, in OpRow row)
    {
        SqeFlags flags = request.Sqe.Flags;
        if ((flags & ~KnownFlags) != 0)
            return -Errno.EINVAL;
        if ((flags & SqeFlags.BufferSelect) != 0 && (row.Needs & Needs.Buffers) == 0)
            return -Errno.EOPNOTSUPP;
        // Where a success may leave no CQE, nobody can count what is still to come.
        _hasSkipped |= (flags & SqeFlags.CqeSkipSuccess) != 0;
        if ((flags & SqeFlags.IoDrain) == 0)
            return 0;
        if (_hasSkipped)
            return -Errno.EOPNOTSUPP;
        Drain.IsActive = true;
        (_chainHead ?? request).Marks |= Marks.Drain;
        SendToWorker(_chainHead ?? request);
        Drain.IsNextDrained |= _chainHead is not null;
        return 0;
    }

    /// <summary>
    /// Credentials that are not this thread's are taken on by a worker; readiness, if it is waited for, leads back to one.
    /// </summary>
    private int FindPersonality(Request request)
    {
        if (ring.Personalities.Find(request.Sqe.Personality) is not { } personality)
            return -Errno.EINVAL;
        request.Marks |= Marks.ActsAsOther;
        request.Personality = personality;
        if (!personality.IsCurrent)
        {
            request.Sqe.Flags |= SqeFlags.Async;
            request.CannotTry = true;
        }

        return 0;
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
}
