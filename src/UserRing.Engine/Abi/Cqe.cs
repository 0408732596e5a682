using System.Runtime.InteropServices;

namespace UserRing.Abi;

/// <summary><c>io_uring_cqe</c> (5.1): one completion, what came of a submission.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Cqe
{
    /// <summary><c>user_data</c>: that of the SQE.</summary>
    public ulong UserData;

    /// <summary><c>res</c>: the result: a count, or a negative errno.</summary>
    public int Res;

    /// <summary><c>flags</c>: more about the result.</summary>
    public CqeFlags Flags;

    /// <summary>Where <c>big_cqe</c> begins: 16 more bytes of a 32-byte CQE.</summary>
    public const int BigCqeOffset = 16;
}
