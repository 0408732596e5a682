using UserRing.Abi;

namespace UserRing;

/// <summary>An SQE in ring memory, if there was room for one; see <see cref="Ring.TryGetSqe"/>.</summary>
public readonly ref struct SqeReference
{
    private readonly ref Sqe _sqe;

    internal SqeReference(ref Sqe sqe) => _sqe = ref sqe;

    /// <summary>The entry. It holds what its last user left there: prepare it with a method of <see cref="SqePreparation"/>.</summary>
    public ref Sqe Value => ref _sqe;
}
