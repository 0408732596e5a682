using UserRing.Abi;

namespace UserRing;

/// <summary>
/// One method per operation. Each clears the SQE, fills it in and returns it, so that the rest can be set on the result:
/// <c>ring.GetSqe().PrepareRead(file, address, 4096, 0).UserData = 7;</c>. They check nothing: the engine does.
/// </summary>
/// <remarks>
/// An address must stay valid until the completion was reaped, unless the method says otherwise. With
/// <see cref="SqeFlags.FixedFile"/> a descriptor is an index of the registered files.
/// </remarks>
public static partial class SqePreparation
{
    /// <summary>NOP: completes with 0. Linux 5.1.</summary>
    /// <param name="sqe">The entry to fill in.</param>
    public static ref Sqe PrepareNop(this ref Sqe sqe) => ref Prepare(ref sqe, Opcode.Nop, -1);

    private static ref Sqe Prepare(ref Sqe sqe, Opcode opcode, int descriptor)
    {
        sqe = default;
        sqe.Opcode = opcode;
        sqe.Fd = descriptor;
        return ref sqe;
    }

    private static ref Sqe Prepare(ref Sqe sqe, Opcode opcode, int descriptor, nuint address, uint length, ulong offset)
    {
        Prepare(ref sqe, opcode, descriptor);
        sqe.Addr = address;
        sqe.Len = length;
        sqe.Off = offset;
        return ref sqe;
    }
}
