using UserRing.Abi;

namespace UserRing;

public static partial class SqePreparation
{
    /// <summary>MSG_RING that only wakes: a completion with the highest user_data and result 0 in the other ring.</summary>
    internal static ref Sqe PrepareMessage(this ref Sqe sqe, int ring) =>
        ref Prepare(ref sqe, Opcode.MsgRing, ring, address: 0, length: 0, offset: ulong.MaxValue);
}
