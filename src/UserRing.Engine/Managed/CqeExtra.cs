namespace UserRing.Engine.Managed;

/// <summary><c>big_cqe</c>: the second half of a 32-byte CQE. Zero but for the few operations that have something to say in it.</summary>
internal struct CqeExtra
{
    internal ulong First, Second;
}
