using System.Runtime.InteropServices;
using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Testing;

/// <summary>
/// This process, treated as if it were another one: memory is reached by process_vm_readv and process_vm_writev only, transfers go
/// through buffers of our own, descriptors are duplicated for each batch. What the engine does not give back shows in
/// <see cref="LiveLoans"/> and <see cref="LiveDescriptors"/>; what it uses too late meets memory that was overwritten.
/// </summary>
internal sealed unsafe class CopyingCaller : Caller
{
    public static readonly CopyingCaller Instance = new();

    private static int _liveLoans, _liveDescriptors;

    private CopyingCaller()
    {
    }

    public static int LiveLoans => Volatile.Read(ref _liveLoans);

    public static int LiveDescriptors => Volatile.Read(ref _liveDescriptors);

    internal override bool LendsInPlace => false;

    internal override bool IsThisProcess => true;

    internal override int CurrentTask => SelfCaller.Instance.CurrentTask;

    internal override int CopyIn(nuint source, Span<byte> destination)
    {
        fixed (byte* local = destination)
            return Read(source, (nuint)local, (nuint)destination.Length);
    }

    internal override int CopyOut(nuint destination, ReadOnlySpan<byte> source)
    {
        fixed (byte* local = source)
            return Write(destination, (nuint)local, (nuint)source.Length);
    }

    internal override int Lend(ReadOnlySpan<IoVec> vector, LoanDirection direction, out Loan? loan)
    {
        loan = null;
        var made = new CopyLoan(vector, direction);
        int error = made.Fill();
        if (error < 0)
        {
            made.End(0);
            return error;
        }

        loan = made;
        return 0;
    }

    internal override int Borrow(int descriptor, IssueBatch batch)
    {
        Dictionary<int, int> borrowed = batch.Borrowed ??= [];
        if (borrowed.TryGetValue(descriptor, out int known))
            return known;
        int duplicate = SelfCaller.Instance.Duplicate(descriptor);
        if (duplicate < 0)
            return duplicate;
        Interlocked.Increment(ref _liveDescriptors);
        borrowed.Add(descriptor, duplicate);
        return duplicate;
    }

    internal override void GiveBack(int descriptor, IssueBatch batch)
    {
        if (batch.Borrowed is not { } borrowed || !borrowed.Remove(descriptor, out int duplicate))
            return;
        batch.ForgetLocal(duplicate);
        Libc.Close(duplicate);
        Interlocked.Decrement(ref _liveDescriptors);
    }

    internal override int Install(int localDescriptor, bool closeOnExec)
    {
        int installed = Libc.Fcntl(localDescriptor, closeOnExec ? Libc.F_DUPFD_CLOEXEC : Libc.F_DUPFD, 0);
        Libc.Close(localDescriptor);
        return installed;
    }

    internal override int Close(int descriptor) => Libc.Close(descriptor);

    internal override int Duplicate(int descriptor) => SelfCaller.Instance.Duplicate(descriptor);

    internal override int Advise(nuint address, nuint length, int advice) => SelfCaller.Instance.Advise(address, length, advice);

    internal override int MakeResident(nuint address, nuint length) => SelfCaller.Instance.MakeResident(address, length);

    internal override int PlaceShared(nuint address, nuint length, int descriptor, long offset) =>
        SelfCaller.Instance.PlaceShared(address, length, descriptor, offset);

    internal override ulong Limit(int resource) => SelfCaller.Instance.Limit(resource);

    internal override bool HasCapability(int capability) => SelfCaller.Instance.HasCapability(capability);

    internal override void EndBatch(IssueBatch batch, Span<Cqe> completions)
    {
        base.EndBatch(batch, completions);
        if (!completions.IsEmpty || batch.Borrowed is not { Count: > 0 } borrowed)
            return;
        foreach (int duplicate in borrowed.Values)
        {
            Libc.Close(duplicate);
            Interlocked.Decrement(ref _liveDescriptors);
        }

        borrowed.Clear();
    }

    private static int Read(nuint remote, nuint local, nuint length)
    {
        var here = new IoVec { Base = local, Len = length };
        var there = new IoVec { Base = remote, Len = length };
        return length == 0 || Libc.ProcessVmReadv(Environment.ProcessId, &here, 1, &there, 1) == (nint)length ? 0 : -Errno.EFAULT;
    }

    private static int Write(nuint remote, nuint local, nuint length)
    {
        var here = new IoVec { Base = local, Len = length };
        var there = new IoVec { Base = remote, Len = length };
        return length == 0 || Libc.ProcessVmWritev(Environment.ProcessId, &here, 1, &there, 1) == (nint)length ? 0 : -Errno.EFAULT;
    }

    /// <summary>Page-aligned copies, one for each part.</summary>
    private sealed class CopyLoan : Loan
    {
        private const byte Fresh = 0xA5, Ended = 0xDB;

        // More than this of a huge buffer would only cost time and memory.
        private const nuint MostPoison = 1 << 16;

        private readonly IoVec[] _theirs, _ours;
        private readonly LoanDirection _direction;
        private bool _ended;

        internal CopyLoan(ReadOnlySpan<IoVec> theirs, LoanDirection direction)
        {
            (_theirs, _direction) = (theirs.ToArray(), direction);
            _ours = new IoVec[theirs.Length];
            for (int i = 0; i < theirs.Length; i++)
            {
                nuint length = theirs[i].Len;
                nuint memory = (nuint)NativeMemory.AlignedAlloc(Math.Max(length, 1), (nuint)Environment.SystemPageSize);
                _ours[i] = new IoVec { Base = memory, Len = length };
                Poison(_ours[i], Fresh);
            }

            Interlocked.Increment(ref _liveLoans);
        }

        internal override Span<IoVec> Vector => _ours;

        internal int Fill()
        {
            for (int i = 0; i < _ours.Length && _direction == LoanDirection.FromCaller; i++)
            {
                if (Read(_theirs[i].Base, _ours[i].Base, _ours[i].Len) < 0)
                    return -Errno.EFAULT;
            }

            return 0;
        }

        internal override int End(int bytes)
        {
            if (_ended)
                throw new InvalidOperationException("A loan was ended twice.");
            _ended = true;
            int error = 0;
            nuint left = _direction == LoanDirection.ToCaller && bytes > 0 ? (nuint)bytes : 0;
            for (int i = 0; i < _ours.Length; i++)
            {
                nuint part = Math.Min(left, _ours[i].Len);
                if (error == 0)
                    error = Write(_theirs[i].Base, _ours[i].Base, part);
                left -= part;
                Poison(_ours[i], Ended);
                NativeMemory.AlignedFree((void*)_ours[i].Base);
            }

            Interlocked.Decrement(ref _liveLoans);
            return error;
        }

        private static void Poison(IoVec memory, byte value) =>
            new Span<byte>((void*)memory.Base, (int)Math.Min(memory.Len, MostPoison)).Fill(value);
    }
}
