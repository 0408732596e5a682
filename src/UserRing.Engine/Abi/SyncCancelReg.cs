using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_sync_cancel_reg</c> (6.0): argument of REGISTER_SYNC_CANCEL.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SyncCancelReg
{
    /// <summary><c>addr</c>: user_data key.</summary>
    public ulong Addr;

    /// <summary><c>fd</c>: file key.</summary>
    public int Fd;

    /// <summary><c>flags</c>: which keys count.</summary>
    public CancelFlags Flags;

    /// <summary><c>timeout</c>: how long to wait for the end of a running request; both fields -1 for ever.</summary>
    public KernelTimespec Timeout;

    /// <summary><c>opcode</c>: opcode key.</summary>
    public Opcode Opcode;

    /// <summary><c>pad</c>: reserved, zero.</summary>
    public Bytes7 Pad;

    /// <summary><c>pad2[0]</c>: reserved, zero.</summary>
    public ulong Pad2_0;

    /// <summary><c>pad2[1]</c>: reserved, zero.</summary>
    public ulong Pad2_1;

    /// <summary><c>pad2[2]</c>: reserved, zero.</summary>
    public ulong Pad2_2;
}
