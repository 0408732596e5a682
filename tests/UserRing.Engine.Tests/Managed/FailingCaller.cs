using UserRing.Abi;
using UserRing.Engine.Linux;
using UserRing.Engine.Managed;

namespace UserRing.Engine.Tests;

/// <summary>This process as the engine's caller, with refusals at will and a RLIMIT_MEMLOCK and rights of its own.</summary>
internal sealed class FailingCaller : Caller
{
    private readonly SelfCaller _self = SelfCaller.Instance;

    public bool RefusesCopyIn { get; init; }

    public bool RefusesCopyOut { get; init; }

    public bool RefusesResidence { get; init; }

    /// <summary>Its limit of locked memory, which it is bound by: it has no CAP_IPC_LOCK.</summary>
    public long MemlockPages { get; set; } = long.MaxValue / 4 / Environment.SystemPageSize;

    /// <summary>Copies by a pipe that is not the process's own.</summary>
    public SafeCopy? Copies { get; init; }

    public bool MayLockAll { get; init; }

    internal override bool LendsInPlace => true;

    internal override int CurrentTask => _self.CurrentTask;

    internal override int CopyIn(nuint source, Span<byte> destination)
    {
        if (RefusesCopyIn)
            return -Errno.EFAULT;
        return Copies is { } own ? own.Read(source, destination) : _self.CopyIn(source, destination);
    }

    internal override int CopyOut(nuint destination, ReadOnlySpan<byte> source)
    {
        if (RefusesCopyOut)
            return -Errno.EFAULT;
        return Copies is { } own ? own.Write(destination, source) : _self.CopyOut(destination, source);
    }

    internal override int Lend(ReadOnlySpan<IoVec> vector, LoanDirection direction, out Loan? loan) =>
        _self.Lend(vector, direction, out loan);

    internal override int Borrow(int descriptor, IssueBatch batch) => _self.Borrow(descriptor, batch);

    internal override int Install(int localDescriptor, bool closeOnExec) => _self.Install(localDescriptor, closeOnExec);

    internal override int Close(int descriptor) => _self.Close(descriptor);

    internal override int Duplicate(int descriptor) => _self.Duplicate(descriptor);

    internal override int Advise(nuint address, nuint length, int advice) => _self.Advise(address, length, advice);

    internal override int MakeResident(nuint address, nuint length) =>
        RefusesResidence ? -Errno.EFAULT : _self.MakeResident(address, length);

    internal override ulong Limit(int resource) =>
        resource == Libc.RLIMIT_MEMLOCK ? (ulong)(MemlockPages * Environment.SystemPageSize) : _self.Limit(resource);

    internal override bool HasCapability(int capability) => capability == Libc.CAP_IPC_LOCK && MayLockAll;
}
