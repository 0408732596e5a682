using System.Runtime.InteropServices;
using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// What a restricted ring accepts: a list given once while the ring is disabled, in force from enabling on. Does not change.
/// </summary>
internal sealed class Restrictions
{
    private ulong _registers, _opcodes;
    private SqeFlags _allowed, _required;

    private Restrictions()
    {
    }

    /// <summary>REGISTER_RESTRICTIONS: the list, or -errno. An empty one allows nothing.</summary>
    internal static int TryRead(Caller caller, nuint argument, uint count, out Restrictions? made)
    {
        made = null;
        if (argument == 0 || count > RingLimits.MaxRestrictions)
            return -Errno.EINVAL;
        Span<Restriction> entries = stackalloc Restriction[(int)count];
        int error = caller.CopyIn(argument, MemoryMarshal.AsBytes(entries));
        if (error < 0)
            return error;
        var restrictions = new Restrictions();
        foreach (ref readonly Restriction entry in entries)
        {
            if (!restrictions.TryAdd(entry))
                return -Errno.EINVAL;
        }

        made = restrictions;
        return 0;
    }

    internal bool AllowsRegister(RegisterOp operation) => (_registers >> (int)operation & 1) != 0;

    /// <summary>For an SQE whose opcode is known: whether opcode and flags are on the list (io_uring.c, io_check_restriction).</summary>
    internal bool Allows(in Sqe sqe) =>
        (_opcodes >> (int)sqe.Opcode & 1) != 0
        && (sqe.Flags & _required) == _required
        && (sqe.Flags & ~(_allowed | _required)) == 0;

    private bool TryAdd(in Restriction entry)
    {
        switch (entry.Opcode)
        {
            case RestrictionOp.RegisterOp when entry.RegisterOp < AbiCounts.RegisterOpsIn618:
                _registers |= 1ul << entry.RegisterOp;
                return true;
            case RestrictionOp.SqeOp when (int)entry.SqeOp < OpTable.Count:
                _opcodes |= 1ul << (int)entry.SqeOp;
                return true;
            case RestrictionOp.SqeFlagsAllowed:
                _allowed = entry.SqeFlags;
                return true;
            case RestrictionOp.SqeFlagsRequired:
                _required = entry.SqeFlags;
                return true;
            default:
                return false;
        }
    }
}
