using UserRing.Abi;

namespace UserRing.Engine.Managed.Registered;

/// <summary>
/// The provided buffers that one request has taken. Part of the request: it lasts over a wait, unless the buffer was put back.
/// See <see cref="BufferGroups"/>.
/// </summary>
internal struct BufferSelection
{
    /// <summary>The buffer ring whose head is still to be moved past it; null once it was, and for a buffer of a list.</summary>
    internal BufferRing? Uncommitted;

    /// <summary>The buffer of a list, whole, so that it can be put back.</summary>
    internal nuint Address;
    internal uint Length;

    internal ushort Group, Id;

    /// <summary>A buffer (or several) is taken; the next attempt uses it.</summary>
    internal bool IsMade;

    /// <summary>It comes from a list, and is gone from there.</summary>
    internal bool IsFromList;

    /// <summary>The request has begun to fill it: it is not put back.</summary>
    internal bool IsKept;

    /// <summary>The (last) buffer of a ring that is not incremental was cut to what was asked for.</summary>
    internal bool IsCut;

    /// <summary>An incremental buffer that was paid for when it was taken, and is not used up.</summary>
    internal bool HasMore;

    /// <summary>The group had no buffer left behind it: a multishot receive ends (io_uring/net.c, REQ_F_BL_EMPTY).</summary>
    internal bool EmptiedGroup;

    /// <summary>What a CQE says of it.</summary>
    internal readonly CqeFlags Flags(bool more) =>
        CqeFlags.Buffer | (CqeFlags)((uint)Id << CqeBits.BufferShift) | (more ? CqeFlags.BufMore : CqeFlags.None);
}
