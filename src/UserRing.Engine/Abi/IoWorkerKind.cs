namespace UserRing.Abi;

/// <summary>The two worker counts of REGISTER_IOWQ_MAX_WORKERS, by their place in its array.</summary>
public enum IoWorkerKind
{
    /// <summary><c>IO_WQ_BOUND</c> (5.15): work that ends in bounded time: regular files and block devices.</summary>
    Bound = 0,

    /// <summary><c>IO_WQ_UNBOUND</c> (5.15): work that may wait for ever: sockets, pipes, terminals.</summary>
    Unbound = 1,
}
