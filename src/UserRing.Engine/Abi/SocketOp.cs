namespace UserRing.Abi;

/// <summary>Commands that sockets take in <c>cmd_op</c> of URING_CMD.</summary>
public enum SocketOp : uint
{
    /// <summary><c>SOCKET_URING_OP_SIOCINQ</c> (6.6): bytes waiting to be read.</summary>
    SiocInq = 0,

    /// <summary><c>SOCKET_URING_OP_SIOCOUTQ</c> (6.6): bytes not yet sent.</summary>
    SiocOutq = 1,

    /// <summary><c>SOCKET_URING_OP_GETSOCKOPT</c> (6.7): getsockopt, level SOL_SOCKET only; result is the option length.</summary>
    GetSockOpt = 2,

    /// <summary><c>SOCKET_URING_OP_SETSOCKOPT</c> (6.7): setsockopt, any level.</summary>
    SetSockOpt = 3,

    /// <summary><c>SOCKET_URING_OP_TX_TIMESTAMP</c> (6.17): multishot read of transmit timestamps.</summary>
    TxTimestamp = 4,

    /// <summary><c>SOCKET_URING_OP_GETSOCKNAME</c> (6.19): getsockname or getpeername. EOPNOTSUPP on 6.18.</summary>
    GetSockName = 5,
}
